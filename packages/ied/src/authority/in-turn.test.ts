import assert from "node:assert/strict";
import { test } from "node:test";
import { inTurn, type Turns } from "./in-turn.ts";

test("[DA9] works of one name come one after the other, and the ninth waits for none", async () => {
  const turns: Turns = new Map();
  const order: string[] = [];
  const gates = Array.from({ length: 8 }, () => Promise.withResolvers<undefined>());
  const works = gates.map((gate, index) =>
    inTurn(turns, "anna", async () => {
      order.push(`begin ${index}`);
      await gate.promise;
      order.push(`end ${index}`);
      if (index === 3) throw new Error("a work that fails lets the next one in");
    }),
  );
  const failing = assert.rejects(works[3] ?? Promise.resolve());
  assert.equal(await inTurn(turns, "anna", async () => "in"), "too many waiting");
  assert.equal(await inTurn(turns, "berta", async () => "in"), "in");
  for (const gate of gates.toReversed()) gate.resolve(undefined);
  await Promise.allSettled(works);
  await failing;
  const expected = gates.flatMap((_, index) => [`begin ${index}`, `end ${index}`]);
  assert.deepEqual(order, expected);
  assert.equal(turns.size, 0);
});
