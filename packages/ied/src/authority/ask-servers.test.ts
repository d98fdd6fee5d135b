import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Secret } from "@gridward/core/base/secret";
import { askServers, inOrderToAsk, type AskedLine } from "./ask-servers.ts";

const asked = { name: "anna", password: new Secret("secret"), accessPoint: "panel" };
const to = { kind: "sign-in-answer", call: 1, duty: "standby" } as const;
const sure = { ...to, outcome: "refused", fresh: true, event: 1130 } as const;
const unsure = { ...sure, fresh: false } as const;
const busy = { ...to, outcome: "unavailable", reason: "server.overloaded" } as const;

type Answer = Awaited<ReturnType<AskedLine["signIn"]>>;

function aLine(
  order: string[],
  name: string,
  change: Partial<AskedLine>,
  answer: Answer,
): AskedLine {
  return {
    cost: 6,
    standing: { duty: "main", term: 1, fresh: true },
    lastGood: 0,
    ready: async () => undefined,
    signIn: async () => {
      order.push(name);
      return answer;
    },
    ...change,
  };
}

test("[DA2][DV1] only an accepted sign-in or a sure refusal ends the search", async () => {
  for (const answer of [unsure, busy, "lost"] as const) {
    const order: string[] = [];
    const lines = [aLine(order, "first", {}, answer), aLine(order, "second", {}, sure)];
    assert.deepEqual(await askServers(lines, asked), sure);
    assert.deepEqual(order, ["first", "second"]);
  }
  const none = [aLine([], "first", {}, unsure), aLine([], "second", {}, "lost")];
  assert.equal(await askServers(none, asked), undefined);
});

test("[DA10][DV1] Main with the highest term, fresh Standby, stale Standby, last good first", async () => {
  const order: string[] = [];
  const standby = { duty: "standby", term: 2, fresh: true } as const;
  const lines = [
    aLine(order, "not there", { standing: null }, "lost"),
    aLine(order, "stale", { standing: { ...standby, fresh: false } }, "lost"),
    aLine(order, "fresh, earlier", { standing: standby, lastGood: 1 }, "lost"),
    aLine(order, "fresh, later", { standing: standby, lastGood: 2 }, "lost"),
    aLine(order, "old Main", { standing: { duty: "main", term: 1, fresh: true } }, "lost"),
    aLine(order, "Main", { standing: { duty: "main", term: 2, fresh: true } }, "lost"),
  ];
  await askServers(lines, asked);
  assert.deepEqual(order, ["Main", "old Main", "fresh, later", "fresh, earlier", "stale"]);
});

test("[DA11][CS3] cost decides who is asked first, and nothing about who is believed", async () => {
  const standby = { duty: "standby", term: 2, fresh: true } as const;
  const main = { duty: "main", term: 2, fresh: true } as const;
  for (const answer of [unsure, busy, "lost"] as const) {
    const order: string[] = [];
    const lines = [
      aLine(order, "Main", { standing: main }, sure),
      aLine(order, "cheap", { standing: standby, cost: 1 }, answer),
    ];
    assert.deepEqual(await askServers(lines, asked), sure);
    assert.deepEqual(order, ["cheap", "Main"]);
  }
});

test("[DA11][CS3] who is stale, replaced or silent is not put first by cost, and nobody is skipped", async () => {
  const order: string[] = [];
  const standby = { duty: "standby", term: 2, fresh: true } as const;
  const main = { duty: "main", term: 2, fresh: true } as const;
  const silent = { standing: null, ready: async () => void order.push("wake") };
  const lines = [
    aLine(order, "silent", { ...silent, cost: 1 }, "lost"),
    aLine(order, "stale", { standing: { ...standby, fresh: false }, cost: 1 }, "lost"),
    aLine(order, "follows old Main", { standing: { ...standby, term: 1 }, cost: 1 }, "lost"),
    aLine(order, "old Main", { standing: { ...main, term: 1 }, cost: 1 }, "lost"),
    aLine(order, "Main", { standing: main, cost: 3 }, "lost"),
    aLine(order, "fresh", { standing: standby, cost: 2 }, "lost"),
    aLine(order, "dear", { standing: standby, cost: 99 }, "lost"),
  ];
  await askServers(lines, asked);
  const expected = ["fresh", "Main", "old Main", "follows old Main", "dear", "stale", "wake"];
  assert.deepEqual(order, expected);
  assert.equal(inOrderToAsk(lines).at(-1), lines[0]);
});

test("[DA11][CS3] silent servers are asked in order of cost, then of the list", async () => {
  const order: string[] = [];
  const wakes = (name: string, cost: number): AskedLine => {
    const line = aLine(order, name, { cost }, "lost");
    let standing: AskedLine["standing"] = null;
    return {
      ...line,
      get standing() {
        return standing;
      },
      ready: async () => void (standing = { duty: "standby", term: 1, fresh: true }),
    };
  };
  await askServers([wakes("A", 6), wakes("B", 6), wakes("C", 2)], asked);
  assert.deepEqual(order, ["C", "A", "B"]);
});

test("[DA11][CS3] whatever is claimed and set, each server is in the order exactly once", () => {
  const standing = fc.option(
    fc.record({
      duty: fc.constantFrom("main", "lone", "standby"),
      term: fc.integer({ min: 1, max: 3 }),
      fresh: fc.boolean(),
    }),
  );
  const places = fc.record({
    standing,
    cost: fc.integer({ min: 1, max: 99 }),
    lastGood: fc.integer({ min: 0, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(places, { maxLength: 8 }), (lines) => {
      const ordered = inOrderToAsk(lines);
      assert.deepEqual([ordered.length, new Set(ordered).size], [lines.length, lines.length]);
      // With one cost for all it is the order of DA10, whatever that cost is.
      const byOne = (cost: number): readonly number[] =>
        inOrderToAsk(lines.map((line, index) => ({ ...line, cost, index }))).map(
          ({ index }) => index,
        );
      assert.deepEqual(byOne(1), byOne(99));
    }),
  );
});
