import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@gridward/core/base/identity";
import { Defect, type Result } from "@gridward/core/base/result";
import type { ControlRecord } from "@gridward/core/domain/control-record";
import { origin } from "@gridward/core/domain/entry";
import { aServer } from "@gridward/core/domain/fixtures";
import type { PairMessage } from "@gridward/core/domain/pair/message";
import {
  aControl,
  aHello,
  certified,
  heard,
  serverA,
  serverB,
  serverC,
  started,
} from "@gridward/core/domain/pair/fixtures";
import type { Refusal } from "@gridward/core/domain/refusal";
import { aChange, aLedger } from "../a-ledger.ts";
import { conductorParts } from "./a-conductor.ts";
import { Conductor } from "./conductor.ts";
import type { DatabaseCopy } from "../database-copy.ts";

/** A Main whose shell notes in one list what it was told to do. */
function aMain(changes: Partial<ControlRecord> = {}) {
  const { ledger, store, fill } = aLedger();
  const world = { at: 0, isBroken: false, onSettled: () => {} };
  const deeds: string[] = [];
  const sources: DatabaseCopy[] = [];
  /** Ends the first passes that were begun. */
  const passes: (() => void)[] = [];
  const { state } = started({
    control: aControl({ highest: ledger.head, ...changes }),
    head: ledger.head,
    committed: 1,
    recorded: null,
    now: 0,
  });
  // The journal tells of term and ack set; what a crash left out is not meant here.
  const pair = { ...state, unrecorded: false };
  const parts = conductorParts({
    clock: { now: () => world.at, monotonic: () => world.at, sleep: async () => undefined },
    writeControl: () => {
      if (world.isBroken) throw new Error("EIO");
      deeds.push("control");
    },
    send: (_: NodeId, message: PairMessage) => {
      deeds.push(message.kind);
    },
    sendFirstPass: (_, source) => {
      sources.push(source);
      const { promise, resolve } = Promise.withResolvers<void>();
      passes.push(resolve);
      return promise;
    },
    onCommitted: (seq) => void deeds.push(`commit ${seq}`),
    onAbandoned: () => void deeds.push("abandoned"),
    onSettled: () => {
      deeds.push("settled");
      world.onSettled();
    },
  });
  const conductor = new Conductor(parts, pair, ledger);
  return { conductor, ledger, store, fill, world, deeds, passes, sources };
}

/** Without it no entry can tell of a change of mode or set. */
function journalTerm(conductor: Conductor): void {
  const { ackSet, term } = conductor.pair.control;
  const place = { term, owner: serverA, by: "creation", since: 0, mode: "manual" } as const;
  const pair = { ...place, ackSet, unprotected: null };
  conductor.stage({ ...aChange("one"), facts: [{ kind: "term-started", pair }] });
  conductor.flush();
}

/** A Main with Standbys that follow. */
function aPairMain(standbys = [serverB]) {
  const main = aMain({ ackSet: [serverA, ...standbys] });
  const { conductor, ledger } = main;
  for (const standby of standbys) {
    conductor.feed({ kind: "link-up", peer: standby });
    const hello = aHello({ duty: "standby", complete: true, head: ledger.head });
    conductor.feed(heard(standby, hello));
    conductor.feed(heard(standby, { kind: "follow", term: 1, head: ledger.head, owner: null }));
  }
  main.deeds.length = 0;
  return main;
}

async function settled(): Promise<void> {
  await new Promise((done) => setImmediate(done));
}

test("[CD1][HS8] a change is sent before it is committed, and settled when all is done", () => {
  const { conductor, ledger, deeds } = aPairMain();
  conductor.stage(aChange("one"));
  assert.equal(conductor.flush().ok, true);
  assert.deepEqual(deeds, ["entries", "settled"]);
  conductor.feed(heard(serverB, { kind: "ack", term: 1, head: ledger.head }));
  assert.deepEqual(deeds.slice(2, 4), ["commit 2", "settled"]);
});

