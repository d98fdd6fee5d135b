import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Arbitrary,
  array,
  assert as holds,
  boolean,
  constantFrom,
  dictionary,
  oneof,
  property,
  string,
  tuple,
} from "fast-check";
import * as z from "zod";
import { canonical } from "@gridward/core/base/canonical";
import { tableNames } from "@gridward/core/domain/tables";
import { someEntries } from "@gridward/runtime/journal/fixtures";
import { rowsOf, versionAfter } from "@gridward/runtime/journal/journal.contract";
import { memoryJournalStore } from "@gridward/runtime/journal/memory-journal";
import { encodeFirstPass, FirstPassReceiver, parseFirstPass } from "./first-pass.ts";

/** What a line with a row must be, said as a schema. */
const rowLine = z.tuple([
  z.enum(tableNames),
  z.string().min(1).max(256),
  z.record(z.string(), z.unknown()),
]);

const member = oneof(string(), boolean(), constantFrom(null, 7, [], {}, "x".repeat(256)));
const table = constantFrom(...tableNames);
const key = oneof(string({ minLength: 1 }), constantFrom("x".repeat(256), "ü".repeat(256)));
const row = dictionary(string(), member);
const good = tuple(table, key, row);
/** With one thing that a row must not be. */
const bad = oneof(
  tuple(oneof(constantFrom("tables", "", "__proto__"), member), key, row),
  tuple(table, oneof(constantFrom("x".repeat(257), ""), member), row),
  tuple(table, key, member),
  tuple(table, key, row, member),
  tuple(table, key),
  member,
);
const rows: Arbitrary<readonly unknown[]> = oneof(array(good), tuple(good, bad), tuple(bad));

test("[FPR2] rows are judged by hand exactly as a schema judges them", () => {
  holds(
    property(rows, (made) => {
      const isGood = made.every((each) => rowLine.safeParse(each).success);
      assert.equal(parseFirstPass(piece(made.map((each) => JSON.stringify(each)))).ok, isGood);
    }),
    { numRuns: 2_000 },
  );
  for (const [count, isTaken] of [
    [0, true],
    [500, true],
    [501, false],
    [50_000, false],
  ] as const) {
    const many = Array.from({ length: count }, () => '["accounts","a",{"id":"a"}]');
    assert.equal(parseFirstPass(piece(many)).ok, isTaken);
  }
});

test("[FPR2] a line that is no JSON, or not written as we write it, is not a row", () => {
  for (const line of ["", "[", '[ "accounts","a",{}]', '["accounts","\\u0061",{}]', "[]\r"]) {
    assert.equal(parseFirstPass(piece([line])).ok, false, line);
  }
});

test("[FPR6] a row is kept in the very form in which the Main wrote it", () => {
  const members = { b: 1, a: { "9": 1, "10": 2 } };
  const text = '{"b":1,"a":{"9":1,"10":2}}';
  const parsed = parseFirstPass(piece([`["accounts","line\\nbreak",${text}]`]));
  assert.deepEqual(parsed.ok && parsed.value, {
    kind: "first-pass-rows",
    rows: [{ table: "accounts", key: "line\nbreak", row: members, text }],
  });
});

test("[FPR6] what is written out is read back, whatever a row contains", () => {
  holds(
    property(array(good), (made) => {
      const sent = made.map(([name, place, members]) => ({
        table: name,
        key: place,
        row: members,
      }));
      const parsed = parseFirstPass(encodeFirstPass({ kind: "first-pass-rows", rows: sent }));
      assert.ok(parsed.ok && parsed.value.kind === "first-pass-rows");
      const read = parsed.value.rows.map((each) => [each.table, each.key, each.text]);
      assert.deepEqual(
        read,
        sent.map((each) => [each.table, each.key, canonical(each.row)]),
      );
    }),
  );
});

test("[FPR7][HS5] the total is reckoned from what came, and is exact with the last row", () => {
  const { state, position, digest } = versionAfter(someEntries(30));
  const all = rowsOf(state).map(({ table: name, key: place, row: members }) => ({
    table: name,
    key: place,
    row: { ...members },
  }));
  const receiver = new FirstPassReceiver(() => memoryJournalStore().build("built"));
  const place = { position, digest, earlier: [] };
  const begin = { kind: "first-pass-begin", ...place, rows: all.length } as const;
  assert.deepEqual(receiver.take(begin, 200), { kind: "begun" });
  const [half, rest] = [all.slice(0, 10), all.slice(10)];
  const first = receiver.take({ kind: "first-pass-rows", rows: half }, 1_000);
  const bytesTotal = 100 * all.length;
  assert.deepEqual(first, { kind: "progress", bytesDone: 1_000, bytesTotal });
  const last = receiver.take({ kind: "first-pass-rows", rows: rest }, 500);
  assert.deepEqual(last, { kind: "progress", bytesDone: 1_500, bytesTotal: 1_500 });
  assert.equal(receiver.take({ kind: "first-pass-end" }, 20).kind, "ready");
});

function piece(lines: readonly string[]): string {
  return ['{"kind":"first-pass-rows"}', ...lines].join("\n");
}
