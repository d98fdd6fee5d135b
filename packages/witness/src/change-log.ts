import { rfc3339, type Instant } from "@gridward/core/base/time";
import { appendLine } from "@gridward/runtime/os/line-file";
import type { RegisterChange } from "./register.ts";
import type { Roster } from "./roster.ts";

/** Some thousand changes, and as many before them. */
const fileBytesMost = 1024 * 1024;

export interface ChangeLogParts {
  readonly path: string;
  readonly roster: Pick<Roster, "nameOf">;
  readonly now: () => Instant;
  readonly note: (text: string) => void;
}

/**
 * Who moved the duty of Main, and when: one line for every change of term, owner or ack set, in the
 * log and in a file. A floor that only moved up is no news. A full disk costs the line, not the
 * register.
 */
export function openChangeLog(parts: ChangeLogParts): (change: RegisterChange) => void {
  const { path, roster, now, note } = parts;
  const name = (id: Parameters<typeof roster.nameOf>[0]): string => roster.nameOf(id);
  return ({ before, after, by }) => {
    const isNews =
      before === null ||
      before.term !== after.term ||
      before.owner !== after.owner ||
      before.ackSet.join() !== after.ackSet.join();
    if (!isNews) return;
    const { version, term } = after;
    const [owner, ackSet] = [name(after.owner), after.ackSet.map(name)];
    note(`term ${term}, owner ${owner}, ack set ${ackSet.join(" ")}, asked for by ${name(by)}`);
    const at = rfc3339(now());
    const line = {
      at,
      version,
      term,
      owner,
      ack_set: ackSet,
      by: name(by),
      floor: after.floor.seq,
    };
    try {
      appendLine(path, JSON.stringify(line), fileBytesMost);
    } catch (error) {
      note(`${path} was not written: ${String(error)}`);
    }
  };
}
