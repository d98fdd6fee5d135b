import type { ControlRecord } from "@gridward/core/domain/control-record";
import { comparePositions, type Position } from "@gridward/core/domain/entry";
import { singleKey } from "@gridward/core/domain/state";
import type { JournalFault, OpenedJournal } from "./journal.ts";

/**
 * Whether a verified journal is the one that the control record speaks of: of this system, at least
 * as far as it was ever durable here, and in the same history. A doubtful record may be one write
 * old: what it names as written last, a Standby may have cut since, and followed on (R17).
 */
export function findControlFault(
  control: ControlRecord,
  { journal, state }: OpenedJournal,
  isDoubtful: boolean,
): JournalFault | undefined {
  const { systemId, highest } = control;
  const found = state.tables.system.get(singleKey)?.id;
  if (found !== undefined && systemId !== null && found !== systemId) {
    const detail = `the database is of system ${found}, this server is of ${systemId}`;
    return { code: "journal.wrong-incarnation", detail, seq: null };
  }
  const head = journal.head();
  if (head.seq < highest.seq || comparePositions(head, highest) < 0) {
    const detail = `it ends at ${shown(head)}; this server had written up to ${shown(highest)}`;
    return { code: "journal.older-than-control", detail, seq: head.seq };
  }
  const hash = journal.hashAt(highest.seq);
  if (highest.seq === 0 || hash === undefined || hash === highest.hash) return undefined;
  if (isDoubtful && control.owner !== control.nodeId) return undefined;
  const detail = `change ${highest.seq} is not the one this server had written`;
  return { code: "journal.older-than-control", detail, seq: highest.seq };
}

function shown({ term, start, seq }: Position): string {
  return `change ${seq} (term ${term}, start ${start})`;
}
