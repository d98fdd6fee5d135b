import assert from "node:assert/strict";
import { test } from "node:test";
import { second } from "@gridward/core/base/time";
import { tellBounded } from "./tell-bounded.ts";

test("[EL7] what peers bring about as often as they like is told at a rate, and then how many came", () => {
  const told: (readonly [string, number])[] = [];
  let at = 0;
  const tell = tellBounded<string>({
    keyOf: (text) => text.slice(0, 1),
    rate: { burst: 2, perSecond: 0.1, sourcesMax: 100 },
    record: (text, more) => void told.push([text, more]),
    now: () => at,
  });
  for (let time = 1; time <= 1_000; time++) tell(`a${time}`);
  tell("b1");
  at += 10 * second;
  tell("a1001");
  tell("a1002");
  assert.deepEqual(told, [
    ["a1", 0],
    ["a2", 0],
    ["b1", 0],
    ["a1001", 998],
  ]);
});
