import type { DiskEntry, Operation, Outcome, Read, Write } from "./history.ts";
import { findContradiction, type RegisterOperation } from "./linearizable.ts";

/**
 * Judges what clients heard against what servers have on their disks in the end. It knows nothing
 * of the pair's rules and reads no code of theirs.
 */
export interface Case {
  readonly operations: readonly Operation[];
  /** Name for display of each account before the first operation. */
  readonly before: ReadonlyMap<string, string>;
  readonly outcomes: readonly Outcome[];
  /** Request ids in files of set-aside changes: only a forced act may put an acknowledged one there. */
  readonly setAside?: ReadonlySet<string>;
  /** Reads that a rule of the pair allows to be old: of a server that was replaced unheard. */
  readonly mayBeOld?: (read: Read) => boolean;
}

/** Everything that must not be so, one sentence each; empty when all is well. */
export function judge(found: Case): readonly string[] {
  const writes = found.operations.filter((each) => each.kind === "write");
  const kept = writes.filter(({ requestId }) => found.setAside?.has(requestId) !== true);
  return [
    ...found.outcomes.flatMap(brokenChain),
    ...disagreements(found.outcomes),
    ...outlivedTerms(found.outcomes),
    ...wrongEffects(found, writes),
    ...wrongOrder(kept),
    ...wrongReads(found),
    ...unlikelyRegisters(
      found,
      new Set(writes.filter((each) => !kept.includes(each)).map(({ value }) => value)),
    ),
  ];
}

/** The longest journal: the others are ends of it, or `disagreements` says so. */
function journalOf({ outcomes }: Pick<Case, "outcomes">): readonly DiskEntry[] {
  const [longest] = outcomes.toSorted((left, right) => right.entries.length - left.entries.length);
  return longest?.entries ?? [];
}

function brokenChain({ server, entries, position }: Outcome): readonly string[] {
  const broken = entries.flatMap((entry, index) => {
    const before = entries[index - 1];
    return before === undefined ? [] : brokenLink(before, entry);
  });
  const last = entries.at(-1);
  if (last?.sequence !== position.sequence || last.hash !== position.hash) {
    broken.push(`it says it ends at ${position.sequence}, its disk at ${String(last?.sequence)}`);
  }
  return broken.map((fault) => `${server}: ${fault}`);
}

function brokenLink(before: DiskEntry, { sequence, prev, term, start }: DiskEntry): string[] {
  const follows = sequence === before.sequence + 1 && prev === before.hash;
  const isLater = term > before.term || (term === before.term && start >= before.start);
  return [
    ...(follows ? [] : [`entry ${sequence} does not follow its predecessor`]),
    ...(isLater ? [] : [`entry ${sequence} is of an older term or start`]),
  ];
}

/** I9: the same place in both journals is the same entry, and both ended in the same state. */
function disagreements(outcomes: readonly Outcome[]): readonly string[] {
  const [first, ...others] = outcomes;
  if (first === undefined) return ["there is no journal to judge"];
  const hashes = new Map(first.entries.map(({ sequence, hash }) => [sequence, hash]));
  const found: string[] = [];
  for (const { server, entries, position } of others) {
    const pair = `${first.server} and ${server}`;
    const fork = entries.find(({ sequence, hash }) => (hashes.get(sequence) ?? hash) !== hash);
    if (fork) found.push(`${pair} differ from entry ${fork.sequence} on`);
    if (position.hash !== first.position.hash) found.push(`${pair} ended at other entries`);
    if (position.digest !== first.position.digest) found.push(`${pair} ended in other states`);
  }
  return found;
}

/** I2: in one term one server writes. */
function outlivedTerms(outcomes: readonly Outcome[]): readonly string[] {
  const terms = Map.groupBy(
    outcomes.flatMap(({ entries }) => entries),
    ({ term }) => term,
  );
  return [...terms]
    .map(([term, entries]) => ({ term, nodes: new Set(entries.map(({ node }) => node)) }))
    .filter(({ nodes }) => nodes.size > 1)
    .map(({ term }) => `two servers wrote entries of term ${term}`);
}

