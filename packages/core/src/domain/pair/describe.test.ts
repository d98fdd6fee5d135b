import assert from "node:assert/strict";
import { test } from "node:test";
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
  withPeer,
} from "./fixtures.ts";
import type { Machine } from "./pair-state.ts";

const conflict = { code: "T03", text: "expired", remedy: "renew it" };

function as(machine: Machine, played: Played = aValidStandby()): Played {
  return { ...played, state: { ...played.state, machine } };
}

const progress = { bytesDone: 1, bytesTotal: 2, startedAt: 0, lastAt: 0 };
const alone: Played = { ...started(), actions: [] };
const exposed = withPeer(alone, serverB, {});
const waiting: Played = {
  ...started({ control: aControl({ ackSet: [serverA, serverB] }) }),
  actions: [],
};
const connecting = as({ duty: "standby", phase: "connecting" });
const synchronising = as({ duty: "standby", phase: "synchronising", progress });

/** Every state that a person may read, and what brings it about. */
const rows: readonly (readonly [string, Played, number?, typeof conflict?])[] = [
  ["lone", { ...started({ partners: [] }), actions: [] }],
  ["main-protected", aProtectedMain()],
  ["main-exposed", exposed],
  ["main-exposed", exposed, 0, conflict],
  ["main-waiting", waiting],
  ["main-waiting", withPeer(waiting, serverB, { linkUp: false })],
  ["main-read-only", as({ duty: "main", phase: "read-only", code: "disk.full", text: "full" })],
  ["main-read-only", as({ duty: "main", phase: "read-only", code: "x", text: "behind" })],
  ["main-draining", as({ duty: "main", phase: "draining", to: serverB, since: 0, offered: true })],
  ["standby-connecting", connecting],
  ["standby-security-conflict", connecting, 0, conflict],
  ["standby-incompatible", withPeer(connecting, serverA, { incompatible: "other-system" })],
  ["standby-incompatible", withPeer(connecting, serverA, { incompatible: "other-version" })],
  ["standby-synchronising", synchronising],
  ["standby-synchronising", aValidStandby(certified({ certificate: null }))],
  ["standby-stalled", synchronising, 60_000],
  ["standby-valid", aValidStandby()],
  ["fenced", as({ duty: "fenced", by: serverB })],
  ["blank", as({ duty: "none", phase: "blank" })],
  ["invalid-database", as({ duty: "none", phase: "invalid", code: "x", text: "why" })],
  ["diverged", as({ duty: "none", phase: "diverged", fork: at(3), entries: 2 })],
  ["two-mains", as({ duty: "none", phase: "two-mains", other: serverB })],
];

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
  const { state } = as({ duty: "none", phase: "two-mains", other: serverB });
  const known = withPeer({ state, actions: [] }, serverB, { head: at(9, 1) });
  assert.match(describe(known.state, 0, null).cause?.text ?? "", /at change 5 .* at 9 \(term 1\)/);
});
