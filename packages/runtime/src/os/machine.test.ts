import assert from "node:assert/strict";
import { test } from "node:test";
import { isThisMachine, markMachine } from "./machine.ts";

test("[OS13][HS7] a mark is known again on its machine, and two marks of it have nothing in common", () => {
  const [one, two] = [markMachine(), markMachine()];
  assert.ok(one && two);
  assert.notEqual(one.hash, two.hash);
  assert.ok(isThisMachine(one) && isThisMachine(two));
  assert.equal(isThisMachine({ ...one, hash: two.hash }), false);
});
