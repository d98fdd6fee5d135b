import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAccepts } from "./accepts.ts";
import type { PairEvent } from "./event.ts";
import {
  ack,
  aControl,
  aHello,
  anOffer,
  aProtectedMain,
  at,
  aValidStandby,
  certified,
  changeover,
  deeds,
  force,
  heard,
  play,
  type Played,
  promote,
  refusalOf,
  saidOf,
  serverA,
  serverB,
  started,
  tick,
  withMachine,
  withPeer,
} from "./fixtures.ts";

function standby(changes: Parameters<typeof certified>[0] = {}): Played {
  return started({ self: serverB, control: certified(changes) });
}

test("[HS3][R4] a certified Standby is promoted while the Main is silent", () => {
  const { state, actions } = play(standby(), [promote]);
  assert.deepEqual(deeds(actions), ["write-control", "record-term", "order-done"]);
  assert.equal(state.control.term, 2);
  assert.equal(state.control.owner, serverB);
  assert.deepEqual(state.control.ackSet, [serverB]);
  assert.equal(state.control.certificate, null);
  assert.notEqual(state.unprotected, null);
});

test("[I5][HS10] a blank server is never promoted, not even by force", () => {
  for (const systemId of [null, aControl().systemId]) {
    const control = { ...aControl(), incarnation: null, owner: null, term: 0, systemId };
    const blank = started({ self: serverB, control });
    const expected = systemId === null ? "pair.blank" : "pair.incomplete";
    assert.equal(refusalOf(play(blank, [promote]).actions), expected);
    assert.equal(refusalOf(play(blank, [force]).actions), expected);
  }
});

test("[HS3] a database that may lack confirmed changes is promoted only by force", () => {
  const dropped = standby({ ackSet: [serverA] });
  assert.equal(refusalOf(play(dropped, [promote]).actions), "pair.incomplete");
  const forced = play(dropped, [force]);
  const record = forced.actions.find((action) => action.kind === "record-term");
  assert.equal(record?.pair.by, "forced-promotion");
});

test("[HS3][R8] a certificate of another generation proves nothing", () => {
  assert.equal(
    refusalOf(play(standby({ incarnation: "second" }), [promote]).actions),
    "pair.incomplete",
  );
});

test("[I5][HS11] an invalid or diverged database is never promoted, not even by force", () => {
  const invalid = withMachine(standby(), {
    duty: "none",
    phase: "invalid",
    code: "x",
    text: "why",
  });
  const diverged = withMachine(standby(), {
    duty: "none",
    phase: "diverged",
    fork: at(3),
    entries: 2,
  });
  assert.equal(refusalOf(play(invalid, [force]).actions), "pair.database-invalid");
  assert.equal(refusalOf(play(diverged, [force]).actions), "pair.diverged");
});

test("[HS3] nobody takes over from a Main that answers, until it was silent for 6 s", () => {
  assert.equal(refusalOf(play(aValidStandby(), [force], 5_999).actions), "pair.main-answers");
  assert.equal(refusalOf(play(aValidStandby(), [promote], 6_000).actions), undefined);
});

test("[HS3] a link that broke a moment ago is no silence, nor is a refusal, but force goes past that", () => {
  const cut: PairEvent = { kind: "link-down", peer: serverA };
  const refusal: PairEvent = { kind: "partner-answered", peer: serverA };
  assert.equal(refusalOf(play(aValidStandby(), [cut, force], 5_999).actions), "pair.main-answers");
  const silent = play(play(aValidStandby(), [cut], 5_000), [refusal], 5_500);
  assert.equal(refusalOf(play(silent, [promote], 6_000).actions), "pair.main-answers");
  assert.equal(refusalOf(play(silent, [force], 6_000).actions), undefined);
});

test("[I19] the term of another system does not count for ours", () => {
  const stranger = withPeer(standby(), serverA, { term: 5_000, incompatible: "other-system" });
  assert.equal(play(stranger, [promote]).state.control.term, 2);
});

test("[HS7][HS20] a Main that waits for a lost partner goes on alone only by force", () => {
  const waiting = started({ control: aControl({ ackSet: [serverA, serverB] }) });
  assert.equal(refusalOf(play(waiting, [promote]).actions), "pair.already-main");
  const alone = play(waiting, [force]);
  assert.deepEqual(deeds(alone.actions), ["write-control", "record-ack-set", "order-done"]);
  assert.deepEqual(alone.state.control.ackSet, [serverA]);
  assert.equal(refusalOf(play(aProtectedMain(), [force]).actions), "pair.already-main");
});

test("[HS6] a changeover is refused with its reason unless target and directions are good", () => {
  const main = aProtectedMain();
  const cut = withPeer(main, serverB, { linkUp: false, complete: true });
  const unfinished = withPeer(main, serverB, { complete: false });
  const oneWay = { ...changeover, directionsOk: false };
  const toItself = { ...changeover, to: serverA };
  assert.equal(refusalOf(play(main, [toItself]).actions), "pair.already-main");
  // A Standby asked to be Main itself, so that whoever asks goes on to the Main.
  assert.equal(refusalOf(play(aValidStandby(), [changeover]).actions), "pair.not-main");
  assert.equal(refusalOf(play(cut, [changeover]).actions), "pair.target-not-valid");
  assert.equal(refusalOf(play(unfinished, [changeover]).actions), "pair.target-not-valid");
  assert.equal(refusalOf(play(main, [oneWay]).actions), "pair.direction-refused");
  assert.equal(refusalOf(play(main, [changeover, changeover]).actions), "pair.busy");
});

