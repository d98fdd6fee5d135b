import assert from "node:assert/strict";
import { test } from "node:test";
import { mutants } from "./mutants.ts";

test("[SM4] every rule of the pair in this release is broken by a mutant", () => {
  const broken = new Set(mutants.map(({ rule }) => rule));
  for (const rule of ["R1", "R2", "R3", "R5", "R7", "R8", "R10"]) assert.ok(broken.has(rule), rule);
  assert.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length);
});
