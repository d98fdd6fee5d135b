import assert from "node:assert/strict";
import { test } from "node:test";
import { describe } from "./describe.ts";
import type { PairEvent } from "./event.ts";
import { checkPromote } from "./orders.ts";
import {
  ack,
  aHistory,
  aProtectedMain,
  at,
  deeds,
  digest,
  heard,
  kindsWith,
  play,
  type Played,
  saidOf,
  serverA,
  serverC,
  withPeer,
} from "./fixtures.ts";

/** Who was removed from the system, as the rules of the others see it (HS14). */

const triple = kindsWith("promotable");
const gone: PairEvent = { kind: "partner-removed", peer: serverC };
const proof = { kind: "proof", term: 1, position: at(5), digest } as const;

/** A is Main, B in its set; C follows and waits to be admitted. */
function aTriple(): Played {
  const { state } = withPeer(aProtectedMain(), serverC, { acked: at(5), sent: 5 });
  return { state: { ...state, kinds: triple }, actions: [] };
}

test("[R19][HS14] who was removed is admitted no more, also where it was asked before", () => {
  const asked = play(aTriple(), [ack(5, serverC)], 0, aHistory(at(5), triple));
  assert.notEqual(saidOf(asked.actions, "prove"), undefined);
  const member = play(asked, [heard(serverC, proof)], 0, aHistory(at(5), triple));
  assert.ok(member.state.control.ackSet.includes(serverC));
  const proved = play(asked, [heard(serverC, proof)], 0, aHistory(at(5)));
  assert.ok(!proved.state.control.ackSet.includes(serverC));
  assert.equal(saidOf(proved.actions, "admit"), undefined);
  const removed = play(aTriple(), [ack(5, serverC)], 0, aHistory(at(5)));
  assert.equal(saidOf(removed.actions, "prove"), undefined);
});

test("[R19][HS14] nothing is waited for, said to or known of who was removed", () => {
  const asked = play(aTriple(), [ack(5, serverC)], 0, aHistory(at(5), triple));
  const { state, actions } = play(asked, [gone], 0, aHistory(at(5)));
  assert.deepEqual([state.peers.has(serverC), deeds(actions)], [false, []]);
  assert.ok("admitting" in state.machine && state.machine.admitting === null);
});

test("[PD2][HS14] a Main without any other server is lone", () => {
  const { state } = aProtectedMain();
  const [partner] = state.peers.keys();
  assert.ok(partner);
  const control = { ...state.control, ackSet: [serverA] };
  const only = new Map([[serverA, "promotable"] as const]);
  const alone = { state: { ...state, control, kinds: only }, actions: [] };
  const history = aHistory(at(5), only);
  assert.equal(describe(alone.state, 0, null).state, "main-exposed");
  const left = play(alone, [{ kind: "partner-removed", peer: partner }], 0, history);
  assert.equal(describe(left.state, 0, null).state, "lone");
});

test("[PD2][HS13][HS14] a server that was removed says so, and how it returns", () => {
  const { state } = aProtectedMain();
  const text = "This server was removed from the system by X.";
  const machine = { duty: "none", phase: "invalid", code: "pair.removed", text } as const;
  const removed = { ...state, machine };
  const said = describe(removed, 0, null);
  for (const force of [true, false]) {
    assert.equal(checkPromote(removed, 60_000, force)?.code, "pair.removed");
  }
  assert.deepEqual([said.state, said.icon.word], ["invalid-database", "Removed"]);
  assert.deepEqual(said.cause, { code: "pair.removed", text });
  assert.match(said.remedy ?? "", /pair invite.*server init.*server join/);
});
