import { canonical } from "../base/canonical.ts";
import type { NodeId } from "../base/identity.ts";
import type { Instant } from "../base/time.ts";
import type { Entry } from "./entry.ts";
import type { Fact } from "./fact.ts";
import type { SetAsideMark, SetAsideRow } from "./types.ts";

/** Facts of one part, as text: far below a frame, whatever else an entry carries. */
const partLengthMost = 512 * 1_024;

/** What people name a lost change by: its place in the history that was left. */
export function setAsideId(place: Pick<SetAsideRow, "term" | "seq" | "node" | "part">): string {
  const { term, seq, node, part } = place;
  return `${term}-${seq}-${node}${part === 0 ? "" : `-${part}`}`;
}

/** Of what the pair records of itself nobody decides anything afterwards: it stays in the file. */
export function isForPeople({ facts }: Pick<Entry, "facts">): boolean {
  return facts.some(({ kind }) => !ownKinds.has(kind));
}

const ownKinds: ReadonlySet<Fact["kind"]> = new Set([
  "term-started",
  "ack-set-changed",
  "state-digested",
  "crl-published",
] as const);

/** The rows of one lost change: one, or as many as it has parts. */
export function setAsideRows(
  entry: Entry,
  about: {
    readonly mark: SetAsideMark;
    readonly forkedAt: Instant;
    readonly by: NodeId;
    readonly setAsideAt: Instant;
  },
): readonly SetAsideRow[] {
  const { node, term, seq, at, actor, kind, requestId } = entry;
  return partsOf(entry.facts).map((facts, part) => ({
    ...about,
    id: setAsideId({ node, term, seq, part }),
    node,
    term,
    seq,
    part,
    at,
    actor,
    kind,
    requestId,
    facts,
    judged: null,
  }));
}

function partsOf(facts: readonly Fact[]): readonly string[] {
  const parts: string[] = [];
  let texts: string[] = [];
  let length = 0;
  for (const fact of facts) {
    const text = canonical(fact);
    if (texts.length > 0 && length + text.length > partLengthMost) {
      parts.push(`[${texts.join(",")}]`);
      texts = [];
      length = 0;
    }
    texts.push(text);
    length += text.length;
  }
  return [...parts, `[${texts.join(",")}]`];
}

/** Rows by what people type: the whole id, or its beginning where that names one change only. */
export function findSetAside(
  rows: Iterable<SetAsideRow>,
  text: string,
): SetAsideRow | "several" | undefined {
  const found: SetAsideRow[] = [];
  for (const row of rows) {
    if (row.id === text) return row;
    if (row.id.startsWith(`${text}-`)) found.push(row);
  }
  return found.length > 1 ? "several" : found[0];
}
