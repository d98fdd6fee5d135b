import assert from "node:assert/strict";
import { test } from "node:test";
import { systemId as aSystem } from "../../base/identity.ts";
import type { ArbiterAnswer, ArbiterRecord } from "../arbiter.ts";
import type { ArbitrationMode } from "../arbitration-mode.ts";
import { checkAccepts } from "./accepts.ts";
import { describe } from "./describe.ts";
import type { PairAction, PairEvent } from "./event.ts";
import {
  ack,
  aControl,
  aHello,
  anEntry,
  aProtectedMain,
  at,
  aValidStandby,
  certified,
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
  withPeer,
} from "./fixtures.ts";
import { type Peer, strangerPeer } from "./pair-state.ts";
import { withControl } from "./phase-fixtures.ts";

const otherSystem = aSystem("theirs");
/** Later than a silent server is given up, and suspected (D and G of the usual timers). */
const [afterD, afterG] = [4_500, 6_500];

function aRegister(changes: Partial<ArbiterRecord> = {}): ArbiterRecord {
  const { systemId } = aControl();
  assert.ok(systemId !== null);
  const ackSet = [serverA, serverB];
  return { systemId, version: 7, term: 1, owner: serverA, ackSet, floor: at(5), ...changes };
}

/** The question that was asked last, answered. */
function answered(
  actions: readonly PairAction[],
  answer: ArbiterAnswer | { readonly kind: "silent" },
): PairEvent {
  const asked = actions.findLast((action) => action.kind === "ask-arbiter");
  assert.ok(asked, "the witness was asked");
  return { kind: "arbiter-answered", id: asked.id, answer };
}

function askedOf(actions: readonly PairAction[]) {
  return actions.findLast((action) => action.kind === "ask-arbiter")?.request;
}

/** Main A whose Standby keeps the rights of this mode, unless said otherwise. */
function aMain(mode: ArbitrationMode, peer: Partial<Peer> = {}): Played {
  const main = withControl(aProtectedMain(), { mode });
  const rights = { round: 1, told: mode, kept: mode, at: 0 };
  return withPeer(main, serverB, { ...main.state.peers.get(serverB), rights, ...peer });
}

const pairMode = { kind: "order-mode", mode: "pair", hasWitness: false } as const;
const { rights: untold } = strangerPeer;

/** The process ran on: what is silent is the partner. */
function awake({ state, actions }: Played, time: number): Played {
  return { state: { ...state, heartbeatAt: time - 100 }, actions };
}

test("[R4][HS7] in pair mode a Main stops changes for a silent Standby, and never drops it", () => {
  const held = play(awake(aMain("pair"), afterD), [tick], afterD);
  assert.deepEqual(held.state.control.ackSet, [serverA, serverB]);
  assert.equal(checkAccepts(held.state)?.refusal.code, "pair.read-only");
  const { state, remedy } = describe(held.state, afterD, null);
  assert.equal(state, "main-read-only");
  assert.match(remedy ?? "", /promote --force/);
  const back = play(held, [ack(5), tick], afterD + 100);
  assert.equal(checkAccepts(back.state), undefined);
});

test("[R4][HS7] in pair mode a complete Standby succeeds a silent Main by itself", () => {
  const quiet = awake(aValidStandby(certified({ mode: "pair" })), afterG);
  const taken = play(quiet, [tick], afterG);
  assert.equal(taken.state.control.owner, serverB);
  assert.equal(taken.state.control.term, 2);
  assert.deepEqual(deeds(taken.actions).slice(0, 2), ["write-control", "record-term"]);
});

test("[R4] no Standby succeeds without the right, the certificate, or having heard its Main", () => {
  const unheard = withPeer(aValidStandby(certified({ mode: "pair" })), serverA, { heardAt: null });
  const cases = [
    aValidStandby(certified({ mode: "manual" })),
    aValidStandby(certified({ mode: "pair", ackSet: [serverA] })),
    aValidStandby(certified({ mode: "pair", certificate: null })),
    unheard,
  ];
  for (const each of cases) {
    const later = play(awake(each, afterG), [tick], afterG);
    assert.equal(later.state.control.owner, serverA);
  }
});

