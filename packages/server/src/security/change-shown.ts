import { ok, type Result } from "@gridward/core/base/result";
import type { Refusal } from "@gridward/core/domain/refusal";
import { refuse } from "@gridward/core/domain/refusal";
import { otherCertificate } from "@gridward/core/domain/shut-outs";
import type { Actor } from "@gridward/core/domain/types";
import type { OwnIdentity } from "../own-identity.ts";
import type { SecurityUse } from "./security-use.ts";
import type { SignInTrial } from "./sign-in-trial.ts";

/** Who orders a change of the certificates of this server, and how. */
export interface ShownOrder {
  readonly isTry: boolean;
  readonly actor: Actor;
  /** CS17: it came over a port that it may shut; see `SecurityOrder`. */
  readonly mustProve: boolean;
}

/** A change of what there is to be shown: in memory, on disk, and the way back. */
export interface ShownChange {
  /** In words. */
  readonly change: string;
  readonly apply: () => void;
  readonly undo: () => void;
  readonly save: () => Result<null, Refusal>;
}

export interface ChangeShownParts {
  readonly identity: Pick<OwnIdentity, "certificates">;
  readonly refresh: () => void;
  readonly onChange: (use: SecurityUse) => void;
  readonly trial: SignInTrial;
}

/**
 * CS17: where clients are shown another certificate by order over a port of theirs, it is only held
 * in memory until an administrator signed in under it: taken back, and after a restart, all is as
 * before. Answers why somebody must sign in; empty: nobody need.
 */
export function changeShown(
  parts: ChangeShownParts,
  { isTry, actor, mustProve }: ShownOrder,
  shown: ShownChange,
): Result<readonly string[], Refusal> {
  const { standing } = parts.trial;
  const busy =
    mustProve && standing !== null ? refuse("security.trial-under-way", standing.change) : null;
  const why = mustProve && showsAnother(parts, shown) ? [otherCertificate] : [];
  if (isTry) return busy ?? ok(why);
  const { change } = shown;
  if (busy === null && why.length > 0) {
    const words = `${change}, on trial until an administrator signs in under it`;
    parts.onChange({ actor, change: words, refusal: null });
    tryOut(parts, shown, why);
    return ok(why);
  }
  const saved = busy ?? shown.save();
  parts.onChange({ actor, change, refusal: saved.ok ? null : saved.error });
  if (!saved.ok) return saved;
  shown.apply();
  parts.refresh();
  return ok([]);
}

function tryOut(
  { trial, refresh, onChange }: ChangeShownParts,
  { change, apply, undo, save }: ShownChange,
  why: readonly string[],
): void {
  apply();
  refresh();
  const takeBack = (cause: string): void => {
    undo();
    onChange({ actor: null, change: `taken back: ${change}, ${cause}`, refusal: null });
    refresh();
  };
  trial.begin({ change, why, keep: save, takeBack });
}

/** Whether clients see another certificate after it. */
function showsAnother(
  { identity: { certificates } }: ChangeShownParts,
  shown: ShownChange,
): boolean {
  const before = certificates.shown("clients").certificate;
  shown.apply();
  const after = certificates.shown("clients").certificate;
  shown.undo();
  return before !== after;
}
