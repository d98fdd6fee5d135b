import { ok, type Result } from "@gridward/core/base/result";
import type { Refusal } from "@gridward/core/domain/refusal";
import { refuse } from "@gridward/core/domain/refusal";
import { otherCertificate } from "@gridward/core/domain/shut-outs";
import type { Actor } from "@gridward/core/domain/types";
import type { OwnIdentity } from "../own-identity.ts";
import { dropHeld, tryNoteHeld } from "./held-file.ts";
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
  readonly directory: string;
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
  const busy = mustProve ? underWay(parts) : null;
  const why = mustProve && showsAnother(parts, shown) ? [otherCertificate] : [];
  if (isTry) return busy ?? ok(why);
  const { change } = shown;
  const isTried = why.length > 0;
  const words = isTried ? `${change}, on trial until an administrator signs in under it` : change;
  const keep = isTried ? () => tryNoteHeld(parts.directory, change) : shown.save;
  const done = busy ?? keep();
  const use = done.ok ? { change: words, refusal: null } : { change, refusal: done.error };
  parts.onChange({ actor, ...use });
  if (!done.ok) return done;
  if (isTried) tryOut(parts, shown, why);
  else applyNow(parts, shown);
  return ok(why);
}

/** One trial at a time. */
function underWay({ trial: { standing } }: ChangeShownParts): Result<never, Refusal> | null {
  return standing === null ? null : refuse("security.trial-under-way", standing.change);
}

function applyNow({ refresh }: ChangeShownParts, { apply }: ShownChange): void {
  apply();
  refresh();
}

function tryOut(
  { directory, trial, refresh, onChange }: ChangeShownParts,
  { change, apply, undo, save }: ShownChange,
  why: readonly string[],
): void {
  apply();
  refresh();
  const takeBack = (cause: string): void => {
    undo();
    dropHeld(directory);
    onChange({ actor: null, change: `taken back, ${cause}: ${change}`, refusal: null });
    refresh();
  };
  const keep = (): Result<null, Refusal> => {
    // Before it is kept: a start must not say of what was kept that it is undone.
    dropHeld(directory);
    const saved = save();
    if (!saved.ok) tryNoteHeld(directory, change);
    return saved;
  };
  trial.begin({ change, why, keep, takeBack });
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