/** I1, I11, I12: done is there once, failed is not, unknown once at most, and nothing else. */
function wrongEffects(found: Case, writes: readonly Write[]): readonly string[] {
  const journal = journalOf(found);
  const byRequest = Map.groupBy(journal, ({ requestId }) => requestId);
  const byValue = Map.groupBy(
    journal.flatMap((entry) => entry.values.map((value) => ({ value, entry }))),
    ({ value }) => value,
  );
  const wrong = writes.flatMap((write) => {
    const entries = byRequest.get(write.requestId) ?? [];
    const fault = wrongEffect(write, entries, found.setAside?.has(write.requestId) === true);
    const times = byValue.get(write.value)?.length ?? 0;
    const twice = times > entries.length ? [`${write.value} is there ${times} times`] : [];
    return fault === undefined ? twice : [`${write.value} (${write.requestId}) ${fault}`, ...twice];
  });
  const asked = new Set(writes.map(({ value }) => value));
  const known = new Set(found.before.values());
  const strange = [...byValue.keys()].filter((value) => !asked.has(value) && !known.has(value));
  return [...wrong, ...strange.map((value) => `${value} is there, and nobody asked for it`)];
}

function wrongEffect(
  write: Write,
  entries: readonly DiskEntry[],
  isSetAside: boolean,
): string | undefined {
  const [entry] = entries;
  const { outcome, sequence } = write;
  if (!entry) {
    const isLost = outcome === "done" && !isSetAside;
    return isLost ? `was acknowledged as ${String(sequence)} and is lost` : undefined;
  }
  if (entries.length > 1) return `is in the journal ${entries.length} times`;
  if (!entry.values.includes(write.value)) return "has another effect than asked";
  const isThere = `and is entry ${entry.sequence}`;
  if (outcome === "failed") return `was answered ${String(write.refusal)} ${isThere}`;
  if (outcome === "unknown" || entry.sequence === sequence) return undefined;
  return `was acknowledged as ${String(sequence)} ${isThere}`;
}

/** Of two changes, the one that was answered before the other was asked for comes first. */
function wrongOrder(writes: readonly Write[]): readonly string[] {
  const done = writes.flatMap(({ value, sequence, invokedAt, endedAt }) =>
    sequence === null || endedAt === null ? [] : [{ value, sequence, invokedAt, endedAt }],
  );
  const byNumber = done.toSorted((left, right) => left.sequence - right.sequence);
  const wrong: string[] = [];
  let latestAsked = { value: "", invokedAt: -Infinity };
  for (const write of byNumber) {
    if (write.endedAt < latestAsked.invokedAt) {
      wrong.push(
        `${write.value} was answered before ${latestAsked.value} was asked for, and is after it`,
      );
    }
    if (write.invokedAt > latestAsked.invokedAt) latestAsked = write;
  }
  return wrong;
}

/** I10: what anybody saw, at whichever server, is a change that is there in the end. */
function wrongReads(found: Case): readonly string[] {
  const journal = journalOf(found);
  const kept = new Set([...found.before.values(), ...journal.flatMap(({ values }) => values)]);
  const requests = new Map(
    found.operations.flatMap((each) =>
      each.kind === "write" ? [[each.value, each.requestId] as const] : [],
    ),
  );
  return found.operations.flatMap((each) => {
    if (each.kind === "write" || kept.has(each.value)) return [];
    const isSetAside = found.setAside?.has(requests.get(each.value) ?? "") === true;
    return isSetAside ? [] : [`${each.server} showed ${each.value}, which never was`];
  });
}

/** Each account is a register: changes and looks at it happened in some order of instants. */
function unlikelyRegisters(found: Case, setAside: ReadonlySet<string>): readonly string[] {
  return [...found.before].flatMap(([account, value]) => {
    const first: RegisterOperation = { kind: "write", value, from: -Infinity, to: -Infinity };
    const history = found.operations
      .filter((each) => each.account === account && !setAside.has(each.value))
      .filter((each) => isOfRegister(each, found.mayBeOld))
      .map(({ kind, value: name, invokedAt, endedAt }) => {
        return { kind, value: name, from: invokedAt, to: endedAt ?? Infinity };
      });
    const contradiction = findContradiction([first, ...history]);
    return contradiction === undefined ? [] : [`${account}: ${contradiction}`];
  });
}

function isOfRegister(each: Operation, mayBeOld: Case["mayBeOld"]): boolean {
  if (each.kind === "write") return each.outcome !== "failed";
  return each.isMain && mayBeOld?.(each) !== true;
}
