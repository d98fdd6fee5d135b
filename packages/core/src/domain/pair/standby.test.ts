import assert from "node:assert/strict";
import { test } from "node:test";
import type { ControlRecord } from "../control-record.ts";
import type { PairEvent } from "./event.ts";
import {
  aControl,
  aHello,
  aHistory,
  anEntry,
  at,
  aValidStandby,
  certified,
  deeds,
  digest,
  heard,
  play,
  type Played,
  saidOf,
  serverA,
  serverB,
  started,
} from "./fixtures.ts";
import { checkPromote } from "./orders.ts";
import { isComplete } from "./turn.ts";

const generationReady: PairEvent = {
  kind: "generation-ready",
  incarnation: "second",
  position: at(9),
  digest,
};

function aBlankServer(): Played {
  const control = aControl({
    nodeId: serverB,
    incarnation: null,
    ackSet: [],
    owner: serverA,
    term: 1,
  });
  return started({ self: serverB, control, head: at(0), committed: 0 });
}

test("[R1][HS8] entries are written before they are confirmed, and seen only when committed", () => {
  const entries = [anEntry(at(6), at(5)), anEntry(at(7), at(6))];
  const message = { kind: "entries", term: 1, entries, committed: 6 } as const;
  const { state, actions } = play(aValidStandby(), [heard(serverA, message)]);
  assert.deepEqual(deeds(actions), ["append", "say ack", "commit"]);
  assert.equal(saidOf(actions, "ack")?.head.seq, 7);
  assert.equal(state.committed, 6);
});

test("[HS2] a hole or another history in what comes is not written but asked for again", () => {
  for (const entry of [anEntry(at(7), at(6)), anEntry(at(6), at(5, 1, 9))]) {
    const message = { kind: "entries", term: 1, entries: [entry], committed: 5 } as const;
    const { actions } = play(aValidStandby(), [heard(serverA, message)]);
    assert.deepEqual(deeds(actions), ["say follow"]);
    // Whose term it is of: two may have taken one of this number.
    assert.equal(saidOf(actions, "follow")?.owner, serverA);
  }
});

test("[R8][HS3] the certificate comes last, on the word of the Main, who hears of it at once", () => {
  const standby = aValidStandby(certified({ certificate: null, ackSet: [] }));
  const admit = { kind: "admit", term: 1, ackSet: [serverA, serverB] } as const;
  const { state, actions } = play(standby, [heard(serverA, admit)]);
  assert.deepEqual(deeds(actions), ["write-control", "say heartbeat"]);
  assert.equal(isComplete(state), true);
  assert.deepEqual(state.control.certificate?.position, at(5));
});

test("[R8][HS3] who is told that it left the set is complete no more, durably", () => {
  const { state, actions } = play(aValidStandby(), [heard(serverA, aHello({ ackSet: [serverA] }))]);
  assert.equal(deeds(actions)[0], "write-control");
  assert.equal(isComplete(state), false);
  assert.equal(state.control.certificate?.complete, false);
});

test("[R3][HS11] a Standby whose state is not the Main's says so and becomes invalid", () => {
  const prove = { kind: "prove", term: 1, position: at(5), digest: "e".repeat(64) } as const;
  const { state, actions } = play(aValidStandby(), [heard(serverA, prove)]);
  assert.deepEqual(deeds(actions), ["say proof", "write-control"]);
  assert.equal(saidOf(actions, "proof")?.digest, digest);
  assert.equal(state.control.certificate, null);
  assert.equal(state.machine.duty === "none" && state.machine.phase, "invalid");
});

/** Standby B at change 8, told that the Main has changes 7 and 9 of another term. */
function forkedAfterSix(control: ControlRecord, committed: number): readonly [Played, PairEvent] {
  const standby = aValidStandby(control);
  const tailed = { ...standby, state: { ...standby.state, head: at(8), committed } };
  const between = [at(6), at(7, 2), at(8, 2)];
  const { term } = control;
  const forked = { kind: "forked", term, points: [at(6), at(9, 2)], between } as const;
  return [tailed, heard(serverA, forked)];
}

