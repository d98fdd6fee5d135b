import assert from "node:assert/strict";
import { test } from "node:test";
import { nextTry } from "./next-try.ts";

test("[LK12] the next dial comes after 1 s, doubling to 60 s, less up to a quarter", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 7, 8, 1000].map((failures) => nextTry(failures, 0)),
    [1000, 1000, 2000, 4000, 60_000, 60_000, 60_000],
  );
  assert.equal(nextTry(1, 1), 750);
  assert.equal(nextTry(99, 1), 45_000);
});
