import { day, hour, type Instant, type Millis, rfc3339 } from "@gridward/core/base/time";
import type { BackupHeader } from "@gridward/core/codec/backup/header";
import { type Finding, sound, unsound } from "@gridward/runtime/journal/finding";

/** A backup as far as it can be read without the recovery key. */
export interface SeenBackup {
  readonly path: string;
  readonly header: Pick<BackupHeader, "at" | "position">;
}

/** The doctor's look at the backups: which is the newest, how old, and whether it is too old. */
export function examineBackups(
  files: readonly SeenBackup[],
  order: { readonly place: string; readonly every: Millis | null; readonly now: Instant },
): Finding {
  const { place, every, now } = order;
  const remedy = "Run `gridward backup create` and read what it says.";
  const newest = files.toSorted((left, right) => right.header.at - left.header.at)[0];
  if (newest === undefined) {
    const none = `There is no backup in ${place}.`;
    return every === null
      ? sound("backup", `${none} None is scheduled.`)
      : unsound("backup", `${none} One is due every ${spanText(every)}.`, remedy);
  }
  const { at, position } = newest.header;
  const says =
    `The newest backup, up to change ${position.seq}, is ${spanText(Math.max(0, now - at))} old ` +
    `(${rfc3339(at)}): ${newest.path}. \`gridward backup verify\` proves that it opens.`;
  const isOld = every !== null && now - at > 2 * every;
  return isOld
    ? unsound("backup", `${says} It is more than twice as old as due.`, remedy)
    : sound("backup", says);
}

function spanText(span: Millis): string {
  return span >= 2 * day ? `${Math.floor(span / day)} days` : `${Math.floor(span / hour)} h`;
}
