import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceId, nodeId, sealed } from "../base/identity.ts";
import { hour } from "../base/time.ts";
import { aServer, aStation, noon, serverA } from "./fixtures.ts";

function register(world: ReturnType<typeof aStation>, name: string, ip: string | null): string {
  const about = { manufacturer: "", type: "", area: "Hill/Q01" };
  const device = { id: deviceId(name), name, ...about, accessPoints: [{ name: "S1", ip }] };
  const done = world.submit({ kind: "register-devices", devices: [device], group: world.group });
  return done.ok ? "accepted" : done.error.detail;
}

test("[DEV6][PK2] no device is registered whose certificate would do for a server", () => {
  const world = aStation();
  const set = (address: string, backup: string | null): string =>
    world.codeOf({ kind: "set-server-address", id: nodeId("A"), address, backup });
  assert.equal(set("a.example.org", "2001:db8::a"), "accepted");
  for (const [name, ip] of [
    ["a", null],
    ["A", "192.0.2.7"],
    ["A.example.org", null],
    ["Q01", "A.Example.Org."],
    ["Q01", "2001:db8::a"],
    ["Q01", "2001:0DB8:0:0:0:0:0:000a"],
  ] as const) {
    assert.match(register(world, name, ip), /is the name or address of a server/, `${name} ${ip}`);
  }
  assert.equal(register(world, "localhost", "2001:db8::a:0"), "accepted");
  assert.equal(set("127.0.0.1", null), "pair.host-of-device");
  assert.equal(set("192.0.2.1", null), "accepted");
  assert.match(register(world, "Q01", "::FFFF:192.0.2.1"), /name or address of a server/);
  assert.equal(register(world, "Q01", "2001:db8::a"), "accepted");
});

test("[DEV6][SYS4] no server is invited, joins or moves to where a device is", () => {
  const world = aStation();
  assert.equal(register(world, "B", "192.0.2.7"), "accepted");
  const expiresAt = noon + hour;
  const invite = { kind: "issue-invite", name: "b", secret: sealed(""), expiresAt } as const;
  assert.equal(world.codeOf(invite), "pair.host-of-device");
  assert.equal(world.codeOf({ ...invite, name: "C" }), "accepted");
  const join = (address: string): string => {
    const server = { ...aServer("C"), address };
    return world.codeOf({ kind: "join-server", server, certificates: [] }, { actor: serverA });
  };
  assert.equal(join("192.0.2.7"), "pair.host-of-device");
  assert.equal(join("192.0.2.8"), "accepted");
  const move = { kind: "set-server-address", id: nodeId("C"), address: "192.0.2.8" } as const;
  assert.equal(world.codeOf({ ...move, backup: "192.0.2.7" }), "pair.host-of-device");
  assert.equal(world.codeOf({ ...move, backup: "192.0.2.9" }), "accepted");
});
