import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceId, nodeId, requestId, sealed } from "../base/identity.ts";
import { day, hour } from "../base/time.ts";
import type { Command } from "./command.ts";
import type { Fact } from "./fact.ts";
import { aCertificate, anActor, aStation, noon, serverA, type World } from "./fixtures.ts";
import { setAsideRows } from "./set-aside.ts";
import { lossesOf } from "./set-aside-loss.ts";
import type { Actor, SetAsideRow } from "./types.ts";

const id = deviceId("Q01");
const itself: Actor = { ...anActor("Q01"), kind: "device" };
const later = noon + day;

function renewal(of: string, serial: string): Command {
  return { kind: "renew-device", id, of, certificate: aCertificate(serial, "device") };
}

/** Q01, enrolled with the certificate 10, that renewed as told. */
function aBay(...renewals: readonly (readonly [string, string])[]): World {
  const world = aStation();
  const about = { manufacturer: "", type: "", accessPoints: [], area: "Hill/Q01" };
  const { group } = world;
  world.must({ kind: "register-devices", devices: [{ id, name: "Q01", ...about }], group });
  world.must({ kind: "issue-device-code", id, verifier: sealed("code"), expiresAt: noon + hour });
  const certificate = aCertificate("10", "device");
  world.must({ kind: "enrol-device", id, certificate }, { actor: itself });
  for (const [of, serial] of renewals) world.must(renewal(of, serial), { actor: itself });
  return world;
}

/** What a server that was left had written as its entry of this number. */
function lose(world: World, facts: readonly Fact[], seq: number): SetAsideRow {
  const [node, at] = [nodeId("A"), noon + 2 * hour];
  const place = { node, term: 7, start: 1, seq, hash: "a".repeat(64), prev: "b".repeat(64) };
  const asked = { actor: serverA, requestId: requestId(`lost ${seq}`), kind: "a-command" };
  const about = {
    mark: "acknowledged",
    forkedAt: noon + hour,
    by: node,
    setAsideAt: later,
  } as const;
  const [row] = setAsideRows({ ...place, ...asked, at, facts, answer: {} }, about);
  assert.ok(row);
  world.must({ kind: "record-set-aside", row }, { actor: serverA, at: later });
  return row;
}

const confirmed: Fact = { kind: "device-renewal-confirmed", id, of: "10", serial: "11" };

function reapply(world: World, row: SetAsideRow): string {
  const again = { kind: "reapply-set-aside", id: row.id, reason: "" } as const;
  const code = world.codeOf(again, { at: later + hour });
  const verdict = world.state.tables.setAside.get(row.id)?.judged?.verdict;
  return code === "accepted" ? (verdict ?? "unjudged") : code;
}

function losses(world: World, row: SetAsideRow, now = later): readonly string[] {
  return lossesOf(row, [confirmed], { state: world.state, now });
}

test("[SA3][SA4][PK8] a lost confirmation of a renewal is named as long as the old certificate counts", () => {
  const world = aBay(["10", "11"]);
  const row = lose(world, [confirmed], 40);
  assert.match(
    losses(world, row)[0] ?? "",
    /^The certificate 10 of Q01 was replaced .* counts now\.$/,
  );
  assert.deepEqual(losses(world, row, noon + 7 * day), []);
  assert.equal(reapply(world, row), "re-applied");
  assert.equal(world.state.tables.devices.get(id)?.earlier, null);
  assert.deepEqual(losses(world, row), []);
});

test("[SA4] a lost confirmation of what counts no more is so already", () => {
  for (const since of [["11", "12"], null] as const) {
    const world = aBay(["10", "11"]);
    if (since !== null) world.must(renewal(...since), { actor: itself, at: later });
    else world.must({ kind: "confirm-renewal", id, serial: "11" }, { actor: serverA });
    assert.equal(reapply(world, lose(world, [confirmed], 40)), "already so");
  }
});

test("[SA4] a lost confirmation takes away nothing where its renewal is lost too, or another took its place", () => {
  const another = aBay(["10", "12"]);
  const row = lose(another, [confirmed], 41);
  assert.match(losses(another, row)[0] ?? "", /counts now/);
  assert.equal(reapply(another, row), "tail.conflict");
  assert.equal(another.state.tables.devices.get(id)?.earlier?.serial, "10");
  const without = aBay();
  const { serial, fingerprint, notAfter } = aCertificate("11", "device");
  const renewed: Fact = { kind: "device-renewed", id, of: "10", serial, fingerprint, notAfter };
  const [first, second] = [lose(without, [renewed], 40), lose(without, [confirmed], 41)];
  assert.equal(reapply(without, second), "tail.conflict");
  assert.equal(reapply(without, first), "re-applied");
  assert.equal(reapply(without, second), "re-applied");
  assert.equal(without.state.tables.devices.get(id)?.certificate?.serial, "11");
});
