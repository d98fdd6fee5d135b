import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type Case, judge } from "./checker.ts";
import type { DiskEntry, Outcome, Read, Write } from "./history.ts";
import { findContradiction, type RegisterOperation } from "./linearizable.ts";

/** The judge is judged: a sound history passes, and each way to break it is named. */

function write(value: string, at: readonly [number, number | null], patch: Partial<Write>): Write {
  const [invokedAt, endedAt] = at;
  return {
    kind: "write",
    client: 1,
    account: "anna",
    value,
    requestId: `request ${value}`,
    outcome: "done",
    sequence: null,
    refusal: null,
    invokedAt,
    endedAt,
    ...patch,
  };
}

function read(value: string, at: readonly [number, number], patch: Partial<Read> = {}): Read {
  const [invokedAt, endedAt] = at;
  const whole = { kind: "read", client: 2, account: "anna", server: "A", isMain: true } as const;
  return { ...whole, value, invokedAt, endedAt, ...patch };
}

function entry(sequence: number, value: string, patch: Partial<DiskEntry> = {}): DiskEntry {
  return {
    sequence,
    term: 1,
    start: 1,
    node: "node-a",
    hash: `hash ${sequence}`,
    prev: `hash ${sequence - 1}`,
    at: 0,
    kind: "update-account",
    requestId: `request ${value}`,
    values: [value],
    ...patch,
  };
}

function outcome(server: string, entries: readonly DiskEntry[], digest = "same"): Outcome {
  const last = entries.at(-1);
  const position = { sequence: last?.sequence ?? 0, hash: last?.hash ?? "", digest };
  return { server, entries, position };
}

const operations = [
  write("one", [0, 10], { sequence: 1 }),
  read("one", [11, 12]),
  write("two", [13, 30], { sequence: 2 }),
  write("never", [14, 20], { outcome: "failed", refusal: "pair.waiting" }),
  read("two", [25, 40], { server: "B", isMain: false }),
  write("open", [31, null], { outcome: "unknown" }),
  read("open", [50, 51]),
];
const journal = [entry(1, "one"), entry(2, "two"), entry(3, "open", { term: 2, node: "node-b" })];
const sound: Case = {
  operations,
  before: new Map([["anna", "Anna"]]),
  outcomes: [outcome("A", journal), outcome("B", journal.slice(1))],
};

function withJournal(entries: readonly DiskEntry[]): Case {
  return { ...sound, outcomes: [outcome("A", entries), outcome("B", entries)] };
}

function replaced(index: number, patch: Partial<DiskEntry>): Case {
  return withJournal(journal.map((each, at) => (at === index ? { ...each, ...patch } : each)));
}

test("[HS8] a sound history is found sound, with what is unknown done or not done", () => {
  assert.deepEqual(judge(sound), []);
  const notDone = operations.filter((each) => each.value !== "open");
  const open = operations.filter(({ kind, value }) => kind === "write" && value === "open");
  const without = withJournal(journal.slice(0, 2));
  assert.deepEqual(judge({ ...without, operations: [...notDone, ...open] }), []);
});

