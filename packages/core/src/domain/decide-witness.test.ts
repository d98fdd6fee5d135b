import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId } from "../base/identity.ts";
import type { Command } from "./command.ts";
import { aSystem, noon, serverA } from "./fixtures.ts";
import { factShapes } from "./fact-shapes.ts";
import { singleKey } from "./state.ts";
import type { WitnessRow } from "./types.ts";

function aWitness(id: string): WitnessRow {
  const machine = { salt: "0".repeat(64), hash: "1".repeat(64) };
  const pairingKey = "A".repeat(43);
  return { id: nodeId(id), address: "w", port: 5482, pairingKey, machine, addedAt: noon };
}

function add(id: string): Command {
  return { kind: "add-witness", witness: aWitness(id) };
}

test("[SYS9][HS7] a system has one witness at most, added again with a new code, not removed while it decides", () => {
  const world = aSystem();
  assert.equal(world.codeOf({ kind: "remove-witness" }), "pair.no-witness");
  assert.equal(world.codeOf(add("W"), { actor: serverA }), "access.denied");
  const [fact] = world.must(add("W"));
  assert.ok(fact);
  const shape = factShapes["witness-added"];
  assert.ok(shape.safeParse(JSON.parse(JSON.stringify(fact))).success);
  assert.equal(world.state.tables.witness.get(singleKey)?.id, "W");
  assert.equal(world.codeOf(add("V")), "witness.exists");
  assert.equal(world.codeOf(add("W")), "accepted");
  const pair = world.state.tables.pair.get(singleKey);
  assert.ok(pair);
  const witnessed = world.state.tables.pair.set(singleKey, { ...pair, mode: "witness" });
  const before = world.state;
  world.state = { ...before, tables: { ...before.tables, pair: witnessed } };
  assert.equal(world.codeOf({ kind: "remove-witness" }), "witness.in-use");
  world.state = before;
  world.must({ kind: "remove-witness" });
  assert.equal(world.state.tables.witness.size, 0);
});
