import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServerState } from "../server-status.ts";
import { checkAccepts } from "./accepts.ts";
import { describe } from "./describe.ts";
import {
  aControl,
  aProtectedMain,
  at,
  aValidStandby,
  certified,
  type Played,
  serverA,
  serverB,
  started,
  withMachine,
  withPeer,
} from "./fixtures.ts";
import { checkPromote } from "./orders.ts";
import type { Machine } from "./pair-state.ts";
import { inPhase } from "./phase-fixtures.ts";
import { iconOf, phaseOf, states } from "./states.ts";

const conflict = { code: "T03", text: "expired", remedy: "renew it" };

function as(machine: Machine): Played {
  return withMachine(aValidStandby(), machine);
}

const progress = { bytesDone: 1, bytesTotal: 2, startedAt: 0, lastAt: 0 };
const exposed = withPeer(started(), serverB, {});
const waiting = started({ control: aControl({ ackSet: [serverA, serverB] }) });
const connecting = as({ duty: "standby", phase: "connecting" });
const synchronising = as({ duty: "standby", phase: "synchronising", progress });
const unlinked = withPeer(connecting, serverA, { linkUp: false });
const candidate = as({
  duty: "standby",
  phase: "candidate",
  since: 0,
  by: "takeover",
  round: 0,
  ackSet: [serverB],
});
const catchingUp = aValidStandby(certified({ certificate: null }));

/** Every state that a person may read, and what brings it about. */
const rows: readonly (readonly [ServerState, Played, number?, typeof conflict?])[] = [
  ["lone", started({ partners: [] })],
  ["main-protected", aProtectedMain()],
  ["main-exposed", exposed],
  ["main-exposed", exposed, 0, conflict],
  ["main-waiting", waiting],
  ["main-waiting", withPeer(waiting, serverB, { linkUp: false })],
  ["main-read-only", as({ duty: "main", phase: "read-only", code: "disk.full", text: "full" })],
  ["main-read-only", as({ duty: "main", phase: "read-only", code: "x", text: "behind" })],
  ["main-draining", as({ duty: "main", phase: "draining", to: serverB, since: 0, offered: true })],
  ["standby-connecting", connecting],
  ["standby-connecting", unlinked],
  ["standby-connecting", aValidStandby(), 7_000],
  ["standby-candidate", candidate],
  ["standby-security-conflict", connecting, 0, conflict],
  ["standby-incompatible", withPeer(connecting, serverA, { incompatible: "other-system" })],
  ["standby-incompatible", withPeer(connecting, serverA, { incompatible: "other-version" })],
  ["standby-synchronising", synchronising],
  ["standby-synchronising", catchingUp],
  ["standby-stalled", synchronising, 60_000],
  ["standby-valid", aValidStandby()],
  ["maintenance", inPhase("maintenance")],
  ["fenced", as({ duty: "fenced", by: serverB })],
  ["blank", inPhase("blank")],
  ["invalid-database", as({ duty: "none", phase: "invalid", code: "x", text: "why" })],
  ["diverged", as({ duty: "none", phase: "diverged", fork: at(3), entries: 2 })],
  ["two-mains", as({ duty: "none", phase: "two-mains", other: serverB })],
];

test("[PD2][HS11] a database that a newer version wrote is not given up: that version is started", () => {
  const invalid = {
    duty: "none",
    phase: "invalid",
    code: "journal.unsupported",
    text: "x",
  } as const;
  const { remedy } = describe(withMachine(aProtectedMain(), invalid).state, 0, null);
  assert.match(remedy ?? "", /start the version of Gridward that wrote the database/);
});

test("[PD1][HS1] every state has its name, and its duty is the machine's", () => {
  for (const [expected, { state }, time = 0, why] of rows) {
    const description = describe(state, time, why ?? null);
    assert.equal(description.state, expected);
    const duty = expected === "lone" ? "lone" : state.machine.duty;
    assert.equal(description.duty, duty, expected);
  }
});

test("[PD2][HS20] where someone must act there is a cause and a remedy", () => {
  for (const [expected, { state }, time = 0, why] of rows) {
    const { cause, remedy, icon } = describe(state, time, why ?? null);
    const isCalm = icon.colour === "grey" || icon.colour === "green";
    const isMoving = expected === "standby-synchronising";
    if (isCalm || isMoving) continue;
    assert.ok(cause?.text, `${expected} says why`);
    assert.ok(remedy, `${expected} says what to do`);
  }
});

test("[PD3][HS5] a first pass without progress for 60 s is stalled", () => {
  const { state } = synchronising;
  assert.equal(describe(state, 59_999, null).state, "standby-synchronising");
  assert.equal(describe(state, 60_000, null).icon.colour, "magenta");
});

test("[PD4][HS13] shape and word go with every colour", () => {
  for (const [, { state }, time = 0, why] of rows) {
    const { icon } = describe(state, time, why ?? null);
    assert.ok(icon.word.length > 0 && icon.shape.length > 0);
  }
});

test("[PD2][HS9] of two Mains each tells where both end, so that a person can choose", () => {
  const both = as({ duty: "none", phase: "two-mains", other: serverB });
  const known = withPeer(both, serverB, { head: at(9, 1) });
  assert.match(describe(known.state, 0, null).cause?.text ?? "", /at change 5 .* at 9 \(term 1\)/);
});

test("[PD5][HS1][HS13] what is shown of a state is what its row says", () => {
  for (const [name, { state }, time = 0, why] of rows) {
    const { icon, cause, duty } = describe(state, time, why ?? null);
    const row = states[name];
    const badges = [row, row.variant].flatMap((badge) => (badge ? [iconOf(badge)] : []));
    assert.ok(badges.some(({ word, colour }) => word === icon.word && colour === icon.colour));
    assert.equal(duty, row.duty, name);
    assert.ok(row.phases.includes(phaseOf(state.machine)), name);
    if (row.mustAct !== "no") assert.notEqual(cause, null, name);
  }
});

test("[PD5] every state that a running server can be in is among those that are tried", () => {
  const tried = new Set(rows.map(([name]) => name));
  const wanted = Object.entries(states).filter(([, { phases }]) => phases.length > 0);
  assert.deepEqual([...tried].toSorted(), wanted.map(([name]) => name).toSorted());
});

test("[PD5][HS3] a state takes changes, and may become Main, as its row says", () => {
  for (const [name, { state }] of rows) {
    const row = states[name];
    const closed = checkAccepts(state);
    // While a Main waits it takes changes, and answers them when the Standby has them.
    if (row.writes === "no") assert.equal(closed?.mayWait, false, name);
    else assert.ok(closed === undefined || closed.mayWait, name);
    if (row.mayBecomeMain === "is") continue;
    const isBarred = checkPromote(state, 600_000, true) !== undefined;
    assert.equal(isBarred, row.mayBecomeMain === "never", name);
  }
});
