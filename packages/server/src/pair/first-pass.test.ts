import assert from "node:assert/strict";
import { test } from "node:test";
import {
  array,
  assert as holds,
  boolean,
  constantFrom,
  dictionary,
  oneof,
  property,
  record,
  string,
} from "fast-check";
import * as z from "zod";
import { tableNames } from "@gridward/core/domain/tables";
import { parseFirstPass } from "./first-pass.ts";

/** What a piece with rows must be, said as a schema. */
const rowsPiece = z.strictObject({
  kind: z.literal("first-pass-rows"),
  rows: z
    .array(
      z.strictObject({
        table: z.enum(tableNames),
        key: z.string().min(1).max(256),
        row: z.record(z.string(), z.unknown()),
      }),
    )
    .max(500),
});

const member = oneof(string(), boolean(), constantFrom(null, 7, [], {}, "x".repeat(256)));
const table = constantFrom(...tableNames, "tables", "", "__proto__");
const key = oneof(string(), constantFrom("x".repeat(256), "x".repeat(257), "ü".repeat(256)));
const fullRow = record({ table, key, row: dictionary(string(), member) });
const almostRow = record(
  { table: oneof(table, member), key: oneof(key, member), row: member, more: member },
  { requiredKeys: ["table", "key"] },
);
const piece = record(
  {
    kind: constantFrom("first-pass-rows", "first-pass-end", "first-pass-begin", "rows"),
    rows: oneof(array(fullRow), array(oneof(fullRow, almostRow, member)), member),
    more: member,
  },
  { requiredKeys: ["kind", "rows"] },
);

test("[FPR2] rows are judged by hand exactly as a schema judges them", () => {
  holds(
    property(piece, (made) => {
      const json: unknown = JSON.parse(JSON.stringify(made));
      assert.equal(parseFirstPass(json).ok, rowsPiece.safeParse(json).success);
    }),
    { numRuns: 2_000 },
  );
  const row = { table: "accounts", key: "a", row: { id: "a" } };
  for (const [count, isTaken] of [
    [0, true],
    [500, true],
    [501, false],
  ] as const) {
    const rows = Array.from({ length: count }, () => row);
    assert.equal(parseFirstPass({ kind: "first-pass-rows", rows }).ok, isTaken);
  }
});
