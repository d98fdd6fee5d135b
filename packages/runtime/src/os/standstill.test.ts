import assert from "node:assert/strict";
import { test } from "node:test";
import { watchStandstill } from "./standstill.ts";

function compute(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end); // Ends: the clock goes on.
}

test("[OS15] a long computation is a standstill, told once; time as expected is none", () => {
  const standstill = watchStandstill(20);
  compute(70);
  const late = standstill();
  assert.ok(late >= 50, String(late));
  compute(1);
  assert.equal(standstill(), 0);
});
