import assert from "node:assert/strict";
import { test } from "node:test";
import { minute, second } from "../base/time.ts";
import {
  handOverAgain,
  handOverPause,
  judgeHandOver,
  noteStandstill,
  noteWrite,
  paceFrom,
  slowFor,
  slownessAt,
} from "./slowness.ts";

const pace = paceFrom(2 * second);
const now = 100 * second;

test("[GF1] a loop that stood still for the limit is slow for 10 s, below it never", () => {
  assert.equal(slownessAt(noteStandstill(pace, 1_999, now), now), null);
  const stalled = noteStandstill(pace, 3_000, now);
  const slow = { part: "processor", worst: 3_000, since: now - 3_000 };
  assert.deepEqual(slownessAt(stalled, now + slowFor), slow);
  assert.equal(slownessAt(stalled, now + slowFor + 1), null);
});

test("[GF1] standstills that follow each other are one bout, with its worst and its beginning", () => {
  const first = noteStandstill(pace, 5_000, now);
  const next = noteStandstill(first, 2_000, now + 4_000);
  const slow = { part: "processor", worst: 5_000, since: now - 5_000 };
  assert.deepEqual(slownessAt(next, now + 4_000 + slowFor), slow);
});

test("[GF2] three writes in a row that take half the limit are a slow disk, two are not", () => {
  const [one, two, three] = [now, now + 1_500, now + 3_000];
  const twice = noteWrite(noteWrite(pace, 1_200, one), 1_200, two);
  assert.equal(slownessAt(twice, two), null);
  assert.equal(slownessAt(noteWrite(twice, 1_200, three), three)?.part, "disk");
  const between = noteWrite(noteWrite(twice, 5, three), 1_200, three);
  assert.equal(slownessAt(between, three), null, "a quick one between them");
  const later = two + slowFor + 1;
  assert.equal(slownessAt(noteWrite(twice, 1_200, later), later), null, "long after them");
});

test("[GF2] one write that takes the whole limit is a slow disk, and no slow processor", () => {
  const written = noteWrite(pace, 2_500, now);
  const seen = noteStandstill(written, 2_500, now + 100);
  assert.equal(slownessAt(seen, now + 100)?.part, "disk");
  const later = now + 60 * second;
  assert.equal(slownessAt(noteStandstill(seen, 2_500, later), later)?.part, "processor");
});

test("[GF1][GF2] a loop that stood still while a write took half the limit suffers from the disk", () => {
  const written = noteWrite(pace, 1_200, now);
  const seen = noteStandstill(written, 2_400, now + 1_300);
  assert.deepEqual(slownessAt(seen, now + 1_300), {
    part: "disk",
    worst: 1_200,
    since: now + 100,
  });
});

const slow = { part: "disk", worst: 3_000, since: 0 } as const;
const view = {
  slow,
  tookDutyAt: null,
  triedAt: null,
  candidates: [
    { id: "B", isSlow: true },
    { id: "C", isSlow: false },
  ],
};

test("[GF3] a slow Main hands over to a valid Standby that is not slow itself", () => {
  const judged = judgeHandOver(view, now);
  assert.deepEqual(judged, { kind: "hand-over", to: { id: "C", isSlow: false } });
  assert.equal(judgeHandOver({ ...view, slow: null }, now).kind, "fit");
});

test("[GF3] without a Standby, and where all are slow, it stays and says why", () => {
  const alone = judgeHandOver({ ...view, candidates: [] }, now);
  assert.deepEqual(alone, { kind: "stay", why: "no-standby" });
  const allSlow = judgeHandOver({ ...view, candidates: [{ isSlow: true }] }, now);
  assert.deepEqual(allSlow, { kind: "stay", why: "all-slow" });
});

test("[GF4] who took the duty over keeps it for ten minutes, and one that failed is not hurried", () => {
  const judgedAt = (at: number) => judgeHandOver({ ...view, tookDutyAt: now }, at);
  assert.deepEqual(judgedAt(now + handOverPause - 1), { kind: "stay", why: "just-came" });
  assert.equal(judgedAt(now + handOverPause).kind, "hand-over");
  assert.equal(handOverPause, 10 * minute);
  const tried = { ...view, triedAt: now };
  assert.deepEqual(judgeHandOver(tried, now + 1), { kind: "stay", why: "just-tried" });
  assert.equal(judgeHandOver(tried, now + handOverAgain).kind, "hand-over");
});
