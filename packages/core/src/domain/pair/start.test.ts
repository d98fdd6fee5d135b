import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAccepts } from "./accepts.ts";
import { checkPromote } from "./orders.ts";
import {
  aControl,
  at,
  certified,
  deeds,
  play,
  serverA,
  serverB,
  started,
  tick,
} from "./fixtures.ts";

test("[R5] the owner of the term resumes it with the next start number and mints no term", () => {
  const { state, actions } = started();
  assert.deepEqual(deeds(actions), ["write-control"]);
  assert.equal(state.control.term, 1);
  assert.equal(state.control.start, 2);
  assert.deepEqual(state.machine, { duty: "main", phase: "serving", admitting: null });
});

test("[R8] a Main has no certificate: nobody vouches for it", () => {
  const { state } = started({ control: certified({ nodeId: serverA, owner: serverA }) });
  assert.equal(state.control.certificate, null);
});

test("[R2][HS20] a resumed Main obeys the ack set that was recorded", () => {
  const { state } = started({
    control: aControl({ ackSet: [serverA, serverB] }),
    head: at(7),
    committed: 5,
  });
  assert.deepEqual(state.control.ackSet, [serverA, serverB]);
  assert.equal(state.committed, 5, "what B may not hold is not visible");
});

test("[R1] a Main whose recorded set is itself alone commits all that it holds", () => {
  assert.equal(started({ head: at(7), committed: 5 }).state.committed, 7);
});

test("[R11] a resumed Main drops nobody before it heard it: it may own a higher term", () => {
  const main = started({ control: aControl({ ackSet: [serverA, serverB] }) });
  const later = play(main, [tick], 60_000);
  assert.deepEqual(later.state.control.ackSet, [serverA, serverB]);
});

test("[R5][HS9] whoever does not own the term starts as Standby", () => {
  const { state, actions } = started({ self: serverB, control: certified() });
  assert.deepEqual(state.machine, { duty: "standby", phase: "connecting" });
  assert.deepEqual(actions, []);
});

test("[HS10] a server without a database starts blank", () => {
  const control = aControl({ incarnation: null, owner: null, term: 0 });
  assert.deepEqual(started({ control }).state.machine, { duty: "none", phase: "blank" });
});

test("[HS11] an unusable database is a state with its reason, and no start", () => {
  const fault = { code: "journal.chain-broken", text: "at 4" };
  const { state, actions } = started({ fault });
  assert.deepEqual(state.machine, { duty: "none", phase: "invalid", ...fault });
  assert.deepEqual(actions, []);
  assert.equal(checkPromote(state, 0, true)?.code, "pair.database-invalid");
});

test("[R8][HS3] nothing vouches for an unusable database, nor for what is put in its place", () => {
  const fault = { code: "journal.chain-broken", text: "at 4" };
  const { state, actions } = started({ self: serverB, control: certified(), fault });
  assert.deepEqual(deeds(actions), ["write-control"]);
  assert.equal(state.control.certificate, null);
});

test("[R5] a Main that offered its term stays draining after a restart", () => {
  const { state } = started({ control: aControl({ handover: { term: 2, to: serverB } }) });
  assert.deepEqual(state.machine, {
    duty: "main",
    phase: "draining",
    to: serverB,
    since: 0,
    offered: true,
  });
  assert.equal(checkAccepts(state)?.refusal.code, "pair.draining");
});

test("[R12][HS19] a term that a crash kept out of the journal is recorded before any change", () => {
  const main = started({ control: aControl({ term: 2 }), recorded: null });
  assert.equal(checkAccepts(main.state)?.mayWait, true);
  const later = play(main, [tick]);
  assert.deepEqual(deeds(later.actions), ["record-term"]);
  assert.equal(checkAccepts(later.state), undefined);
});

test("[R12] a narrowing that a crash kept out of the journal is told with its reason", () => {
  const { state } = started({
    recorded: {
      term: 1,
      owner: serverA,
      by: "creation",
      since: 0,
      ackSet: [serverA, serverB],
      mode: "manual" as const,
      unprotected: null,
    },
  });
  assert.match(state.unprotected?.reason ?? "", /went on alone/);
  assert.equal(state.unrecorded, true);
});

test("[R17][HS11] a Main whose control record lost a slot counts everybody who may be in the set", () => {
  const { state } = started({ isDoubtful: true, head: at(7), committed: 5 });
  assert.deepEqual(state.control.ackSet, [serverA, serverB]);
  assert.equal(state.control.doubtedUpTo, 7, "its set proves nothing of what is there");
  assert.equal(state.committed, 5, "what B may have to hold is not visible");
  assert.deepEqual(state.control.highest, at(7), "the journal knows what is there");
});

test("[R17][HS11] that a lost slot may have named the database outlasts the next write", () => {
  const control = aControl({ incarnation: null });
  const fault = { code: "journal.unreadable", text: "the other slot names no database" };
  const { state, actions } = started({ control, fault, isDoubtful: true, recorded: null });
  assert.equal(state.control.lostName, true);
  assert.deepEqual(deeds(actions), ["write-control"]);
  const cleared = started({ control: state.control, recorded: null });
  assert.equal(cleared.state.control.lostName, false, "what lay there was put aside");
});

test("[R17] the journal tells the term and the start that a lost slot told", () => {
  const recorded = {
    term: 3,
    owner: serverB,
    by: "promotion",
    since: 1,
    ackSet: [serverB],
  } as const;
  const found = {
    recorded: { ...recorded, mode: "manual", unprotected: null },
    head: at(7, 3),
  } as const;
  const control = certified();
  const { state } = started({ self: serverB, control, isDoubtful: true, ...found });
  const { term, owner, start, certificate } = state.control;
  assert.deepEqual([term, owner, start, certificate], [3, serverB, 2, null]);
  assert.equal(state.machine.duty, "main");
  const asA = started({ control: aControl(), isDoubtful: true, ...found });
  assert.deepEqual(asA.state.machine, { duty: "standby", phase: "connecting" });
});

test("[R17][R8] a Standby whose control record lost a slot is certified by nobody", () => {
  const { state, actions } = started({ self: serverB, control: certified(), isDoubtful: true });
  assert.equal(state.control.certificate, null);
  assert.deepEqual(deeds(actions), ["write-control"]);
});
