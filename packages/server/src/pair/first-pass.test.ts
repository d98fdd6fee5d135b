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
  tuple,
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
const table = constantFrom(...tableNames);
const key = oneof(string({ minLength: 1 }), constantFrom("x".repeat(256), "ü".repeat(256)));
const row = dictionary(string(), member);
const good = record({ table, key, row });
/** With one thing that a row must not be. */
const bad = oneof(
  record({ table: oneof(constantFrom("tables", "", "__proto__"), member), key, row }),
  record({ table, key: oneof(constantFrom("x".repeat(257), ""), member), row }),
  record({ table, key, row: member }),
  record({ table, key, row, more: member }),
  record({ table, key }),
  member,
);
const rows = oneof(array(good), tuple(good, bad), tuple(bad), member);
const rightKind = constantFrom("first-pass-rows");
const piece = oneof(
  record({ kind: rightKind, rows }),
  record({ kind: rightKind, rows: array(good), more: member }),
  record({ kind: constantFrom("first-pass-end", "first-pass-begin", "rows"), rows: array(good) }),
);

test("[FPR2] rows are judged by hand exactly as a schema judges them", () => {
  holds(
    property(piece, (made) => {
      const json: unknown = JSON.parse(JSON.stringify(made));
      assert.equal(parseFirstPass(json).ok, rowsPiece.safeParse(json).success);
    }),
    { numRuns: 2_000 },
  );
  const one = { table: "accounts", key: "a", row: { id: "a" } };
  for (const [count, isTaken] of [
    [0, true],
    [500, true],
    [501, false],
  ] as const) {
    const many = Array.from({ length: count }, () => one);
    assert.equal(parseFirstPass({ kind: "first-pass-rows", rows: many }).ok, isTaken);
  }
});
