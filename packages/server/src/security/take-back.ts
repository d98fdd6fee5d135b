import { ok } from "@gridward/core/base/result";
import {
  compareSecurity,
  differenceText,
  type SecuritySettings,
} from "@gridward/core/base/security-settings";
import type { Refusal } from "@gridward/core/domain/refusal";
import { dropHeld, readHeld } from "./held-file.ts";
import type { SecurityUse } from "./security-use.ts";
import { writeSecurity } from "../own-settings.ts";
import { dropPending, readPending } from "./pending-file.ts";

/** The words of both: the end of a server is told at its next start. */
function takenBack(waited: string, change: string, refusal: Refusal | null): SecurityUse {
  const words = `taken back, this server ended before ${waited}: ${change}`;
  return { actor: null, change: words, refusal };
}

const signedIn = "an administrator signed in under it";

/** CS17, at a start: what was held in memory alone ended with this server, and is told once. */
export function tellUndone(directory: string, tell: (use: SecurityUse) => void): void {
  const change = readHeld(directory);
  if (change === null) return;
  tell(takenBack(signedIn, change, null));
  dropHeld(directory);
}

/**
 * CS11, at a start: a change that nobody confirmed before this server ended is taken back. Where the
 * disk does not take it, it holds for this run, and the next start finds it again.
 */
export function takeBackUnconfirmed(
  directory: string,
  found: SecuritySettings,
): { readonly settings: SecuritySettings; readonly use: SecurityUse | null } {
  const pending = readPending(directory);
  if (pending === null) return { settings: found, use: null };
  const { before, isOnTrial } = pending;
  const settings = { ...found, ...before };
  const differences = compareSecurity(found, settings);
  // A crash came before the change was written.
  const written = differences.length === 0 ? ok(null) : writeSecurity(directory, before);
  if (written.ok) dropPending(directory);
  if (differences.length === 0) return { settings, use: null };
  const waited = isOnTrial ? signedIn : "it was confirmed";
  const refusal = written.ok ? null : written.error;
  return { settings, use: takenBack(waited, differenceText(differences), refusal) };
}
