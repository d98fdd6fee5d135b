import assert from "node:assert/strict";
import { test } from "node:test";
import type { Millis } from "../../base/time.ts";
import { describe } from "./describe.ts";
import { at, type Played, serverA, serverB, withMachine, withPeer } from "./fixtures.ts";
import type { Peer } from "./pair-state.ts";
import { inPhase, withControl } from "./phase-fixtures.ts";
import { type Phase, states } from "./states.ts";

const conflict = { code: "T03", text: "expired", remedy: "renew it" };
const late = 60_000;

/** The partner is heard at `time`, and is Main, unless said otherwise. */
function hearing(played: Played, time: Millis, peer: Partial<Peer> = {}): Played {
  return withPeer(played, serverA, { duty: "main", heardAt: time, ...peer });
}

function read({ state }: Played, time: Millis, why: typeof conflict | null = null) {
  const { state: name, cause, remedy, icon } = describe(state, time, why);
  return { name, code: cause?.code, text: cause?.text ?? "", remedy: remedy ?? "", icon };
}

/** It follows, and the Main does not count on it. */
const uncounted = withControl(inPhase("following"), { certificate: null });

test("[PD8][HS5] a stalled copy names the verdict, the network, the disk or the Main", () => {
  const copying = inPhase("synchronising");
  const { machine } = copying.state;
  assert.ok(machine.duty === "standby" && machine.phase === "synchronising");
  const progress = { ...machine.progress, bytesDone: 2 };
  const whole = withMachine(copying, { ...machine, progress });
  const rows = [
    ["T03", hearing(copying, late), conflict],
    ["pair.stalled-network", hearing(copying, late, { linkUp: false }), null],
    ["pair.stalled-network", hearing(copying, 0), null],
    ["pair.stalled-disk", hearing(whole, late), null],
    ["pair.no-main", hearing(copying, late, { duty: "none" }), null],
    ["pair.stalled-main", hearing(copying, late), null],
  ] as const;
  for (const [expected, played, why] of rows) {
    const { name, code, text, remedy } = read(played, late, why);
    assert.deepEqual([name, code], ["standby-stalled", expected]);
    assert.match(text, /60 s/);
    assert.ok(remedy.length > 0);
  }
});

test("[PD8][HS5] catching up stalls too, and only where nothing comes that should", () => {
  const behind = hearing(uncounted, late, { head: at(9) });
  assert.deepEqual(read(behind, late).code, "pair.stalled-main");
  assert.equal(read(behind, late - 1).name, "standby-synchronising");
  const level = hearing(uncounted, late, { head: at(5) });
  const begun = { ...level, state: { ...level.state, machineSince: late - 2_000 } };
  assert.deepEqual(
    [read(begun, late).name, read(begun, late).code],
    ["standby-synchronising", "pair.not-admitted"],
    "a hold-off says at once what it is",
  );
  assert.equal(read(begun, late - 1).code, undefined, "an admission takes a moment");
  assert.equal(read(level, late).icon.word, "Catching up");
});

