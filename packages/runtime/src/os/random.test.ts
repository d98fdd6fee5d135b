import assert from "node:assert/strict";
import { test } from "node:test";
import { freshId, freshRequestId, randomBytes } from "./random.ts";

test("[OS3] ids have 26 characters of Crockford's alphabet and differ", () => {
  const ids = new Set(Array.from({ length: 1000 }, freshId));
  assert.equal(ids.size, 1000);
  for (const id of ids) assert.match(id, /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
  assert.match(freshRequestId(), /^[0-9A-Z]{26}$/);
  assert.equal(randomBytes(7).length, 7);
});
