import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseEntry } from "../parse-entry.ts";
import { aHello, anEntry, at, serverA, serverB } from "./fixtures.ts";
import type { PairMessage } from "./message.ts";
import { parsePairMessage } from "./parse-message.ts";
import { entriesPerMessage } from "./timing.ts";

const { duty, term, owner, head, committed, complete } = aHello();
const digest = "d".repeat(64);
const entry = anEntry(at(6), at(5));

/** One of each kind. */
const messages: readonly PairMessage[] = [
  aHello(),
  aHello({ systemId: null, owner: null, duty: "none" }),
  { kind: "heartbeat", duty, term, owner, head, committed, complete },
  { kind: "follow", term, head, owner },
  { kind: "entries", term, entries: [entry], committed },
  { kind: "ack", term, head },
  { kind: "forked", term, points: [at(3), at(9, 2)], between: null },
  { kind: "forked", term, points: [at(3)], between: [at(2), at(3)] },
  { kind: "compare", term, low: 3, high: 9 },
  { kind: "prove", term, position: head, digest },
  { kind: "proof", term, position: head, digest },
  { kind: "admit", term, ackSet: [serverA, serverB] },
  { kind: "leaving", term, reason: "disk full" },
  { kind: "handover", term, round: 3, head, ackSet: [serverA], mode: "manual" },
  { kind: "handover-refused", term, round: 3, reason: "no" },
  { kind: "handover-cancel", term, round: 3 },
];

function parse(json: unknown) {
  return parsePairMessage(json, parseEntry);
}

test("[PM1] every message comes back from its text as it was", () => {
  for (const message of messages) {
    const json: unknown = JSON.parse(JSON.stringify(message));
    assert.deepEqual(parse(json), { ok: true, value: message });
  }
});

test("[PM2] no JSON makes the parser throw", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (json) => {
      assert.equal(parse(json).ok, false);
    }),
  );
});

test("[PM2] a message with any member replaced is understood or refused, never thrown at", () => {
  fc.assert(
    fc.property(fc.constantFrom(...messages), fc.nat(), fc.jsonValue(), (message, index, json) => {
      const keys = Object.keys(message);
      const key = keys[index % keys.length] ?? "kind";
      assert.equal(typeof parse({ ...message, [key]: json }).ok, "boolean");
    }),
  );
});

test("[PM3] unknown members, kinds and numbers out of range are refused", () => {
  const follow = { kind: "follow", term, head };
  for (const json of [
    { ...follow, more: 1 },
    { ...follow, kind: "elect" },
    { ...follow, term: -1 },
    { ...follow, term: 1.5 },
    { ...follow, head: { ...head, hash: "short" } },
    { kind: "leaving", term, reason: "x".repeat(201) },
    { kind: "admit", term, ackSet: Array.from({ length: 9 }, () => "A") },
    { kind: "entries", term, committed, entries: [{ ...entry, more: 1 }] },
    {
      kind: "entries",
      term,
      committed,
      entries: Array.from({ length: entriesPerMessage + 1 }, () => entry),
    },
  ]) {
    assert.equal(parse(json).ok, false, JSON.stringify(json).slice(0, 80));
  }
});