test("[PD8][HS20] a Standby without a link says whether the Main is silent, no Main, or sends nothing", () => {
  const connecting = inPhase("connecting");
  const cut = hearing(connecting, late, { linkUp: false });
  assert.match(read(cut, late).remedy, /^Start A.*Only if A is off.*pair promote --local {dir}`/);
  const dropped = withControl(cut, { certificate: null });
  assert.match(read(dropped, late).remedy, /Only if A is off for good.*pair promote --force/);
  assert.equal(read(hearing(connecting, late), late).code, "pair.not-following");
  assert.equal(read(hearing(connecting, late, { duty: "none" }), late).code, "pair.no-main");
});

test("[PD8][HS7] a silent Main is waited for by who takes over alone, and by nobody else", () => {
  const rows = [
    ["manual", late, /no server takes over by itself/, /^Start A/],
    ["witness", late, /^A does not answer\.$/, /^Nothing yet: after 6 s .* asks the witness/],
    ["pair", late, /^A does not answer\.$/, /^Nothing yet: after 6 s .* takes over by itself/],
    // Not heard since our start: it may be Main, and nobody here moves by himself (R11).
    ["witness", null, /since this server started; no server takes over/, /^Start A/],
    ["pair", null, /since this server started; no server takes over/, /^Start A/],
  ] as const;
  for (const [mode, heardAt, text, remedy] of rows) {
    const cut = withControl(inPhase("connecting"), { mode });
    const why = read(withPeer(cut, serverA, { duty: "main", heardAt, linkUp: false }), late);
    assert.match(why.text, text, mode);
    assert.match(why.remedy, remedy, mode);
  }
});

test("[PD8][HS6] who asks the witness in a hand-over does not call the Main silent", () => {
  const candidate = inPhase("candidate");
  const { machine } = candidate.state;
  assert.ok(machine.duty === "standby" && machine.phase === "candidate");
  const handedOver = withMachine(candidate, { ...machine, by: "changeover" });
  assert.match(read(handedOver, 0).text, /^A hands over/);
});

test("[PD8][HS8] a valid Standby that hears nothing any more is not shown as valid, be the link open", () => {
  const valid = hearing(inPhase("following"), 0);
  assert.equal(read(valid, 6_000).name, "standby-valid");
  assert.deepEqual(
    [read(valid, 6_001).name, read(valid, 6_001).code],
    ["standby-connecting", "pair.main-silent"],
  );
  assert.equal(read(valid, 6_001, conflict).name, "standby-security-conflict");
});

test("[PD9][HS5] after ten minutes every state says why and what to do, but where nothing is amiss", () => {
  const phases = [...new Set(Object.values(states).flatMap((row) => row.phases))];
  const time = 600_000;
  const isFine = new Set(["lone", "main-protected", "standby-valid"]);
  for (const phase of phases) {
    for (const peer of everyPartner(phase, time)) {
      const { name, code, remedy } = read(peer, time);
      if (isFine.has(name)) continue;
      assert.ok(code !== undefined && remedy.length > 0, `${phase} as ${name}`);
    }
  }
});

/** In this phase, with a partner that is heard, silent, ahead, or no Main, certified or not. */
function everyPartner(phase: Phase, time: Millis): readonly Played[] {
  const base = inPhase(phase);
  const partner = base.state.self === serverA ? serverB : serverA;
  const views: readonly Partial<Peer>[] = [
    { heardAt: time },
    { heardAt: time, head: at(9) },
    { heardAt: time, duty: "none" },
    { heardAt: 0 },
    { heardAt: null, linkUp: false },
  ];
  return [base, withControl(base, { certificate: null, ackSet: [base.state.self] })].flatMap(
    (played) => views.map((view) => withPeer(played, partner, { duty: "main", ...view })),
  );
}

test("[PD8][HS7] a candidate says what is wrong with the witness", () => {
  const candidate = inPhase("candidate");
  assert.equal(read(candidate, 0).code, "pair.main-silent");
  for (const why of ["silent", "blank", "other-system", "older"] as const) {
    const arbitration = { ...candidate.state.arbitration, trouble: { why, since: 0 } };
    const { code, remedy } = read({ state: { ...candidate.state, arbitration }, actions: [] }, 0);
    assert.equal(code, `pair.witness-${why}`);
    assert.match(remedy, /Only if A is off for good.*pair promote --force/);
    assert.equal(remedy.includes("or the witness"), why === "silent");
  }
});

test("[PD8][R9] who only must hear what became of its question calls nobody silent", () => {
  const { state } = inPhase("candidate");
  const arbitration = { ...state.arbitration, goal: { kind: "settle" } } as const;
  const settling = { ...state, arbitration };
  assert.equal(read({ state: settling, actions: [] }, 0).code, "pair.settling");
  const trouble = { why: "silent", since: 0 } as const;
  const lost = { ...settling, arbitration: { ...arbitration, trouble } };
  const { code, text, remedy } = read({ state: lost, actions: [] }, 0);
  assert.equal(code, "pair.witness-silent");
  assert.doesNotMatch(text, /A is silent/);
  assert.match(remedy, /gone for good.*pair maintenance on --local.*`off`/);
});