const broken: readonly (readonly [string, Case, RegExp])[] = [
  [
    "lost",
    withJournal([entry(1, "one"), entry(2, "open")]),
    /two .* acknowledged as 2 and is lost/,
  ],
  [
    "done twice",
    withJournal([...journal, entry(4, "one", { term: 2, node: "node-b" })]),
    /one .* in the journal 2 times/,
  ],
  [
    "done twice under two ids",
    withJournal([...journal, entry(4, "one", { term: 2, node: "node-b", requestId: "other" })]),
    /one is there 2 times/,
  ],
  [
    "failed and there",
    withJournal([...journal, entry(4, "never", { term: 2, node: "node-b" })]),
    /never .* answered pair\.waiting and is entry 4/,
  ],
  ["another effect", replaced(1, { values: ["three"] }), /two .* another effect/],
  [
    "asked by nobody",
    withJournal([...journal, entry(4, "strange", { term: 2, node: "node-b" })]),
    /strange is there, and nobody asked/,
  ],
  ["another number", replaced(1, { requestId: "x", values: [] }), /acknowledged as 2 and is lost/],
  ["a gap", withJournal(journal.filter(({ sequence }) => sequence !== 2)), /does not follow/],
  ["a term that goes back", replaced(1, { term: 7 }), /entry 3 is of an older term/],
  ["two writers of a term", replaced(1, { term: 2 }), /two servers wrote entries of term 2/],
  [
    "a fork",
    { ...sound, outcomes: [outcome("A", journal), outcome("B", [entry(2, "two", { hash: "x" })])] },
    /A and B differ from entry 2 on/,
  ],
  [
    "a shorter end",
    { ...sound, outcomes: [outcome("A", journal), outcome("B", journal.slice(0, 2))] },
    /ended at other entries/,
  ],
  [
    "another state",
    { ...sound, outcomes: [outcome("A", journal), outcome("B", journal, "other")] },
    /ended in other states/,
  ],
  [
    "a disk that lags what was said",
    {
      ...sound,
      outcomes: [{ ...outcome("A", journal), entries: journal.slice(0, 2) }, outcome("B", journal)],
    },
    /A: it says it ends at 3, its disk at 2/,
  ],
  [
    "a look at what never was",
    { ...sound, operations: [...operations, read("never", [60, 61], { isMain: false })] },
    /A showed never, which never was/,
  ],
  [
    "an old look",
    { ...sound, operations: [...operations, read("one", [60, 61])] },
    /anna: .*one.*/,
  ],
  [
    "an order against time",
    {
      ...withJournal([entry(1, "two"), entry(2, "one")]),
      operations: [write("one", [0, 10], { sequence: 2 }), write("two", [11, 20], { sequence: 1 })],
    },
    /one was answered before two was asked for, and is after it/,
  ],
];

for (const [what, found, says] of broken) {
  test(`[HS8] the judge sees: ${what}`, () => {
    const said = judge(found);
    assert.ok(
      said.some((line) => says.test(line)),
      said.join("\n") || "nothing was said",
    );
  });
}

test("[HS9] what was acknowledged may be in a file of set-aside changes, said to be so", () => {
  const lost = withJournal([entry(1, "one"), entry(2, "open")]);
  const kept = operations.filter((each) => each.value !== "never");
  const setAside = new Set(["request two"]);
  assert.deepEqual(judge({ ...lost, operations: kept, setAside }), []);
});

/** Tries every order: slow, and plainly right. */
function canHaveHappened(left: readonly RegisterOperation[], value: string): boolean {
  const isOver = left.every(({ kind, to }) => kind === "write" && to === Infinity);
  if (isOver) return true;
  const firstEnd = Math.min(...left.map(({ to }) => to));
  return left.some((each) => {
    if (each.from > firstEnd || (each.kind === "read" && each.value !== value)) return false;
    const others = left.filter((other) => other !== each);
    return canHaveHappened(others, each.kind === "write" ? each.value : value);
  });
}

const values = ["a", "b", "c"] as const;
const span = fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 8 }));
const someHistory = fc
  .tuple(
    fc.array(fc.tuple(span, fc.boolean()), { minLength: 3, maxLength: 3 }),
    fc.array(fc.tuple(span, fc.constantFrom("start", ...values)), { maxLength: 5 }),
  )
  .map(([writes, reads]): readonly RegisterOperation[] => [
    ...writes.map(([[from, length], isOpen], index) => ({
      kind: "write" as const,
      value: values[index] ?? "a",
      from,
      to: isOpen ? Infinity : from + length + 0.5,
    })),
    ...reads.map(([[from, length], value]) => ({
      kind: "read" as const,
      value,
      from,
      to: from + length + 0.5,
    })),
  ]);

test("[HS8] a register is judged as trying every order judges it", () => {
  const verdicts = { sound: 0, unsound: 0 };
  fc.assert(
    fc.property(someHistory, (history) => {
      const first = { kind: "write", value: "start", from: -Infinity, to: -Infinity } as const;
      const expected = canHaveHappened(history, "start");
      verdicts[expected ? "sound" : "unsound"]++;
      assert.equal(findContradiction([first, ...history]) === undefined, expected);
    }),
    { numRuns: 3_000 },
  );
  assert.ok(verdicts.sound > 100 && verdicts.unsound > 100, JSON.stringify(verdicts));
});