test("[R10][HS9] a tail that nobody confirmed is exported before it is cut, and followed on", () => {
  const [tailed, forked] = forkedAfterSix(certified({ term: 2, owner: serverA }), 5);
  const { state, actions } = play(tailed, [forked], 0, aHistory(at(8)));
  assert.deepEqual(deeds(actions), ["write-control", "export-tail", "truncate", "say follow"]);
  assert.deepEqual(state.head, at(6));
  assert.deepEqual(state.control.highest, at(6), "the record is never ahead of the journal");
  assert.equal(state.control.certificate, null);
});

test("[R10][R17][HS9] a tail that may have been confirmed is exported, and the Main copied beside it", () => {
  for (const [control, committed, rest] of [
    [certified({ term: 2, owner: serverA, ackSet: [serverB] }), 5, "unknown"],
    [certified({ term: 2 }), 7, "unknown"],
    [certified({ term: 2, owner: serverA, doubtedUpTo: 7 }), 5, "unknown"],
    [certified({ term: 1_000, owner: serverA }), 5, "unknown"],
  ] as const) {
    const [tailed, forked] = forkedAfterSix(control, committed);
    const { state, actions } = play(tailed, [forked], 0, aHistory(at(8)));
    assert.deepEqual(deeds(actions), ["write-control", "export-tail", "say follow"]);
    assert.equal(state.control.certificate, null);
    assert.equal(saidOf(actions, "follow")?.head.seq, 0);
    assert.deepEqual(
      actions.find((action) => action.kind === "export-tail"),
      {
        kind: "export-tail",
        tail: {
          after: at(6),
          upTo: at(8),
          acknowledged: committed,
          rest,
          theirs: [at(6), at(9, 2)],
        },
      },
    );
    assert.equal(state.machine.duty === "none" && state.machine.phase, "diverged");
    assert.deepEqual(state.head, at(8), "nothing is cut before the copy is verified");
    const copying = play({ state, actions: [] }, [{ kind: "snapshot-begun", bytesTotal: 10 }]);
    assert.deepEqual(deeds(play(copying, [generationReady]).actions), [
      "write-control",
      "swap-generation",
      "say follow",
    ]);
  }
});

test("[R10][I15] what came here as a copy, without entries, is not given up before a person has looked", () => {
  const [tailed, forked] = forkedAfterSix(certified({ term: 1_000, owner: serverA }), 8);
  const copied = (first: number) => ({ ...aHistory(at(8)), first: () => first });
  const { state, actions } = play(tailed, [forked], 0, copied(8));
  assert.deepEqual(deeds(actions), ["write-control"]);
  assert.equal(state.control.certificate, null);
  const { machine } = state;
  assert.ok(machine.duty === "none" && machine.phase === "invalid");
  assert.equal(machine.code, "journal.unlisted");
  assert.match(machine.text, /other changes after 6 .* lists its own from 8 on/);
  const listed = play(tailed, [forked], 0, copied(7));
  assert.deepEqual(deeds(listed.actions), ["write-control", "export-tail", "say follow"]);
});

test("[R10][HS9] a fork that was left behind already is not left twice", () => {
  const [tailed, forked] = forkedAfterSix(certified({ term: 2, owner: serverA }), 5);
  const copied = { ...tailed, state: { ...tailed.state, head: at(6), committed: 6 } };
  const { state, actions } = play(copied, [forked], 0, aHistory(at(6)));
  assert.deepEqual(deeds(actions), ["say follow"]);
  assert.ok("phase" in state.machine && state.machine.phase === "following");
});