test("[CD9][HS14] no claim of a permanent Standby to a term reaches its disk", () => {
  const { conductor, deeds } = aPairMain();
  const server = { ...aServer("A"), kind: "permanent" } as const;
  conductor.stage({ ...aChange("one"), facts: [{ kind: "server-joined", server }] });
  conductor.flush();
  deeds.length = 0;
  const order = { kind: "order-mode", mode: "witness", hasWitness: true } as const;
  assert.throws(() => conductor.feed(order), /claims no term/);
  assert.deepEqual(deeds, []);
});

test("[CD7][HS8] a Standby hears of a commit at once: by word, or with the next entries", () => {
  const { conductor, ledger, deeds, world } = aPairMain();
  conductor.stage(aChange("one"));
  conductor.flush();
  conductor.feed(heard(serverB, { kind: "ack", term: 1, head: ledger.head }));
  assert.deepEqual(deeds.slice(2), ["commit 2", "settled", "heartbeat"]);
  conductor.stage(aChange("two"));
  conductor.flush();
  deeds.length = 0;
  world.onSettled = () => {
    world.onSettled = () => {};
    conductor.stage(aChange("three"));
    conductor.flush();
  };
  conductor.feed(heard(serverB, { kind: "ack", term: 1, head: ledger.head }));
  assert.deepEqual(deeds, ["commit 3", "settled", "entries", "settled"]);
});

test("[CD8][HS4] a first pass that ended with its link lets no second one begin beside the next", async () => {
  const { conductor, passes } = aMain();
  const follow = heard(serverB, { kind: "follow", term: 1, head: origin, owner: null });
  conductor.feed({ kind: "link-up", peer: serverB });
  conductor.feed(follow);
  conductor.feed({ kind: "link-down", peer: serverB });
  conductor.feed({ kind: "link-up", peer: serverB });
  conductor.feed(follow);
  assert.equal(passes.length, 2);
  passes[0]?.();
  await settled();
  conductor.feed(follow);
  assert.equal(passes.length, 2);
  passes[1]?.();
  await settled();
  conductor.feed(follow);
  assert.equal(passes.length, 3);
});

test("[FPR8][HS9] a first pass tells the ends of the terms before its own", () => {
  const { conductor, ledger, sources } = aMain({ term: 2 });
  const before = ledger.head;
  conductor.stage(aChange("one"));
  conductor.flush();
  conductor.feed({ kind: "link-up", peer: serverB });
  conductor.feed(heard(serverB, { kind: "follow", term: 2, head: origin, owner: null }));
  assert.deepEqual(
    sources.map(({ position, earlier }) => [position.term, earlier]),
    [[2, [before]]],
  );
});

test("[CD2] after an error of the disk nothing goes on, whoever caught the error", async () => {
  const { conductor, world } = aPairMain();
  world.isBroken = true;
  // The order's own waiter hears the error and may keep it to itself.
  await assert.rejects(
    conductor.order({ kind: "order-changeover", to: serverB, directionsOk: true }),
    /EIO/,
  );
  world.isBroken = false;
  assert.throws(() => conductor.feed({ kind: "tick" }), Defect);
});

test("[CD3] an order is answered when its duty ends otherwise, and the next is taken", async () => {
  const { conductor } = aPairMain();
  const outcomes: Result<undefined, Refusal>[] = [];
  void conductor
    .order({ kind: "order-changeover", to: serverB, directionsOk: true })
    .then((result) => outcomes.push(result));
  const second = await conductor.order({ kind: "order-promote", force: true });
  assert.equal(!second.ok && second.error.code, "pair.busy");
  assert.equal(outcomes.length, 0);
  // The same term of another owner: both stop, and nobody says what became of the order.
  conductor.feed(heard(serverB, aHello({ owner: serverB, term: 1 })));
  await settled();
  assert.deepEqual(
    outcomes.map((outcome) => !outcome.ok && outcome.error.code),
    ["pair.changeover-unknown"],
  );
});

test("[CD4] a full disk makes a Main read-only, and what was not written is not kept", () => {
  const { conductor, ledger, fill } = aMain();
  fill(true);
  conductor.stage(aChange("one"));
  const written = conductor.flush();
  assert.equal(!written.ok && written.error.code, "disk.full");
  const { machine } = conductor.pair;
  assert.equal(machine.duty === "main" && machine.phase, "read-only");
  assert.equal(ledger.head.seq, 1);
});

