import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId } from "@gridward/core/base/identity";
import { rfc3339 } from "@gridward/core/base/time";
import {
  aControl,
  aProtectedMain,
  at,
  aValidStandby,
  certified,
  noon,
  type Played,
  serverA,
  serverB,
  started,
  withMachine,
  withPeer,
} from "@gridward/core/domain/pair/fixtures";
import type { Machine, PairState, Peer } from "@gridward/core/domain/pair/pair-state";
import type { Direction } from "./direction.ts";
import { aStatus, passed, refused } from "./a-status.ts";
import type { StatusParts } from "./status.ts";

const untried: Direction = { verdict: "not tried" };

function inMachine(machine: Machine): PairState {
  return withMachine(started(), machine).state;
}

function tried(dial: Direction, accept = passed): Pick<StatusParts, "directions"> {
  return { directions: () => ({ dial, accept }) };
}

/** What the partner said of itself last, seen from a protected Main or from a valid Standby. */
function partnerOf(from: Played, peer: Partial<Peer>, time = 0): string | undefined {
  const id = from.state.self === serverA ? serverB : serverA;
  return aStatus(withPeer(from, id, peer).state, { at: time }).partners[0]?.state;
}

test("[PS1][HS13] where somebody must act the state has cause, remedy and alarm, and else none", () => {
  const progress = { bytesDone: 1, bytesTotal: 2, startedAt: 0, lastAt: 0 };
  const states: readonly PairState[] = [
    started().state,
    aProtectedMain().state,
    aValidStandby().state,
    started({ control: aControl({ ackSet: [serverA, serverB] }) }).state,
    started({ self: serverB, control: certified() }).state,
    started({ fault: { code: "journal.unreadable", text: "It cannot be read." } }).state,
    inMachine({ duty: "none", phase: "blank" }),
    inMachine({ duty: "none", phase: "diverged", fork: at(3), entries: 2 }),
    inMachine({ duty: "none", phase: "two-mains", other: serverB }),
    inMachine({ duty: "main", phase: "read-only", code: "disk.full", text: "Full." }),
    inMachine({ duty: "main", phase: "draining", to: serverB, since: 0, offered: true }),
    inMachine({ duty: "standby", phase: "synchronising", progress }),
    inMachine({ duty: "fenced", by: serverB }),
  ];
  const seen = new Set<string>();
  for (const pair of states) {
    const { state, cause, remedy, icon, alarms } = aStatus(pair);
    seen.add(state);
    const isSeen = icon.colour === "amber" || icon.colour === "magenta";
    const mustAct = isSeen && state !== "standby-synchronising";
    if (mustAct) assert.ok(cause !== null && remedy !== null, state);
    assert.equal(alarms.length, mustAct ? 1 : 0, state);
  }
  assert.equal(seen.size, states.length);
});

test("[PS7][HS13] people read names and their own directory, also before there is a database", () => {
  const [east, west] = [nodeId("7CC5G99SVMNNVZQV23292R8PJ9"), nodeId("6V6PHPZXHWMX8VFXKPBAWD36BJ")];
  const control = certified({ nodeId: west, owner: east, ackSet: [east, west] });
  const { state } = started({ self: west, control, partners: [east] });
  const known = [
    { id: east, name: "East" },
    { id: west, name: "West" },
  ];
  const { cause, remedy, ack_set, partners, alarms } = aStatus(state, { known });
  assert.match(cause?.text ?? "", /^East does not answer/);
  assert.match(remedy ?? "", /^Start East, .*`gridward pair promote --local \/srv\/gridward`/);
  assert.deepEqual(ack_set, ["East", "West"]);
  assert.equal(partners[0]?.name, "East");
  assert.deepEqual([alarms[0]?.text, alarms[0]?.remedy], [cause?.text, remedy]);
});

test("[PS2] a state stands since it got its name, its alarm too", () => {
  const { since, alarms } = aStatus(inMachine({ duty: "fenced", by: serverB }), { at: 5_000 });
  assert.equal(since, rfc3339(noon - 7));
  assert.equal(alarms[0]?.since, since);
});

test("[PS3] a partner is what it said of itself last, while it says anything", () => {
  const main = aProtectedMain();
  const standby = { duty: "standby", head: at(5), complete: true } as const;
  assert.equal(partnerOf(main, standby), "standby-valid");
  assert.equal(partnerOf(main, { ...standby, complete: false }), "standby-synchronising");
  assert.equal(partnerOf(main, standby, 4_001), "unreachable");
  assert.equal(partnerOf(main, { ...standby, linkUp: false }), "unreachable");
  assert.equal(
    partnerOf(main, { ...standby, incompatible: "other-system" }),
    "standby-incompatible",
  );
  assert.equal(partnerOf(main, { duty: "none", head: at(0) }), "blank");
  assert.equal(partnerOf(main, { duty: "none", head: at(5) }), "invalid-database");
});

test("[PS3] a Main is protected while it counts this Standby in", () => {
  const main = { duty: "main", head: at(5) } as const;
  assert.equal(partnerOf(aValidStandby(), main), "main-protected");
  const { certificate } = certified();
  assert.ok(certificate);
  const dropped = aValidStandby(certified({ certificate: { ...certificate, complete: false } }));
  assert.equal(partnerOf(dropped, main), "main-exposed");
});

test("[PS6][HS15] of a partner it is told over which of its addresses it was dialled", () => {
  const [partner] = aStatus(aProtectedMain().state).partners;
  assert.deepEqual([partner?.address, partner?.link], ["10.0.1.1", "backup"]);
});

test("[PS4][CS9] a refused direction is a conflict with its two facts; an unreached one is none", () => {
  const { state } = aProtectedMain();
  const [partner] = aStatus(state, { ...tried(passed, refused), at: 3_000 }).partners;
  const { conflict, certificate } = partner ?? {};
  assert.equal(conflict?.code, "T03");
  assert.equal(conflict.direction, "accept");
  assert.equal(conflict.refused_by, serverB);
  assert.match(conflict.remedy, /renew the certificate of A\./);
  assert.equal(conflict.since, rfc3339(noon + 1_000));
  assert.equal(certificate?.fingerprint, "f");
  const silent = aStatus(state, tried({ ...refused, cause: "T17" })).partners[0];
  assert.equal(silent?.conflict, null);
  const bare = aStatus(state, tried({ verdict: "ok", fingerprint: "", notAfter: 0 })).partners[0];
  assert.equal(bare?.certificate, null);
});

test("[PS5][HS6] a changeover is allowed when both directions pass, and else says why not", () => {
  const { state } = aProtectedMain();
  assert.equal(aStatus(state).changeover.ok, true);
  for (const direction of [refused, untried]) {
    const { changeover } = aStatus(state, tried(direction));
    assert.equal(changeover.code, "pair.direction-refused");
    assert.notEqual(changeover.reason, null);
  }
  assert.equal(aStatus({ ...state, peers: new Map() }).changeover.code, "pair.target-not-valid");
});
