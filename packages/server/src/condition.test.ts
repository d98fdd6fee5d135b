import assert from "node:assert/strict";
import { test } from "node:test";
import {
  aControl,
  at,
  aValidStandby,
  certified,
  noon,
  type Played,
  serverA,
  serverB,
  started,
  withMachine,
  withPeer,
} from "@gridward/core/domain/pair/fixtures";
import { inPhase } from "@gridward/core/domain/pair/phase-fixtures";
import { states } from "@gridward/core/domain/pair/states";
import { serverCondition } from "./condition.ts";

function isFresh({ state }: Pick<Played, "state">, time: number): boolean {
  return serverCondition(state, time, noon).fresh;
}

test("[CN1] a Standby is fresh within 4 s of its Main's last word", () => {
  const standby = withPeer(aValidStandby(), serverA, { duty: "main", head: at(5) });
  assert.equal(isFresh(standby, 4_000), true);
  assert.equal(isFresh(standby, 4_001), false);
  const { ageMs } = serverCondition(standby.state, 4_001, noon);
  assert.equal(ageMs, 4_001);
});

test("[CN2] a Standby that lacks what its Main had at its last word is not fresh", () => {
  const behind = withPeer(aValidStandby(), serverA, { duty: "main", head: at(6) });
  assert.equal(isFresh(behind, 0), false);
  assert.ok(serverCondition(behind.state, 0, noon).ageMs > 4_000);
});

test("[CN2] a Standby that copies anew answers from what it had, and not as fresh", () => {
  const progress = { bytesDone: 0, bytesTotal: 1, startedAt: 0, lastAt: 0 };
  const standby = withPeer(aValidStandby(), serverA, { duty: "main", head: at(5) });
  const copying = withMachine(standby, { duty: "standby", phase: "synchronising", progress });
  assert.equal(isFresh(copying, 0), false);
  assert.equal(serverCondition(copying.state, 0, noon).canSignIn, true);
});

test("[CN1] a Standby that never heard its Main is not fresh", () => {
  const { state } = started({ self: serverB, control: certified() });
  assert.equal(isFresh({ state }, 0), false);
});

test("[CN3] a Main is fresh while it heard every member of its ack set, and alone always", () => {
  const { state } = started({ control: aControl({ ackSet: [serverA, serverB] }) });
  assert.equal(isFresh({ state }, 0), false);
  const heard = withPeer({ state, actions: [] }, serverB, {});
  assert.equal(isFresh(heard, 4_000), true);
  assert.equal(isFresh(heard, 4_001), false);
  assert.equal(isFresh(started(), 1_000_000), true);
});

test("[CN4] who has no database of use, and who was superseded, signs nobody in", () => {
  const { state } = started();
  const { canSignIn } = serverCondition(
    started({ fault: { code: "journal.unreadable", text: "" } }).state,
    0,
    noon,
  );
  assert.equal(canSignIn, false);
  const blank = started({ control: aControl({ incarnation: null }) });
  assert.equal(serverCondition(blank.state, 0, noon).canSignIn, false);
  const fenced = withMachine({ state }, { duty: "fenced", by: serverB });
  assert.equal(serverCondition(fenced.state, 0, noon).canSignIn, false);
});

test("[PD5][CN4] sign-ins are answered in the states whose row says so", () => {
  for (const [name, { phases, signIns }] of Object.entries(states)) {
    for (const phase of phases) {
      const { canSignIn } = serverCondition(inPhase(phase).state, 0, noon);
      assert.equal(canSignIn, signIns !== "no", `${name}: ${phase}`);
    }
  }
});
