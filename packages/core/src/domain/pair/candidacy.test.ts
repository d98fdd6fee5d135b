import assert from "node:assert/strict";
import { test } from "node:test";
import { systemId as aSystem } from "../../base/identity.ts";
import { afterG, answered, aRegister, askedOf, awake } from "./arbitration-fixtures.ts";
import { describe } from "./describe.ts";
import {
  aHello,
  anEntry,
  at,
  aValidStandby,
  certified,
  deeds,
  heard,
  play,
  type Played,
  promote,
  saidOf,
  serverA,
  serverB,
  started,
  tick,
} from "./fixtures.ts";

/** A Standby that asks the witness for the term, until it has it or has settled what it asked for. */

const otherSystem = aSystem("theirs");

/** Standby B that has given up its Main, and has asked the witness what its register says. */
function aCandidate(): Played {
  return play(awake(aValidStandby(certified({ mode: "witness" })), afterG), [tick], afterG);
}

test("[R5][R6][HS7] a Standby takes the term that the witness gives, and hears nobody meanwhile", () => {
  const candidate = aCandidate();
  assert.equal(describe(candidate.state, afterG, null).state, "standby-candidate");
  const read = answered(candidate.actions, { kind: "record", record: aRegister() });
  const asks = play(candidate, [read], afterG);
  assert.deepEqual(deeds(asks.actions), ["write-control", "ask-arbiter"]);
  assert.equal(asks.state.control.candidacy, 2);
  const entries = [anEntry(at(6), at(5))];
  const deaf = play(
    asks,
    [heard(serverA, { kind: "entries", term: 1, entries, committed: 5 })],
    afterG,
  );
  assert.equal(deaf.state.head.seq, 5);
  const request = askedOf(asks.actions);
  assert.ok(request?.kind === "cas" && request.next.owner === serverB && request.next.term === 2);
  const record = { ...request.next, version: 8 };
  const main = play(deaf, [answered(asks.actions, { kind: "record", record })], afterG);
  assert.equal(main.state.control.owner, serverB);
  assert.equal(main.state.control.candidacy, null);
});

test("[I33][HS3] an operator who promotes with the witness's grant hears that it is done", () => {
  const standby = aValidStandby(certified({ mode: "witness" }));
  const candidate = play(standby, [promote], afterG);
  const read = answered(candidate.actions, { kind: "record", record: aRegister() });
  const asks = play(candidate, [read], afterG);
  const request = askedOf(asks.actions);
  assert.ok(request?.kind === "cas");
  const record = { ...request.next, version: 8 };
  const main = play(asks, [answered(asks.actions, { kind: "record", record })], afterG);
  assert.equal(main.state.control.owner, serverB);
  assert.ok(deeds(main.actions).includes("order-done"));
});

test("[R4] a Standby that the witness knows to be dropped succeeds nobody, now and later", () => {
  const candidate = aCandidate();
  const record = aRegister({ ackSet: [serverA] });
  const refused = play(
    candidate,
    [answered(candidate.actions, { kind: "record", record })],
    afterG,
  );
  assert.equal(refused.state.control.certificate?.complete, false);
  assert.ok(
    refused.state.machine.duty === "standby" && refused.state.machine.phase === "connecting",
  );
});

test("[R8] a candidate that stands down at a hello heeds that it was dropped", () => {
  const hello = aHello({ ackSet: [serverA] });
  const down = play(aCandidate(), [heard(serverA, hello)], afterG);
  assert.equal(down.state.control.certificate?.complete, false);
  assert.deepEqual(saidOf(down.actions, "follow")?.head, at(5));
  const kept = play(aCandidate(), [heard(serverA, aHello())], afterG);
  assert.equal(kept.state.control.certificate?.complete, true);
});

test("[R16] a candidate whose Main comes back in another version stands down and is complete no more", () => {
  const candidate = aCandidate();
  const record = aRegister();
  const asks = play(candidate, [answered(candidate.actions, { kind: "record", record })], afterG);
  const silent = answered(asks.actions, { kind: "silent" });
  const alive = play(asks, [silent, heard(serverA, aHello())], afterG);
  const settles = play(alive, [answered(alive.actions, { kind: "record", record })], afterG);
  const upgraded = play(settles, [heard(serverA, aHello({ version: 2 }))], afterG);
  assert.equal(upgraded.state.control.certificate?.complete, true);
  const settled = { ...record, version: 8 };
  const answer = answered(settles.actions, { kind: "record", record: settled });
  const back = play(upgraded, [answer], afterG);
  assert.ok("phase" in back.state.machine && back.state.machine.phase === "connecting");
  assert.equal(back.state.control.certificate?.complete, false);
});

