import assert from "node:assert/strict";
import { test } from "node:test";
import { systemId } from "../../base/identity.ts";
import { checkAccepts } from "./accepts.ts";
import {
  aHello,
  aProtectedMain,
  at,
  aValidStandby,
  deeds,
  force,
  heard,
  play,
  promote,
  refusalOf,
  saidOf,
  serverA,
  serverB,
} from "./fixtures.ts";
import { inPhase, withControl } from "./phase-fixtures.ts";
import { timersOf } from "./timing.ts";

const higher = aHello({ term: 2, owner: serverB });

test("[R18][HS7] a Main gives up, beats and vouches in less time than its Standby takes to suspect it", () => {
  const { state } = aProtectedMain();
  const slow = { state: { ...state, timers: timersOf(60_000) }, actions: [] };
  const hello = aHello({ duty: "standby", complete: true, suspectAfter: 600 });
  const { timers } = play(slow, [heard(serverB, hello)]).state;
  assert.deepEqual(timers, { ...timersOf(600), suspect: 60_000, standstill: 20_000 });
  const patient = aHello({ duty: "standby", complete: true, suspectAfter: 60_000 });
  assert.deepEqual(play(aProtectedMain(), [heard(serverB, patient)]).state.timers, timersOf(6_000));
});

test("[R18][HS14] nobody hurries for a permanent Standby; what is set anew counts from its next word", () => {
  const hello = { duty: "standby", complete: true } as const;
  const hasty = aHello({ ...hello, suspectAfter: 600 });
  const { state } = aProtectedMain();
  const kinds = new Map([[serverB, "permanent"]] as const);
  const permanent = play({ state: { ...state, kinds }, actions: [] }, [heard(serverB, hasty)]);
  assert.deepEqual(permanent.state.timers, timersOf(6_000));
  const again = heard(serverB, aHello({ ...hello, suspectAfter: 6_000 }));
  assert.deepEqual(
    play(aProtectedMain(), [heard(serverB, hasty), again]).state.timers,
    timersOf(6_000),
  );
});

test("[R7][I16][HS9] a higher term fences a Main before it hears anything else", () => {
  const { state, actions } = play(aProtectedMain(), [
    heard(serverB, { ...higher, duty: "standby" }),
  ]);
  assert.deepEqual(deeds(actions), ["write-control", "abandon-waiting"]);
  assert.equal(state.control.term, 2);
  assert.equal(checkAccepts(state)?.refusal.code, "pair.fenced");
});

test("[R7][HS9] a fenced Main follows the new one by itself", () => {
  const { state, actions } = play(aProtectedMain(), [heard(serverB, higher)]);
  assert.equal(saidOf(actions, "follow")?.term, 2);
  assert.equal(checkAccepts(state)?.refusal.code, "pair.not-main");
});

test("[R7] who speaks of a lower term is told the higher one and not obeyed", () => {
  const main = play(aProtectedMain(), [heard(serverB, aHello({ term: 0, owner: serverB }))]);
  assert.deepEqual(deeds(main.actions), ["say hello"]);
  const stale = play(aValidStandby(), [
    heard(serverA, { kind: "entries", term: 0, entries: [], committed: 9 }),
  ]);
  assert.deepEqual(stale.actions, []);
});

test("[R7][I17] one term of two owners stops a Main until a person decides", () => {
  const both = play(aProtectedMain(), [heard(serverB, aHello({ owner: serverB }))]);
  assert.equal(both.state.machine.duty === "none" && both.state.machine.phase, "two-mains");
  assert.deepEqual(deeds(both.actions), ["abandon-waiting", "say hello"]);
  assert.equal(checkAccepts(both.state)?.refusal.code, "pair.not-main");
  const decided = play(both, [force], 7_000);
  assert.equal(refusalOf(decided.actions), undefined);
  assert.equal(decided.state.control.term, 2);
});

test("[R7] the loser of two Mains follows the term that a person chose", () => {
  const both = play(aProtectedMain(), [heard(serverB, aHello({ owner: serverB }))]);
  assert.equal(play(both, [heard(serverB, higher)]).state.machine.duty, "standby");
});

test("[I19][HS10] a server of another system is heard no further and gets nothing", () => {
  const strange = aHello({ systemId: systemId("theirs"), term: 9, owner: serverB, duty: "main" });
  const met = play(aProtectedMain(), [heard(serverB, strange)]);
  assert.equal(met.state.control.term, 1);
  assert.equal(met.state.peers.get(serverB)?.incompatible, "other-system");
  const follow = play(met, [heard(serverB, { kind: "follow", term: 1, head: at(0), owner: null })]);
  assert.deepEqual(follow.actions, []);
});

test("[I19] a server that speaks another version of the conversation gets nothing", () => {
  const met = play(aProtectedMain(), [heard(serverB, aHello({ version: 2 }))]);
  assert.equal(met.state.peers.get(serverB)?.incompatible, "other-version");
  assert.deepEqual(met.actions, []);
});

test("[R16][R7] a higher term fences a Main also when it is said in another version", () => {
  const said = { ...higher, version: 2, duty: "main" } as const;
  const { state } = play(aProtectedMain(), [heard(serverB, said)]);
  assert.deepEqual([state.control.term, state.machine.duty], [2, "fenced"]);
  const both = aHello({ owner: serverB, version: 2 });
  const two = play(aProtectedMain(), [heard(serverB, both)]).state.machine;
  assert.equal(two.duty === "none" && two.phase, "two-mains");
});

test("[R16][HS3] a Standby whose Main speaks another version is complete no more, and follows later", () => {
  const met = play(aValidStandby(), [heard(serverA, aHello({ version: 2 }))]);
  assert.equal(met.state.control.certificate?.complete, false);
  assert.equal(saidOf(met.actions, "follow"), undefined);
  assert.equal(met.state.machine.duty, "standby");
  const promoted = play(met, [promote], 60_000);
  assert.equal(refusalOf(promoted.actions), "pair.incomplete");
  const upgraded = play(met, [heard(serverA, aHello({}))]);
  assert.equal(saidOf(upgraded.actions, "follow")?.term, 1);
});

test("[I19][HS20] a server that forgot its system learns it from its Main, and of no other", () => {
  const forgot = withControl(inPhase("blank"), { systemId: null, term: 0, owner: null });
  const learned = play(forgot, [heard(serverA, aHello())]);
  assert.equal(learned.state.control.systemId, "ours");
  const other = aHello({ systemId: systemId("theirs") });
  assert.equal(play(learned, [heard(serverA, other)]).state.control.systemId, "ours");
  const standby = aHello({ duty: "standby" });
  assert.equal(play(forgot, [heard(serverA, standby)]).state.control.systemId, null);
});
