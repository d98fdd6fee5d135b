import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "@gridward/core/base/secret";
import { askServers, type AskedLine } from "./ask-servers.ts";

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
