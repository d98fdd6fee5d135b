import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { deviceId, groupId, sealed } from "../base/identity.ts";
import { day, hour } from "../base/time.ts";
import { check } from "./athchck.ts";
import { explainAccess, objectOfDevice, type AccessQuestion } from "./explain-access.ts";
import {
  aCertificate,
  anActor,
  aNewPassword,
  aRole,
  aStation,
  createAccount,
  noon,
  serverA,
  type World,
} from "./fixtures.ts";
import { rightsMapOfType, templateOfMap } from "./rights-map.ts";
import { rightNames } from "./rights.ts";
import { roleIds } from "./roles.ts";

const id = deviceId("Q01");

/** anna, OPERATOR everywhere, and the device Q01 of her group, enrolled. */
function aBay(): World {
  const world = aStation();
  const about = { manufacturer: "", type: "REL670", accessPoints: [], area: "Hill/Q01" };
  const group = groupId("bay1");
  world.must({ kind: "register-devices", devices: [{ id, name: "Q01", ...about }], group });
  world.must({ kind: "issue-device-code", id, verifier: sealed("code"), expiresAt: noon + hour });
  const certificate = aCertificate("10", "device");
  world.must(
    { kind: "enrol-device", id, certificate },
    { actor: { ...anActor("Q01"), kind: "device" } },
  );
  return world;
}

/** "may", or what speaks against it, joined; behind a stroke the same while no server answers. */
function answer(world: World, changes: Partial<AccessQuestion> = {}): string {
  const device = world.state.tables.devices.get(id) ?? null;
  const explained = explainAccess(world.state, {
    account: world.account("anna"),
    operation: { right: "Control-Basic", level: "full" },
    accessPoint: "remote",
    device,
    object: device === null ? "*" : objectOfDevice(world.state, device),
    at: noon,
    ...changes,
  });
  const against = explained.reasons.filter(({ speaks }) => speaks === "against");
  const words = against.map(({ says }) => says).join(" ");
  return `${explained.allowed ? "may" : "may not"}, offline ${String(explained.offline)}: ${words}`;
}

test("[XA1][AM2] who may is told by which role, area and map", () => {
  const world = aBay();
  assert.equal(answer(world), "may, offline true: ");
  const explained = explainAccess(world.state, {
    account: world.account("anna"),
    operation: { right: "Control-Basic", level: "full" },
    accessPoint: "remote",
    device: world.state.tables.devices.get(id) ?? null,
    object: "Hill/Q01",
    at: noon,
  });
  assert.deepEqual(
    explained.reasons.map(({ says }) => says),
    [
      "OPERATOR everywhere has Control-Basic, by the map default at revision 1.",
      "anna is on Q01 while no server answers: replicated (group bay1).",
    ],
  );
});

test("[XA2][AM2] every reason against it has a sentence of its own", () => {
  const anna = aStation().anna;
  const cases: readonly (readonly [(world: World) => void, RegExp])[] = [
    [
      (world) => void world.must({ kind: "disable-account", id: anna }),
      /^may not, offline false: The account anna is disabled\. anna is not on Q01 .*: disabled/,
    ],
    [
      (world) =>
        void world.must({ kind: "lock-account", id: anna, until: noon + hour }, { actor: serverA }),
      /^may not, offline false: The account anna is locked until 2026-06-01T13:00:00/,
    ],
    [
      (world) =>
        void world.must({
          kind: "set-password",
          id: anna,
          password: aNewPassword("new"),
          mustChange: true,
        }),
      /^may not, offline false: The password of anna must be changed/,
    ],
    [
      (world) => void world.must({ kind: "update-account", id: anna, roles: [] }),
      /^may not, offline false: The account anna has no role\.$/,
    ],
    [
      (world) =>
        void world.must({
          kind: "update-account",
          id: anna,
          roles: [aRole(1, { notBefore: noon + hour }), aRole(1, { area: "Hill", notAfter: noon })],
        }),
      /No role of anna is within its dates.* OPERATOR everywhere begins at 2026-06-01T13:00:00.* OPERATOR in Hill ended at 2026-06-01T12:00:00/,
    ],
    [
      (world) =>
        void world.must({ kind: "update-account", id: anna, roles: [aRole(1, { area: "Dale" })] }),
      /^may not, offline false: OPERATOR has Control-Basic, but holds in Dale, not for Hill\/Q01\.$/,
    ],
    [
      (world) =>
        void world.must({ kind: "update-account", id: anna, roles: [aRole(roleIds.VIEWER)] }),
      /^may not, offline false: VIEWER does not have Control-Basic, by the map default at revision 1\.$/,
    ],
    [
      (world) => void world.must({ kind: "deny-in-group", id: groupId("bay1"), account: anna }),
      /^may, offline false: anna is not on Q01 while no server answers: denied in this group/,
    ],
    [
      (world) => void world.must({ kind: "leave-group", id: groupId("bay1"), account: anna }),
      /^may, offline false: anna is not in the group bay1 of Q01/,
    ],
    [
      (world) => void world.must({ kind: "set-replication", id, enabled: false }),
      /^may, offline false: Replication to Q01 is off/,
    ],
  ];
  for (const [change, expected] of cases) {
    const world = aBay();
    change(world);
    assert.match(answer(world), expected);
  }
});

