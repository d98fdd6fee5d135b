import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArbitrationMode } from "../arbitration-mode.ts";
import { checkAccepts } from "./accepts.ts";
import {
  afterD,
  afterG,
  aMain,
  answered,
  aRegister,
  askedOf,
  awake,
} from "./arbitration-fixtures.ts";
import { describe } from "./describe.ts";
import {
  ack,
  aControl,
  aHello,
  at,
  aValidStandby,
  certified,
  deeds,
  force,
  heard,
  play,
  type Played,
  saidOf,
  serverA,
  serverB,
  started,
  tick,
  withPeer,
} from "./fixtures.ts";

/** What each mode lets a Main and its Standby do when the other is silent (HS7). */

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

test("[R17][R4] a Main that lost a slot lists nobody again who may lack what is in doubt", () => {
  const register = aRegister({ ackSet: [serverA] });
  const restarted = (acked: number): Played => {
    const main = aMain("witness", { acked: at(acked) });
    const control = { ...main.state.control, doubtedUpTo: 5 };
    const reads = play({ ...main, state: { ...main.state, control } }, [tick], 100);
    return play(reads, [answered(reads.actions, { kind: "record", record: register })], 100);
  };
  const listed = (acked: number): unknown => {
    const request = askedOf(restarted(acked).actions);
    return request?.kind === "cas" ? request.next.ackSet : undefined;
  };
  assert.deepEqual(restarted(4).state.control.ackSet, [serverA, serverB], "it waits for both");
  assert.deepEqual(listed(4), [serverA]);
  assert.deepEqual(listed(5), [serverA, serverB]);
});
