import assert from "node:assert/strict";
import { test } from "node:test";
import { describe } from "./describe.ts";
import {
  aControl,
  aHello,
  anOffer,
  aProtectedMain,
  at,
  aValidStandby,
  certified,
  deeds,
  force,
  heard,
  play,
  promote,
  refusalOf,
  saidOf,
  serverA,
  serverB,
  started,
  tick,
  withPeer,
} from "./fixtures.ts";
import { withControl } from "./phase-fixtures.ts";

const on = { kind: "order-maintenance", isOn: true } as const;
const off = { kind: "order-maintenance", isOn: false } as const;

test("[HS18][R2] a Standby leaves durably before it says so, and follows nobody until put back", () => {
  const out = play(aValidStandby(), [on]);
  assert.deepEqual(deeds(out.actions), ["write-control", "say leaving", "order-done"]);
  assert.deepEqual(out.state.control.ackSet, [serverA]);
  assert.equal(out.state.control.certificate?.complete, false);
  const { state, remedy } = describe(out.state, 0, null);
  assert.equal(state, "maintenance");
  assert.match(remedy ?? "", /maintenance off/);
  const deaf = play(out, [heard(serverA, aHello({ ackSet: [serverA] }))]);
  assert.deepEqual(deaf.actions, []);
  const back = play(deaf, [off]);
  assert.deepEqual(deeds(back.actions), ["write-control", "say hello", "order-done"]);
  assert.ok("phase" in back.state.machine && back.state.machine.phase === "connecting");
});

test("[HS18] a Main that still counts it is told again", () => {
  const out = play(aValidStandby(), [on, heard(serverA, aHello())]);
  assert.equal(saidOf(out.actions, "leaving")?.reason, "maintenance");
});

test("[HS18] a Main lets a Standby that left go at once, in every mode", () => {
  for (const mode of ["manual", "witness", "pair"] as const) {
    const main = withControl(aProtectedMain(), { mode });
    const leaving = { kind: "leaving", term: 1, reason: "maintenance" } as const;
    const alone = play(main, [heard(serverB, leaving)]);
    assert.deepEqual(alone.state.control.ackSet, [serverA]);
    assert.match(alone.state.unprotected?.reason ?? "", /maintenance/);
  }
});

test("[HS18][PD10] while a Standby is out its Main says so, and that it waits for a person", () => {
  const leaving = { kind: "leaving", term: 1, reason: "maintenance" } as const;
  const alone = play(aProtectedMain(), [heard(serverB, leaving)]);
  const { cause, remedy } = describe(alone.state, 0, null);
  assert.match(cause?.text ?? "", /B signed off: maintenance\. B answers, and does not follow\./);
  assert.match(remedy ?? "", /maintenance off/);
  const back = play(alone, [heard(serverB, { kind: "follow", term: 1, head: at(4), owner: null })]);
  assert.match(describe(back.state, 0, null).cause?.text ?? "", /B follows again/);
});

test("[HS5] who signed off and follows on what was under way is asked to follow anew", () => {
  const leaving = { kind: "leaving", term: 1, reason: "maintenance" } as const;
  const alone = play(aProtectedMain(), [heard(serverB, leaving)]);
  const ack = heard(serverB, { kind: "ack", term: 1, head: at(5) });
  const asked = play(alone, [ack]);
  assert.deepEqual(saidOf(asked.actions, "hello")?.ackSet, [serverA]);
  const back = play(asked, [heard(serverB, { kind: "follow", term: 1, head: at(5), owner: null })]);
  assert.equal(play(back, [ack]).actions.length, 0);
});

test("[HS18] maintenance outlives a restart and a change of Main", () => {
  const control = certified({ maintenance: { since: 1 }, ackSet: [serverA] });
  const { state, actions } = started({ self: serverB, control });
  assert.equal(describe(state, 0, null).state, "maintenance");
  const later = play({ state, actions }, [heard(serverA, aHello({ term: 5 }))]);
  assert.equal(describe(later.state, 0, null).state, "maintenance");
});

test("[HS18] a Main is not taken out, and nobody twice", () => {
  assert.equal(refusalOf(play(aProtectedMain(), [on]).actions), "pair.maintenance-main");
  assert.equal(refusalOf(play(aValidStandby(), [off]).actions), "pair.unchanged");
  assert.equal(refusalOf(play(aValidStandby(), [on, on]).actions), "pair.unchanged");
  const blank = started({ control: aControl({ incarnation: null, owner: null }) });
  assert.equal(refusalOf(play(blank, [on]).actions), "pair.busy");
});

test("[HS18][R9] a candidate whose witness is gone is taken out, and put back follows its Main", () => {
  const asking = started({ self: serverB, control: certified({ mode: "witness", candidacy: 2 }) });
  const asked = play(withPeer(asking, serverA, { duty: "main" }), [tick]);
  assert.equal(asked.state.arbitration.asked?.id, 1);
  const out = play(asked, [on]);
  assert.deepEqual(deeds(out.actions), ["write-control", "say leaving", "order-done"]);
  assert.equal(out.state.control.candidacy, null);
  assert.equal(out.state.control.certificate?.complete, false);
  assert.equal(out.state.arbitration.goal, null);
  const ackSet = [serverA];
  const back = play(out, [off, heard(serverA, aHello({ ackSet }))]);
  assert.notEqual(saidOf(back.actions, "follow"), undefined);
  // What the witness says too late makes it no Main.
  const { control, head: floor } = back.state;
  const { systemId } = control;
  assert.ok(systemId !== null);
  const record = { systemId, version: 8, term: 2, owner: serverB, ackSet, floor };
  const late = play(back, [
    { kind: "arbiter-answered", id: 1, answer: { kind: "record", record } },
  ]);
  assert.equal(late.state.machine.duty, "standby");
  // Nor what the old Main says, which heard of the grant and stopped: that one has every change.
  const stopped = aHello({ duty: "fenced", term: 2, owner: serverB, ackSet });
  const told = play(late, [heard(serverA, stopped)], 60_000);
  assert.deepEqual([told.state.machine.duty, told.state.control.term], ["standby", 1]);
  assert.equal(refusalOf(play(told, [promote], 120_000).actions), "pair.incomplete");
});

test("[HS18][R9] a Main that stopped for a term that nobody uses says so, and goes on by force", () => {
  const main = aProtectedMain();
  const fenced = play(main, [heard(serverB, aHello({ duty: "fenced", term: 2, owner: serverB }))]);
  const idle = withPeer(fenced, serverB, { duty: "standby", term: 1 });
  const { cause, remedy } = describe(idle.state, 0, null);
  assert.match(cause?.text ?? "", /B was given the higher term 2, and is not Main/);
  assert.match(remedy ?? "", /promote --force/);
  const again = play(idle, [force], 0);
  assert.deepEqual([again.state.machine.duty, again.state.control.owner], ["main", serverA]);
  const works = withPeer(fenced, serverB, { duty: "main", term: 2 });
  assert.match(describe(works.state, 0, null).remedy ?? "", /^Nothing if B runs/);
});

test("[HS18][HS6] in maintenance an offer is refused, so that the Main need not wait for its word", () => {
  const out = play(aValidStandby(), [on]);
  const offer = anOffer({ round: 4 });
  const cancel = { kind: "handover-cancel", term: 2, round: 4 } as const;
  for (const said of [offer, cancel]) {
    assert.equal(saidOf(play(out, [heard(serverA, said)]).actions, "handover-refused")?.round, 4);
  }
});