test("[XA2][AM2] a password that ended, none at all, and a device that is not enrolled are named", () => {
  const world = aBay();
  const late = answer(world, { at: noon + 4_000 * day });
  assert.match(late, /^may not, offline false: The password of anna ended at /);
  world.must(createAccount("berta", { password: null }));
  const account = world.account("berta");
  assert.match(answer(world, { account }), /berta has no password, and no certificate leads to it/);
  world.must({ kind: "map-certificate", key: "email:berta@example.org", account: account.id });
  assert.match(answer(world, { account }), /^may, offline false: berta is not in the group/);
  const device = world.state.tables.devices.get(id);
  assert.ok(device);
  const away = answer(world, { device: { ...device, status: "registered" } });
  assert.match(away, /^may not, offline false: The device Q01 is not enrolled yet/);
  assert.match(answer(world, { device: { ...device, status: "lost" } }), /The device Q01 is lost/);
});

test("[XA2][AM2] read only, the tool's own right and the panel are told apart", () => {
  const world = aBay();
  const ruth = createAccount("ruth", { roles: [aRole(roleIds.RBACMNT), aRole(roleIds.VIEWER)] });
  world.must(ruth);
  const account = world.account("ruth");
  const whole = { right: "Setting-Basic", level: "full" } as const;
  assert.match(
    answer(world, { account, operation: whole }),
    /VIEWER has Setting-Basic to read only/,
  );
  const viewer = createAccount("vera", { roles: [aRole(roleIds.VIEWER)] });
  world.must(viewer);
  const read = { right: "Setting-Basic", level: "read" } as const;
  const vera = { account: world.account("vera"), operation: read };
  assert.match(answer(world, vera), /^may, /);
  assert.match(
    answer(world, { ...vera, accessPoint: "tool" }),
    /^may not, .*Through a tool DBAccess-Normal is needed/,
  );
  const both = { account, operation: read, accessPoint: "tool" } as const;
  assert.match(answer(world, both), /^may, /);
  world.must({ kind: "disable-account", id: world.account("vera").id });
  const gone = { account: world.account("vera"), operation: read, accessPoint: "panel" } as const;
  assert.equal(answer(world, gone), "may, offline true: ");
});

test("[XA2][AM2] the map of the device's type decides, and is named with its revision", () => {
  const world = aBay();
  world.must(createAccount("ruth", { roles: [aRole(roleIds.RBACMNT)] }));
  const by = { actor: anActor("ruth") };
  const cell = { right: "Control-Basic", role: roleIds.OPERATOR, level: "none" } as const;
  world.must({ kind: "set-right", map: "REL670", ...cell }, by);
  assert.match(
    answer(world),
    /OPERATOR does not have Control-Basic, by the map REL670 at revision 1/,
  );
  assert.match(answer(world, { device: null, object: "*" }), /^may, offline null: $/);
});

test("[XA3][AM2] the verdict is that of ATHCHCK, and a role speaks for it exactly where it allows", () => {
  const world = aBay();
  const role = fc.record({
    role: fc.constantFrom(0, 1, 2, 3, 4, 5, 6, -32_000, -1),
    area: fc.constantFrom("*", "Hill", "Hill/Q01", "Dale"),
    notBefore: fc.constantFrom(null, noon - hour, noon + hour),
    notAfter: fc.constantFrom(null, noon + hour, noon),
  });
  const operation = fc.record({
    right: fc.constantFrom(...rightNames),
    level: fc.constantFrom("full" as const, "read" as const),
  });
  const template = templateOfMap(rightsMapOfType(world.state, "REL670"));
  const point = fc.constantFrom("remote" as const, "tool" as const);
  fc.assert(
    fc.property(
      fc.array(role, { maxLength: 4 }),
      operation,
      point,
      (roles, wanted, accessPoint) => {
        const account = { ...world.account("anna"), roles };
        const question = { account, operation: wanted, accessPoint, device: null, at: noon };
        const explained = explainAccess(world.state, { ...question, object: "Hill/Q01" });
        const session = { name: "anna", roles, mustChange: false, at: noon, template };
        const verdict = check(session, accessPoint, wanted, "Hill/Q01");
        assert.equal(explained.allowed, verdict.allow);
        const against = explained.reasons.filter(({ speaks }) => speaks === "against");
        const isFor = explained.reasons.some(({ speaks }) => speaks === "for");
        if (verdict.allow) assert.ok(isFor);
        else assert.ok(against.length > 0);
        const lacksTool = against.some(({ says }) => says.startsWith("Through a tool"));
        assert.equal(isFor && !lacksTool, verdict.allow);
      },
    ),
    { numRuns: 500 },
  );
});