test("[R10][HS9] a fork between two places shown is asked for before anything is done", () => {
  const [tailed] = forkedAfterSix(certified({ term: 2, owner: serverA }), 5);
  const points = [at(2), at(9, 2)];
  const forked = heard(serverA, { kind: "forked", term: 2, points, between: null });
  const { actions } = play(tailed, [forked], 0, aHistory(at(8)));
  assert.deepEqual(actions, [
    { kind: "send", to: serverA, message: { kind: "compare", term: 2, low: 2, high: 9 } },
  ]);
});

test("[R10][HS9] a diverged server asks again as long as it hears the Main, and is never promoted", () => {
  const [tailed, forked] = forkedAfterSix(certified({ term: 2, owner: serverA, ackSet: [] }), 8);
  const diverged = play(tailed, [forked], 0, aHistory(at(8)));
  assert.equal(checkPromote(diverged.state, 10_000, true)?.code, "pair.diverged");
  const hello = heard(serverA, aHello({ term: 2 }));
  assert.deepEqual(deeds(play(diverged, [hello]).actions), ["say follow"]);
  const again = play(diverged, [hello, forked], 0, aHistory(at(8)));
  assert.deepEqual(deeds(again.actions), ["write-control", "export-tail", "say follow"]);
});

test("[R10][HS14] a diverged server follows a later Main that has what the one before it lacked", () => {
  const [tailed, forked] = forkedAfterSix(certified({ term: 2, owner: serverA, ackSet: [] }), 8);
  const diverged = play(tailed, [forked], 0, aHistory(at(8)));
  const entries = { kind: "entries", term: 2, entries: [], committed: 8 } as const;
  const back = play(diverged, [heard(serverA, entries)], 0, aHistory(at(8)));
  assert.ok(back.state.machine.duty === "standby" && back.state.machine.phase === "following");
  assert.deepEqual(deeds(back.actions).slice(0, 1), ["say ack"]);
});

test("[HS2][R8] a first pass becomes current when it is verified, and is not complete yet", () => {
  const begun = play(aBlankServer(), [
    heard(serverA, aHello({ ackSet: [serverA] })),
    { kind: "snapshot-begun", bytesTotal: 10 },
    { kind: "snapshot-progress", bytesDone: 4, bytesTotal: 12 },
  ]);
  assert.equal(begun.state.control.incarnation, null);
  const { state, actions } = play(begun, [generationReady]);
  assert.deepEqual(deeds(actions), ["write-control", "swap-generation", "say follow"]);
  assert.equal(state.control.incarnation, "second");
  assert.equal(isComplete(state), false);
  assert.deepEqual(state.head, at(9));
});

test("[HS4][I7] a first pass that broke off leaves what was there before", () => {
  const begun: PairEvent = { kind: "snapshot-begun", bytesTotal: 10 };
  const failed: PairEvent = { kind: "snapshot-failed" };
  assert.deepEqual(play(aBlankServer(), [begun, failed]).state.machine, {
    duty: "none",
    phase: "blank",
  });
  const old = play(aValidStandby(), [begun, failed]).state;
  assert.equal(old.control.incarnation, "first");
  assert.deepEqual(old.machine, { duty: "standby", phase: "connecting" });
});

test("[R8][HS8] a Standby with a full disk leaves the set durably before it says so", () => {
  const { state, actions } = play(aValidStandby(), [{ kind: "disk-full" }]);
  assert.deepEqual(deeds(actions), ["write-control", "say leaving"]);
  assert.deepEqual(state.control.ackSet, [serverA]);
  assert.equal(isComplete(state), false);
});

test("[HS2] a Standby that hears its Main without following it asks it to introduce itself", () => {
  const connecting = started({ self: serverB, control: certified() });
  const { duty, term, owner, head, committed, complete } = aHello();
  const beat = { kind: "heartbeat", duty, term, owner, head, committed, complete } as const;
  // Just connected, it has said its word and waits: heartbeats may have stood behind a first pass.
  assert.deepEqual(deeds(play(connecting, [heard(serverA, beat)]).actions), []);
  assert.deepEqual(deeds(play(connecting, [heard(serverA, beat)], 1_000).actions), ["say hello"]);
});
