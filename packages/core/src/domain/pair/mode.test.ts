import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArbitrationMode } from "../arbitration-mode.ts";
import { checkAccepts } from "./accepts.ts";
import { afterD, aMain, answered, aRegister, askedOf, awake } from "./arbitration-fixtures.ts";
import type { PairEvent } from "./event.ts";
import {
  aHello,
  at,
  aValidStandby,
  deeds,
  heard,
  play,
  refusalOf,
  saidOf,
  serverA,
  serverB,
  tick,
  withPeer,
} from "./fixtures.ts";
import { isOrderOpen } from "./orders.ts";
import { strangerPeer } from "./pair-state.ts";

/** An operator switches the mode; who has a right by the old one gives that up first. */

const pairMode = { kind: "order-mode", mode: "pair", hasWitness: false } as const;
const { rights: untold } = strangerPeer;

test("[R4][HS7] the mode is switched only when the Standby has given up its old right", () => {
  const ordered = play(aMain("manual", { rights: untold }), [pairMode, tick], 100);
  const told = saidOf(ordered.actions, "rights");
  assert.equal(told?.mode, "manual");
  assert.equal(ordered.state.control.mode, "manual");
  const old = { kind: "rights-kept", term: 1, round: 0, mode: "manual" } as const;
  const wrong = play(ordered, [heard(serverB, old), tick], 200);
  assert.equal(wrong.state.control.mode, "manual");
  const kept = { ...old, round: told?.round ?? 0 };
  const done = play(wrong, [heard(serverB, kept), tick], 300);
  assert.equal(done.state.control.mode, "pair");
  assert.ok(deeds(done.actions).includes("record-mode"));
  const granted = saidOf(done.actions, "rights");
  assert.equal(granted?.mode, "pair");
  assert.ok(!deeds(done.actions).includes("order-done"), "the Standby has no right yet");
  const late = play(done, [heard(serverB, kept), tick], 400);
  assert.ok(!deeds(late.actions).includes("order-done"), "an old word");
  const own = heard(serverB, { ...kept, round: granted.round, mode: "pair" });
  const confirmed = play(late, [own], 450);
  assert.ok(deeds(confirmed.actions).includes("order-done"));
  assert.equal(isOrderOpen(confirmed.state), false);
});

test("[HS7] a switch is done, though late, where a member is gone before it has its new right", () => {
  const rights = { round: 1, told: "manual", kept: "manual", at: 0 } as const;
  const switched = play(aMain("manual", { rights }), [pairMode], 100);
  assert.equal(switched.state.control.mode, "pair");
  assert.equal(isOrderOpen(switched.state), true);
  const soon = play(awake(switched, 3_000), [tick], 3_000);
  assert.ok(!deeds(soon.actions).includes("order-done"));
  const silent = play(awake(soon, 8_000), [tick, tick], 8_000);
  assert.equal(checkAccepts(silent.state)?.refusal.code, "pair.read-only");
  assert.ok(deeds(silent.actions).includes("order-done"), "nobody is told that it failed");
  assert.equal(isOrderOpen(silent.state), false);
  const heardOn = { rights, heardAt: 10_000 };
  const deaf = play(aMain("manual", heardOn), [pairMode], 100);
  const late = play(awake(deaf, 10_200), [tick], 10_200);
  assert.ok(deeds(late.actions).includes("order-done"));
  assert.equal(isOrderOpen(late.state), false);
});

test("[HS7] who loses the duty while the new rights are given answers no later order with it", () => {
  const rights = { round: 1, told: "manual", kept: "manual", at: 0 } as const;
  const switched = play(aMain("manual", { rights }), [pairMode], 100);
  const hello = heard(serverB, aHello({ term: 2, owner: serverB, duty: "main" }));
  const fenced = play(switched, [hello], 200);
  assert.notEqual(fenced.state.machine.duty, "main");
  assert.equal(fenced.state.granting, false);
  assert.equal(isOrderOpen(fenced.state), false);
});

test("[R4][HS7] what a Main asked of the witness drops nobody once the mode is switched", () => {
  const rights = { round: 1, told: "manual", kept: "manual", at: 0 } as const;
  const asking = play(awake(aMain("witness"), afterD), [tick], afterD);
  const read = answered(asking.actions, { kind: "record", record: aRegister() });
  const asked = play(asking, [read], afterD);
  assert.equal(askedOf(asked.actions)?.kind, "cas");
  const granted = { kind: "record", record: aRegister({ version: 8, ackSet: [serverA] }) } as const;
  const answer = answered(asked.actions, granted);
  assert.deepEqual(play(asked, [answer], afterD).state.control.ackSet, [serverA]);
  const sure = withPeer(asked, serverB, { acked: at(4), rights });
  const switched = play(sure, [pairMode], afterD);
  assert.equal(switched.state.control.mode, "pair");
  assert.equal(switched.state.arbitration.goal, null);
  assert.deepEqual(play(switched, [answer], afterD).state.control.ackSet, [serverA, serverB]);
  const untouched = { ...rights, kept: null };
  const switching = play(withPeer(asked, serverB, { acked: at(4), rights: untouched }), [pairMode]);
  assert.equal(switching.state.control.switching, "pair");
  assert.deepEqual(play(switching, [answer]).state.control.ackSet, [serverA, serverB]);
});

test("[HS7] a switch that nobody confirms leaves the mode as it was, and says who did not", () => {
  const deaf = aMain("manual", { rights: untold, heardAt: 10_000 });
  const ordered = play(deaf, [pairMode], 100);
  const late = play(awake(ordered, 10_200), [tick], 10_200);
  assert.equal(refusalOf(late.actions), "pair.mode-unchanged");
  assert.equal(late.state.control.mode, "manual");
  assert.equal(late.state.control.switching, null);
});

test("[HS7] a mode that cannot work here is refused with its reason", () => {
  const main = aMain("manual");
  const order = (mode: ArbitrationMode, hasWitness = false): PairEvent => ({
    kind: "order-mode",
    mode,
    hasWitness,
  });
  assert.equal(refusalOf(play(main, [order("manual")]).actions), "pair.already-mode");
  assert.equal(refusalOf(play(main, [order("witness")]).actions), "pair.no-witness");
  assert.equal(refusalOf(play(aValidStandby(), [order("pair")]).actions), "pair.not-main");
});