test("[CD4][HS8] who was to leave the set when the disk was full is in it, and what is due stays due", () => {
  const { conductor, ledger, world, fill } = aPairMain([serverB, serverC]);
  journalTerm(conductor);
  for (; world.at < 4_000; world.at += 500) conductor.feed({ kind: "tick" });
  fill(true);
  world.at += 500; // Both have not answered for too long now.
  conductor.feed({ kind: "tick" });
  assert.deepEqual(conductor.pair.control.ackSet, [serverA, serverC], "as the record says");
  conductor.feed({ kind: "tick" });
  assert.equal(conductor.pair.committed, 1);
  assert.equal(conductor.pair.unrecorded, true);
  assert.equal(ledger.committed.seq, 1);
});

test("[CD4][HS7] a mode that is switched when the disk is full is told as switched", async () => {
  const { conductor, fill } = aMain();
  journalTerm(conductor);
  fill(true);
  const outcome = await conductor.order({ kind: "order-mode", mode: "pair", hasWitness: false });
  assert.equal(conductor.pair.control.mode, "pair");
  assert.deepEqual(outcome, { ok: true, value: undefined });
  assert.equal(conductor.pair.unrecorded, true, "its entry is due");
});

test("[CD4][HS7] a switch that goes on when the disk gets full is answered at its end", async () => {
  const { conductor, fill, world } = aPairMain([serverB, serverC]);
  journalTerm(conductor);
  const outcomes: Result<undefined, Refusal>[] = [];
  void conductor
    .order({ kind: "order-mode", mode: "witness", hasWitness: true })
    .then((outcome) => outcomes.push(outcome));
  fill(true);
  conductor.feed(heard(serverB, { kind: "leaving", term: 1, reason: "maintenance" }));
  await settled();
  assert.equal(conductor.pair.machine.duty === "main" && conductor.pair.machine.phase, "read-only");
  assert.deepEqual([conductor.pair.control.switching, outcomes.length], ["witness", 0]);
  world.at = 10_000;
  conductor.feed({ kind: "tick" });
  await settled();
  assert.equal(conductor.pair.control.mode, "manual");
  assert.deepEqual(
    outcomes.map((outcome) => !outcome.ok && outcome.error.code),
    ["pair.mode-unchanged"],
  );
});

test("[CD4][HS3] a term that is taken when the disk is full is told as taken", async () => {
  const waiting = aMain({ ackSet: [serverA, serverB] });
  journalTerm(waiting.conductor);
  waiting.fill(true);
  const outcome = await waiting.conductor.order({ kind: "order-promote", force: true });
  assert.deepEqual(waiting.conductor.pair.control.ackSet, [serverA]);
  assert.equal(outcome.ok, true);
});

test("[CD5] the digest of the state is journalled once in 256 changes", () => {
  const { conductor, ledger } = aMain();
  for (let made = 0; made < 300; made++) conductor.stage(aChange(`change ${made}`));
  conductor.flush();
  const facts = ledger.read(1, 1_000).flatMap((entry) => entry.facts);
  assert.equal(facts.filter(({ kind }) => kind === "state-digested").length, 1);
  const before = ledger.head.seq;
  conductor.stage(aChange("one more"));
  conductor.flush();
  assert.equal(ledger.head.seq, before + 1);
});

test("[CD6] a system whose first entry finds no room is no system", () => {
  const { conductor, ledger, store, fill, deeds } = aMain();
  const opened = store.create("new");
  fill(true);
  assert.throws(() => conductor.found(opened, aChange("one"), certified()), /injected/);
  assert.equal(conductor.ledger, ledger);
  assert.deepEqual(deeds, []);
  fill(false);
  const begun = store.create("other");
  conductor.found(begun, aChange("one"), certified());
  begun.journal.close();
  const again = store.open("other");
  assert.equal(again.ok && again.value.committed.seq, 1, "and committed with its first write");
});
