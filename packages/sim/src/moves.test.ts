import assert from "node:assert/strict";
import { test } from "node:test";
import { moves } from "@gridward/core/domain/pair/transitions";
import { run } from "./run.ts";
import { Watcher } from "./watcher.ts";
import { nodeId } from "@gridward/core/base/identity";

/** Enough for every move that is said to be common; most are seen in the first fifty. */
const seedsMost = 250;

test("[SM5] a move that no table knows is a violation, also where the process was off", () => {
  const watcher = new Watcher();
  const blank = { duty: "none", phase: "blank" } as const;
  const following = { duty: "standby", phase: "following", lastAt: 0 } as const;
  watcher.onMoved(nodeId("A"), null, blank);
  assert.deepEqual(watcher.violations, []);
  watcher.onMoved(nodeId("A"), blank, following);
  watcher.onMoved(nodeId("A"), null, following);
  assert.deepEqual(
    watcher.violations.map(({ rule }) => rule),
    ["SM5", "SM5"],
  );
});

test("[SM6][HS1] every move that the simulator is said to show is seen in a few lives", async () => {
  const wanted = moves.filter(({ seen }) => seen === "simulator");
  const seen = new Set<string>();
  const missing = (): readonly string[] =>
    wanted
      .map(({ from, to }) => from.map((each) => `${each} > ${to}`))
      .filter((ways) => !ways.some((way) => seen.has(way)))
      .map(([first]) => first ?? "");
  for (let seed = 1; seed <= seedsMost && missing().length > 0; seed++) {
    const outcome = await run(seed);
    assert.deepEqual(outcome.violations, [], `seed ${seed}`);
    for (const way of outcome.moves) seen.add(way);
  }
  assert.deepEqual(missing(), []);
});
