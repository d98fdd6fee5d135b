import { ok } from "@gridward/core/base/result";
import {
  compareSecurity,
  differenceText,
  type SecuritySettings,
} from "@gridward/core/base/security-settings";
import type { SecurityUse } from "./security-use.ts";
import { writeSecurity } from "../own-settings.ts";
import { dropPending, readPending } from "./pending-file.ts";

/**
 * CS11, at a start: a change that nobody confirmed before this server ended is taken back. Where the
 * disk does not take it, it holds for this run, and the next start finds it again.
 */
export function takeBackUnconfirmed(
  directory: string,
  found: SecuritySettings,
): { readonly settings: SecuritySettings; readonly use: SecurityUse | null } {
  const before = readPending(directory);
  if (before === null) return { settings: found, use: null };
  const settings = { ...found, ...before };
  const differences = compareSecurity(found, settings);
  // A crash came before the change was written.
  const written = differences.length === 0 ? ok(null) : writeSecurity(directory, before);
  if (written.ok) dropPending(directory);
  if (differences.length === 0) return { settings, use: null };
  const change = `taken back: ${differenceText(differences)}, this server ended before it was confirmed`;
  return { settings, use: { actor: null, change, refusal: written.ok ? null : written.error } };
}
