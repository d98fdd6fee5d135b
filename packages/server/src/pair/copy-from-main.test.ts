import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeUtf8 } from "@gridward/core/base/bytes";
import { nodeId } from "@gridward/core/base/identity";
import { minute } from "@gridward/core/base/time";
import {
  aControl,
  aHello,
  at,
  heard,
  serverA,
  serverB,
  started,
} from "@gridward/core/domain/pair/fixtures";
import { origin, type Position } from "@gridward/core/domain/entry";
import { faultyJournalStore } from "@gridward/runtime/journal/faulty-journal";
import { someEntries } from "@gridward/runtime/journal/fixtures";
import { memoryJournalStore } from "@gridward/runtime/journal/memory-journal";
import { conductorParts } from "./a-conductor.ts";
import { Conductor } from "./conductor.ts";
import { CopyFromMain } from "./copy-from-main.ts";
import { sendFirstPass } from "./first-pass.ts";

const clock = { now: () => 0, monotonic: () => 0, sleep: async () => undefined };

/** What a Main with some entries sends. */
async function aFirstPass(earlier: readonly Position[] = []): Promise<readonly string[]> {
  const { journal } = memoryJournalStore().create("main");
  const store = memoryJournalStore();
  store.create("main").journal.append(someEntries(30), 30);
  journal.close();
  const opened = store.open("main");
  if (!opened.ok) throw new Error(opened.error.detail);
  const { committedState: state, committed: position, committedDigest: digest } = opened.value;
  const pieces: string[] = [];
  const send = async (frame: Uint8Array): Promise<void> => {
    const text = decodeUtf8(frame);
    pieces.push(text.ok ? text.value : "");
  };
  const source = { state, position, digest, earlier };
  await sendFirstPass(source, { send, isOpen: () => true, rate: 0, clock });
  return pieces;
}

/** Its beginning, its only piece with rows, and its end. */
async function aThreePiecePass(): Promise<readonly [string, string, string]> {
  const [begin = "", rows = "", end = "", ...more] = await aFirstPass();
  assert.deepEqual(more, []);
  return [begin, rows, end];
}

/** A blank server B that joined and heard its Main A. */
function aCopy() {
  const world = { isFull: false, builds: 0, at: 0 };
  const store = faultyJournalStore(memoryJournalStore(), (point) =>
    world.isFull && point === "finish" ? "disk-full" : undefined,
  );
  const blank = aControl({ nodeId: serverB, incarnation: null, term: 0, owner: null, ackSet: [] });
  const { state } = started({
    self: serverB,
    control: blank,
    head: origin,
    committed: 0,
    recorded: null,
    now: 0,
  });
  let made = 0;
  const parts = { self: serverB, name: "B", clock: { ...clock, monotonic: () => world.at } };
  const conductor = new Conductor(conductorParts(parts), state, undefined);
  conductor.feed({ kind: "link-up", peer: serverA });
  conductor.feed(heard(serverA, aHello()));
  const copy = new CopyFromMain(conductor, () => {
    world.builds++;
    return store.build(`built-${made++}`);
  });
  const link = {};
  const take = (text: string, from = serverA, over: object = link): boolean =>
    copy.take({ from, link: over, text, bytes: 10 });
  const phase = (): string => {
    const { machine } = conductor.pair;
    return "phase" in machine ? machine.phase : machine.duty;
  };
  return { conductor, copy, link, take, phase, world };
}

test("[FPR1][HS2] a whole first pass becomes the database", async () => {
  const { conductor, take, phase } = aCopy();
  const [begin, ...rest] = await aThreePiecePass();
  assert.equal(take(begin), true);
  assert.equal(phase(), "synchronising");
  for (const piece of rest) assert.equal(take(piece), true);
  assert.equal(phase(), "connecting");
  assert.equal(conductor.ledger?.head.seq, 30);
});

test("[FPR8][HS9] the ends of the terms before come with it: what left them is told from what lags", async () => {
  const { conductor, take } = aCopy();
  const earlier = [at(7, 0)];
  for (const piece of await aFirstPass(earlier)) assert.equal(take(piece), true);
  const [before, last, ...more] = conductor.ledger?.history.terms() ?? [];
  assert.deepEqual([before, last?.seq, more], [earlier[0], 30, []]);
});

test("[FPR2][HS3] a piece that is none, misplaced or missing leaves no database", async () => {
  const [begin, rows, end] = await aThreePiecePass();
  const wrong: readonly (readonly string[])[] = [
    [rows],
    [end],
    [begin, end],
    [begin, '{"kind":"first-pass-rows"}\n["groups","a",{}]', end],
    [begin, '{"kind":"first-pass-rows"}\n["nothing","a",{}]'],
    [begin, '{"kind":"first-pass-rows","rows":[]}'],
    ['{"kind":"first-pass-begin"}'],
    ['{"kind":"first-pass-else"}'],
    [begin, rows, rows, '{"kind":"first-pass-end","more":1}'],
  ];
  for (const [index, each] of wrong.entries()) {
    const { conductor, take } = aCopy();
    // Rows and ends before a beginning belong to no first pass of this connection.
    const taken = each.map((piece) => take(piece));
    assert.equal(taken.at(-1), index < 2, JSON.stringify(each).slice(0, 80));
    assert.equal(conductor.ledger, undefined);
  }
});

test("[FPR3][HS10] pieces of a server that is not our Main are not even looked at", async () => {
  const { conductor, take, phase, world } = aCopy();
  for (const piece of await aFirstPass()) assert.equal(take(piece, nodeId("C")), true);
  assert.deepEqual([phase(), world.builds, conductor.ledger], ["blank", 0, undefined]);
});

test("[FPR3] a Main copies from nobody", async () => {
  const { conductor, take, world } = aCopy();
  for (const piece of await aFirstPass()) take(piece);
  conductor.feed({ kind: "link-down", peer: serverA });
  world.at += minute; // A Main that was heard a moment ago is not succeeded.
  conductor.feed({ kind: "order-promote", force: true });
  assert.equal(conductor.pair.machine.duty, "main");
  for (const piece of await aFirstPass()) assert.equal(take(piece), true);
  assert.equal(world.builds, 1);
});

test("[FPR4][HS4] a first pass ends with the connection that carried it, and not with another", async () => {
  const { copy, link, take, phase } = aCopy();
  const [begin, rows] = await aThreePiecePass();
  take(begin);
  copy.onClosed({});
  assert.equal(phase(), "synchronising");
  copy.onClosed(link);
  assert.equal(phase(), "blank");
  assert.equal(take(rows), true);
  assert.equal(phase(), "blank");
});

test("[FPR4] what an earlier connection still brings does not disturb a new beginning", async () => {
  const { conductor, copy, link, take } = aCopy();
  const [begin, rows, end] = await aThreePiecePass();
  const second = {};
  take(begin);
  take(rows);
  take(begin, serverA, second);
  take(end);
  copy.onClosed(link);
  take(rows, serverA, second);
  take(end, serverA, second);
  assert.equal(conductor.ledger?.head.seq, 30);
});

test("[FPR5] a full disk ends the first pass, and the server goes on", async () => {
  const { take, phase, world } = aCopy();
  world.isFull = true;
  const taken = (await aFirstPass()).map((piece) => take(piece));
  assert.equal(taken.at(-1), false);
  assert.equal(phase(), "blank");
});