test("[R4][HS7] whoever answers with a refusal is alive, and is not succeeded", () => {
  for (const mode of ["pair", "witness"] as const) {
    const refused = play(
      aValidStandby(certified({ mode })),
      [{ kind: "partner-answered", peer: serverA }],
      afterG - 1_000,
    );
    const later = play(awake(refused, afterG), [tick], afterG);
    assert.ok(later.state.machine.duty === "standby" && later.state.machine.phase === "following");
  }
});

test("[R2][R4][HS7] with a witness a silent Standby counts until the witness has let it go", () => {
  const asks = play(awake(aMain("witness"), afterD), [tick], afterD);
  assert.deepEqual(asks.state.control.ackSet, [serverA, serverB]);
  assert.equal(askedOf(asks.actions)?.kind, "read");
  const record = aRegister();
  const writes = play(asks, [answered(asks.actions, { kind: "record", record })], afterD);
  const request = askedOf(writes.actions);
  assert.ok(request?.kind === "cas" && request.version === 7);
  assert.deepEqual(request.next.ackSet, [serverA]);
  const written = { ...request.next, version: 8 };
  const alone = play(
    writes,
    [answered(writes.actions, { kind: "record", record: written })],
    afterD,
  );
  assert.deepEqual(alone.state.control.ackSet, [serverA]);
});

test("[R9][HS7] without Standby and witness changes stop, and the state says so", () => {
  const asks = play(awake(aMain("witness"), afterD), [tick], afterD);
  const alone = play(asks, [answered(asks.actions, { kind: "silent" })], afterD + 100);
  assert.equal(checkAccepts(alone.state)?.refusal.code, "pair.read-only");
  const { state, cause } = describe(alone.state, afterD + 100, null);
  assert.equal(state, "main-read-only");
  assert.equal(cause?.code, "pair.alone");
});

test("[R7] a Main that the witness knows to be succeeded is fenced", () => {
  const asks = play(awake(aMain("witness"), afterD), [tick], afterD);
  const record = aRegister({ term: 2, owner: serverB, ackSet: [serverB] });
  const fenced = play(asks, [answered(asks.actions, { kind: "record", record })], afterD);
  assert.deepEqual(fenced.state.machine, { duty: "fenced", by: serverB });
});

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

test("[R3][R16] what a server proved before its line broke admits nobody who comes after", () => {
  const proof = { kind: "proof", term: 1, position: at(5), digest: "d".repeat(64) } as const;
  const alone = aMain("witness");
  const control = { ...alone.state.control, ackSet: [serverA] };
  const admitting = { peer: serverB, asked: true, until: 500 };
  const machine = { duty: "main", phase: "serving", admitting } as const;
  const proving = { ...alone, state: { ...alone.state, control, machine } };
  const proved = play(proving, [heard(serverB, proof)]);
  assert.deepEqual(proved.state.control.ackSet, [serverA, serverB]);
  const record = aRegister({ ackSet: [serverA] });
  const read = play(proved, [answered(proved.actions, { kind: "record", record })]);
  assert.deepEqual(askedOf(read.actions)?.kind, "cas");
  const written = answered(read.actions, { kind: "record", record: aRegister({ version: 8 }) });
  assert.ok(saidOf(play(read, [written]).actions, "admit"));
  const broken = play(read, [
    { kind: "link-down", peer: serverB },
    { kind: "link-up", peer: serverB },
    heard(serverB, aHello({ duty: "standby", version: 2 })),
  ]);
  assert.equal(saidOf(play(broken, [written]).actions, "admit"), undefined);
});

test("[R11] with a witness a Main asks it first after a start", () => {
  const main = started({ control: aControl({ mode: "witness" }) });
  assert.equal(checkAccepts(main.state)?.mayWait, true);
  const reads = play(main, [tick], 100);
  const record = aRegister({ ackSet: [serverA] });
  const free = play(reads, [answered(reads.actions, { kind: "record", record })], 100);
  assert.equal(checkAccepts(free.state), undefined);
});

test("[I18] a Main whose own place the witness has seen further on takes no changes", () => {
  const reads = play(started({ control: aControl({ mode: "witness" }) }), [tick], 100);
  const record = aRegister({ ackSet: [serverA], floor: at(9) });
  const behind = play(reads, [answered(reads.actions, { kind: "record", record })], 100);
  assert.equal(describe(behind.state, 100, null).cause?.code, "pair.behind-witness");
});

