import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@gridward/core/base/result";
import { nodeId } from "@gridward/core/base/identity";
import type { Entry } from "@gridward/core/domain/entry";
import { anEntry, someEntries } from "./fixtures.ts";
import { findBrokenRule, journalRules } from "./journal-rules.ts";
import { firstVersion, replay } from "./replay.ts";

const [first, second] = someEntries(2);
assert.ok(first && second);

/** The ids of the rules that `later` breaks after `earlier`, its own hash made right or not. */
function broken(earlier: Entry, later: Entry): readonly string[] {
  return journalRules.filter((rule) => !rule.holds({ earlier, later })).map(({ id }) => id);
}

test("[J1] a gap and a repetition are found", () => {
  const gap = anEntry({ ...first, seq: 2 });
  assert.deepEqual(broken(first, gap), ["J1"]);
  assert.deepEqual(broken(second, second), ["J1", "J2"]);
});

test("[J2] another entry before is found", () => {
  const other = anEntry({ ...first, hash: "0".repeat(64) });
  assert.deepEqual(broken(first, other), ["J2"]);
});

test("[J3] a change of any member is found", () => {
  const changes: readonly Partial<Entry>[] = [
    { at: 1 },
    { actor: { ...second.actor, name: "mallory" } },
    { kind: "other" },
    { facts: [] },
    { answer: { count: 1 } },
    { start: 2 },
    { hash: first.hash },
  ];
  for (const change of changes) assert.deepEqual(broken(first, { ...second, ...change }), ["J3"]);
});

test("[J4] a term or start that goes back, and a second owner of a term, are found", () => {
  const late = anEntry(first, { term: 3 });
  assert.deepEqual(broken(late, anEntry(late, { term: 2 })), ["J4"]);
  assert.deepEqual(broken(first, anEntry(first, { node: "B" })), ["J4"]);
  assert.deepEqual(broken(first, anEntry(first, { node: "B", term: 2 })), []);
  assert.deepEqual(broken({ ...first, start: 2 }, second), ["J4"]);
  const fault = findBrokenRule({ earlier: first, later: { ...second, node: nodeId("B") } });
  assert.match(fault?.detail ?? "", /^at 2, rule J3: The hash of an entry/);
});

test("[J5] a journalled digest that the replayed state does not have is found", () => {
  const entries = someEntries(7);
  const fact = { kind: "state-digested", seq: 7, digest: "1".repeat(64) } as const;
  const wrong = anEntry(entries.at(-1), { facts: [fact] });
  const replayed = replay(firstVersion, [...entries, wrong].map(ok), 0);
  assert.equal(replayed.ok ? "" : replayed.error.code, "journal.digest-mismatch");
  assert.ok(replay(firstVersion, someEntries(8).map(ok), 0).ok);
});

test("[J21] an entry with a good hash that cannot be applied is a fault and no crash", () => {
  const fact = { kind: "account-deleted", id: "nobody" } as const;
  const facts: unknown[] = [fact];
  const entry = anEntry(first, { facts: facts.filter(isFact) });
  const replayed = replay(firstVersion, [first, entry].map(ok), 0);
  assert.match(replayed.ok ? "" : replayed.error.detail, /entry 2 cannot be applied/);
});

function isFact(value: unknown): value is Entry["facts"][number] {
  return typeof value === "object";
}