test("[R4][R9] who settles what it asked for and reads that it was dropped succeeds nobody", () => {
  const candidate = aCandidate();
  const before = answered(candidate.actions, { kind: "record", record: aRegister() });
  const asks = play(candidate, [before], afterG);
  const alive = heard(serverA, aHello());
  const gone = play(asks, [answered(asks.actions, { kind: "silent" }), alive], afterG);
  const dropped = aRegister({ version: 8, ackSet: [serverA] });
  const read = play(gone, [answered(gone.actions, { kind: "record", record: dropped })], afterG);
  assert.equal(read.state.control.certificate?.complete, false);
  // Or only by what it writes to settle: nothing but the version was different before.
  const written = { ...dropped, version: 9 };
  const complete = { ...read.state.control, certificate: asks.state.control.certificate };
  const settles = { ...read, state: { ...read.state, control: complete } };
  const back = play(settles, [answered(read.actions, { kind: "record", record: written })], afterG);
  assert.equal(back.state.control.candidacy, null);
  assert.equal(back.state.control.certificate?.complete, false);
});

test("[R9] a term that was asked for is settled before the old Main is followed again", () => {
  const candidate = aCandidate();
  const record = aRegister();
  const asks = play(candidate, [answered(candidate.actions, { kind: "record", record })], afterG);
  const alive = heard(serverA, aHello());
  const lost = play(asks, [answered(asks.actions, { kind: "silent" }), alive], afterG);
  assert.ok("phase" in lost.state.machine && lost.state.machine.phase === "candidate");
  const settles = play(lost, [answered(lost.actions, { kind: "record", record })], afterG);
  const request = askedOf(settles.actions);
  assert.ok(request?.kind === "cas" && request.next.owner === serverA && request.next.term === 1);
  const settled = { ...record, version: 8 };
  const back = play(
    settles,
    [answered(settles.actions, { kind: "record", record: settled })],
    afterG,
  );
  assert.equal(back.state.control.candidacy, null);
  assert.ok("phase" in back.state.machine && back.state.machine.phase === "connecting");
});

test("[R9] a crash does not forget a term that was asked for", () => {
  const control = certified({ mode: "witness", candidacy: 2 });
  const reads = play(started({ self: serverB, control }), [tick], 100);
  const record = aRegister({ term: 2, owner: serverB, ackSet: [serverB], version: 8 });
  const taken = play(reads, [answered(reads.actions, { kind: "record", record })], 100);
  assert.equal(taken.state.control.owner, serverB);
});

test("[R9] a register that is older than one seen, or another system's, gives no right", () => {
  const cases = [
    [aRegister({ version: 8 }), "older"],
    [aRegister({ version: 10, systemId: otherSystem }), "other-system"],
  ] as const;
  for (const [record, why] of cases) {
    const control = certified({ mode: "witness", arbiterVersion: 9 });
    const candidate = play(awake(aValidStandby(control), afterG), [tick], afterG);
    const answer = answered(candidate.actions, { kind: "record", record });
    const told = play(candidate, [answer], afterG);
    assert.equal(told.state.arbitration.trouble?.why, why);
    assert.equal(askedOf(told.actions), undefined);
    assert.equal(describe(told.state, afterG, null).cause?.code, `pair.witness-${why}`);
  }
});

test("[R9] a question that nobody answers is asked anew, and its late answer counts for nothing", () => {
  const candidate = aCandidate();
  const late = answered(candidate.actions, { kind: "record", record: aRegister() });
  const later = afterG + 4_100;
  const waiting = play(awake(candidate, later), [tick], later);
  assert.equal(waiting.state.arbitration.trouble?.why, "silent");
  const again = play(awake(waiting, later + 600), [tick], later + 600);
  assert.equal(askedOf(again.actions)?.kind, "read");
  assert.deepEqual(play(again, [late], later + 600).actions, []);
});