test("[HS6][R5] the offer is recorded before it is made, and nothing is taken meanwhile", () => {
  const offered = play(aProtectedMain(), [changeover]);
  assert.deepEqual(deeds(offered.actions), ["write-control", "say handover"]);
  assert.deepEqual(offered.state.control.handover, { term: 2, to: serverB });
  assert.equal(checkAccepts(offered.state)?.mayWait, true);
});

test("[HS6] what is under way is confirmed first, then the term is offered", () => {
  const main = aProtectedMain();
  const busy = { ...main, state: { ...main.state, committed: 4 } };
  const draining = play(withPeer(busy, serverB, { acked: at(4), sent: 5, complete: true }), [
    changeover,
  ]);
  assert.deepEqual(deeds(draining.actions), []);
  const confirmed = play(draining, [ack(5)]);
  assert.deepEqual(deeds(confirmed.actions), ["commit", "write-control", "say handover"]);
});

test("[HS6][HS9] the target takes the next term, and the old Main becomes its Standby", () => {
  const taken = play(aValidStandby(), [heard(serverA, anOffer())]);
  assert.deepEqual(deeds(taken.actions), ["write-control", "record-term", "say hello"]);
  assert.deepEqual(taken.state.control.ackSet, [serverB, serverA]);
  const handed = play(aProtectedMain(), [
    changeover,
    heard(serverB, aHello({ term: 2, owner: serverB })),
  ]);
  assert.equal(handed.state.machine.duty, "standby");
  assert.ok(deeds(handed.actions).includes("order-done"));
  assert.equal(saidOf(handed.actions, "follow")?.term, 2);
});

test("[HS6] a target that is not at the head, not complete or not next refuses", () => {
  const incomplete = aValidStandby(certified({ ackSet: [serverA] }));
  for (const [target, said] of [
    [aValidStandby(), anOffer({ head: at(6) })],
    [aValidStandby(), anOffer({ term: 3 })],
    [incomplete, anOffer()],
  ] as const) {
    const { state, actions } = play(target, [heard(serverA, said)]);
    assert.deepEqual(deeds(actions), ["say handover-refused"]);
    assert.equal(state.control.term, 1);
  }
});

test("[HS6] a drain that cannot start in 10 s is given up; an offered term only by the target", () => {
  const main = aProtectedMain();
  const busy = { ...main, state: { ...main.state, committed: 4 } };
  const given = play(play(busy, [changeover]), [tick], 10_000);
  assert.equal(refusalOf(given.actions), "pair.changeover-failed");
  assert.equal(checkAccepts(given.state), undefined);

  const unknown = play(play(main, [changeover]), [tick], 10_000);
  assert.equal(refusalOf(unknown.actions), "pair.changeover-unknown");
  assert.notEqual(saidOf(unknown.actions, "handover-cancel"), undefined);
  assert.equal(checkAccepts(unknown.state)?.refusal.code, "pair.draining");
  const back = play(unknown, [
    heard(serverB, {
      kind: "handover-refused",
      term: 2,
      round: 1,
      reason: "the offer was withdrawn",
    }),
  ]);
  assert.equal(back.state.control.handover, null);
  assert.equal(checkAccepts(back.state), undefined);
});

test("[HS6] a withdrawn offer is answered by whether the term was taken", () => {
  const cancel = heard(serverA, { kind: "handover-cancel", term: 2, round: 1 });
  const standing = play(aValidStandby(), [cancel]);
  assert.notEqual(saidOf(standing.actions, "handover-refused"), undefined);
  const taken = play(aValidStandby(), [heard(serverA, anOffer()), cancel]);
  assert.equal(saidOf(taken.actions, "handover-refused"), undefined);
});

test("[R5][HS6] an answer to an offer that was taken back says nothing of the next one", () => {
  const refusal = { kind: "handover-refused", term: 2, round: 1, reason: "withdrawn" } as const;
  const cancelled = play(play(aProtectedMain(), [changeover]), [tick], 10_000);
  assert.equal(saidOf(cancelled.actions, "handover-cancel")?.round, 1);
  // One for the offer, one for its cancel; the operator orders again between them.
  const again = play(cancelled, [heard(serverB, refusal), changeover], 10_000);
  assert.equal(saidOf(again.actions, "handover")?.round, 2);
  const late = play(again, [heard(serverB, refusal)], 10_000);
  assert.equal(checkAccepts(late.state)?.refusal.code, "pair.draining");
  const back = play(late, [heard(serverB, { ...refusal, round: 2 })], 10_000);
  assert.equal(checkAccepts(back.state), undefined);
});

test("[R5][HS6] a target answers with the number of the offer", () => {
  const refused = play(aValidStandby(), [heard(serverA, anOffer({ round: 7, head: at(6) }))]);
  assert.equal(saidOf(refused.actions, "handover-refused")?.round, 7);
  const cancel = { kind: "handover-cancel", term: 2, round: 8 } as const;
  const withdrawn = play(aValidStandby(), [heard(serverA, cancel)]);
  assert.equal(saidOf(withdrawn.actions, "handover-refused")?.round, 8);
  const asks = play(aValidStandby(certified({ mode: "witness" })), [
    heard(serverA, anOffer({ round: 7, mode: "witness" })),
  ]);
  const asked = asks.actions.findLast((action) => action.kind === "ask-arbiter");
  assert.ok(asked);
  const silent = { kind: "arbiter-answered", id: asked.id, answer: { kind: "silent" } } as const;
  const gone = play(asks, [silent]);
  assert.equal(saidOf(gone.actions, "handover-refused")?.round, 7);
});
