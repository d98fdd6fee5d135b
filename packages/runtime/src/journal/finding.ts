import { refusals } from "@gridward/core/domain/refusal";
import type { JournalFault } from "./journal.ts";

/** One check of the doctor: what was found, and what to do where it is not well. */
export interface Finding {
  readonly id: string;
  readonly ok: boolean;
  readonly says: string;
  readonly remedy: string | null;
}

export function sound(id: string, says: string): Finding {
  return { id, ok: true, says, remedy: null };
}

export function unsound(id: string, says: string, remedy: string): Finding {
  return { id, ok: false, says, remedy };
}

/** A fault of a journal in the words of the refusal table. */
export function unsoundFor(id: string, fault: JournalFault): Finding {
  const { says, remedy } = refusals[fault.code];
  return unsound(id, `${says} (${fault.detail})`, remedy);
}