test("[R4][HS7] the mode is switched only when the Standby has given up its old right", () => {
  const ordered = play(aMain("manual", { rights: untold }), [pairMode, tick], 100);
  const told = saidOf(ordered.actions, "rights");
  assert.equal(told?.mode, "manual");
  assert.equal(ordered.state.control.mode, "manual");
  const old = { kind: "rights-kept", term: 1, round: 0, mode: "manual" } as const;
  const wrong = play(ordered, [heard(serverB, old), tick], 200);
  assert.equal(wrong.state.control.mode, "manual");
  const kept = { ...old, round: told?.round ?? 0 };
  const done = play(wrong, [heard(serverB, kept), tick], 300);
  assert.equal(done.state.control.mode, "pair");
  assert.ok(deeds(done.actions).includes("record-mode"));
  assert.ok(deeds(done.actions).includes("order-done"));
  const next = play(done, [tick], 1_000);
  assert.equal(saidOf(next.actions, "rights")?.mode, "pair");
});

test("[R4][HS7] what a Main asked of the witness drops nobody once the mode is switched", () => {
  const rights = { round: 1, told: "manual", kept: "manual", at: 0 } as const;
  const asking = play(awake(aMain("witness"), afterD), [tick], afterD);
  const read = answered(asking.actions, { kind: "record", record: aRegister() });
  const asked = play(asking, [read], afterD);
  assert.equal(askedOf(asked.actions)?.kind, "cas");
  const granted = { kind: "record", record: aRegister({ version: 8, ackSet: [serverA] }) } as const;
  const answer = answered(asked.actions, granted);
  assert.deepEqual(play(asked, [answer], afterD).state.control.ackSet, [serverA]);
  const sure = withPeer(asked, serverB, { acked: at(4), rights });
  const switched = play(sure, [pairMode], afterD);
  assert.equal(switched.state.control.mode, "pair");
  assert.equal(switched.state.arbitration.goal, null);
  assert.deepEqual(play(switched, [answer], afterD).state.control.ackSet, [serverA, serverB]);
  const untouched = { ...rights, kept: null };
  const switching = play(withPeer(asked, serverB, { acked: at(4), rights: untouched }), [pairMode]);
  assert.equal(switching.state.control.switching, "pair");
  assert.deepEqual(play(switching, [answer]).state.control.ackSet, [serverA, serverB]);
});

test("[HS7] a switch that nobody confirms leaves the mode as it was, and says who did not", () => {
  const deaf = aMain("manual", { rights: untold, heardAt: 10_000 });
  const ordered = play(deaf, [pairMode], 100);
  const late = play(awake(ordered, 10_200), [tick], 10_200);
  assert.equal(refusalOf(late.actions), "pair.mode-unchanged");
  assert.equal(late.state.control.mode, "manual");
  assert.equal(late.state.control.switching, null);
});

test("[HS7] a mode that cannot work here is refused with its reason", () => {
  const main = aMain("manual");
  const order = (mode: ArbitrationMode, hasWitness = false): PairEvent => ({
    kind: "order-mode",
    mode,
    hasWitness,
  });
  assert.equal(refusalOf(play(main, [order("manual")]).actions), "pair.already-mode");
  assert.equal(refusalOf(play(main, [order("witness")]).actions), "pair.no-witness");
  assert.equal(refusalOf(play(aValidStandby(), [order("pair")]).actions), "pair.not-main");
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

test("[R5][R9] a server takes no term on hearsay, not even one that names it", () => {
  const hello = aHello({ duty: "fenced", term: 2, owner: serverB });
  const told = play(aValidStandby(certified({ mode: "witness" })), [heard(serverA, hello)]);
  assert.equal(told.state.control.term, 1);
  assert.equal(told.state.control.owner, serverA);
});

test("[R5] a promotion by force takes a term that nobody can be asking the witness for", () => {
  const termAfter = (mode: ArbitrationMode): number => {
    const quiet = awake(aValidStandby(certified({ mode })), afterG);
    return play(quiet, [force], afterG).state.control.term;
  };
  assert.equal(termAfter("witness"), 3);
  assert.equal(termAfter("manual"), 2);
});
