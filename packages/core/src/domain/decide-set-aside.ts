import { ok, type Result } from "../base/result.ts";
import type { Submission } from "./command.ts";
import { decided, type CommandOf, type Decision } from "./decision.ts";
import type { Fact } from "./fact.ts";
import { isPlainText } from "./names.ts";
import { parseFacts } from "./parse-entry.ts";
import { refuse, type Refusal } from "./refusal.ts";
import { setAsideId } from "./set-aside.ts";
import { changeAgain } from "./set-aside-again.ts";
import type { DirectoryState } from "./state.ts";
import type { Judgement, SetAsideRow } from "./types.ts";

const reasonLengthMax = 256;

/**
 * By the server that holds it in its file. What its maker has sent again since, under the same
 * request id, is in the system already and needs nobody's judgement.
 */
export function recordSetAside(
  state: DirectoryState,
  { row }: CommandOf<"record-set-aside">,
  { actor, at }: Submission,
): Decision {
  if (state.tables.setAside.has(row.id)) return refuse("tail.already-recorded", row.id);
  const isSound = row.judged === null && row.id === setAsideId(row) && factsOf(row).ok;
  if (!isSound) return refuse("tail.malformed", row.id.slice(0, 256));
  const before: Judgement | null = state.requestsById.has(row.requestId)
    ? { verdict: "already so", by: actor.name, at, reason: "the same request was done since" }
    : null;
  return decided([{ kind: "set-aside-recorded", row: { ...row, judged: before } }], { id: row.id });
}

/** HS9: one lost change, made again as a new one under the present rules, or not at all. */
export function reapplySetAside(
  state: DirectoryState,
  { id, reason }: CommandOf<"reapply-set-aside">,
  submission: Submission,
): Decision {
  const row = findOpen(state, id, reason);
  if (!row.ok) return row;
  const lost = factsOf(row.value);
  if (!lost.ok) return lost;
  const again = changeAgain(state, lost.value, { row: row.value, submission });
  if (!again.ok) return again;
  const verdict = again.value.length > 0 ? "re-applied" : "already so";
  return decided([...again.value, judged(row.value, { verdict, reason }, submission)], { id });
}

export function rejectSetAside(
  state: DirectoryState,
  { id, reason }: CommandOf<"reject-set-aside">,
  submission: Submission,
): Decision {
  const row = findOpen(state, id, reason);
  if (!row.ok) return row;
  if (reason.trim() === "") return refuse("tail.no-reason", id);
  return decided([judged(row.value, { verdict: "rejected", reason }, submission)], { id });
}

/** The facts of a row as they were journalled. */
export function factsOf(row: SetAsideRow): Result<readonly Fact[], Refusal> {
  try {
    const json: unknown = JSON.parse(row.facts);
    const facts = parseFacts(json);
    return facts.ok ? facts : refuse("tail.malformed", `${row.id}: ${facts.error}`);
  } catch {
    return refuse("tail.malformed", row.id);
  }
}

function findOpen(state: DirectoryState, id: string, reason: string): Result<SetAsideRow, Refusal> {
  const row = state.tables.setAside.get(id);
  if (row === undefined) return refuse("tail.not-found", id.slice(0, 256));
  if (!isPlainText(reason, reasonLengthMax)) return refuse("tail.no-reason", id);
  if (row.judged !== null) return refuse("tail.judged", `${id}: ${row.judged.verdict}`);
  return ok(row);
}

function judged(
  { id }: SetAsideRow,
  { verdict, reason }: Pick<Judgement, "verdict" | "reason">,
  { actor }: Submission,
): Fact {
  return { kind: "set-aside-judged", id, verdict, by: actor.name, reason };
}
