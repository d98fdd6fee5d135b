import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceId, groupId, nodeId, requestId } from "../base/identity.ts";
import { day, hour } from "../base/time.ts";
import type { Command } from "./command.ts";
import type { Fact } from "./fact.ts";
import { anActor, aRole, aStation, createAccount, noon, serverA, type World } from "./fixtures.ts";
import { parseEntry } from "./parse-entry.ts";
import { isPassed, parseOrder } from "./parse-order.ts";
import { findRole, nameOfRole } from "./private-roles.ts";
import {
  allRightsMaps,
  devicesOfMap,
  rightRows,
  rightsMapOfType,
  templateLike,
  templateOfMap,
} from "./rights-map.ts";
import { iecRights, relionRights, relionRightsAsPrinted, rightsTemplates } from "./rights.ts";
import { roleIds } from "./roles.ts";
import { setAsideRows } from "./set-aside.ts";
import { lossesOf } from "./set-aside-loss.ts";
import type { RightRow, RightsMapRow } from "./types.ts";

const ruth = { actor: anActor("ruth") };
const control: Command = {
  kind: "set-right",
  map: "default",
  right: "Control-Basic",
  role: roleIds.INSTALLER,
  level: "full",
};

/** A station with the devices Q01 of type REL670 and Q02 of type REC670, and ruth, RBACMNT. */
function aMappedStation(): World {
  const world = aStation();
  world.must(createAccount("ruth", { roles: [aRole(roleIds.RBACMNT)] }));
  const about = { manufacturer: "", accessPoints: [], area: "Hill" };
  const devices = [
    { id: deviceId("Q01"), name: "Q01", type: "REL670", ...about },
    { id: deviceId("Q02"), name: "Q02", type: "REC670", ...about },
  ];
  world.must({ kind: "register-devices", devices, group: groupId("bay1") });
  return world;
}

function mapOf(world: World, type: string): RightsMapRow {
  return rightsMapOfType(world.state, type);
}

test("[RO5][AM2] before anybody changes it, the shipped matrix holds for every type", () => {
  const { state } = aMappedStation();
  const map = rightsMapOfType(state, "REL670");
  assert.deepEqual([map.name, map.revision, templateLike(map)], ["default", 1, "relion-670"]);
  assert.deepEqual(templateOfMap(map).rights, relionRights.rights);
  assert.deepEqual(devicesOfMap(state, map).length, 2);
});

test("[RO5][AM2] a type has the map that was made for it, which begins as the default", () => {
  const world = aMappedStation();
  world.must({ ...control, map: "REL670" }, ruth);
  const own = mapOf(world, "REL670");
  assert.deepEqual(
    [own.name, own.revision, own.by, templateLike(own)],
    ["REL670", 1, "ruth", null],
  );
  const levels = templateOfMap(own).rights.get("Control-Basic");
  assert.deepEqual(
    [1, 2, 3].map((role) => [role, levels?.get(role)]),
    [
      [1, "full"],
      [2, "full"],
      [3, "full"],
    ],
  );
  assert.equal(mapOf(world, "REC670").name, "default");
  assert.deepEqual(
    devicesOfMap(world.state, own).map(({ name }) => name),
    ["Q01"],
  );
  world.must({ ...control, right: "AuditLog-Read" }, ruth);
  assert.deepEqual(
    allRightsMaps(world.state).map(({ name, revision }) => `${name} ${revision}`),
    ["default 2", "REL670 1"],
  );
});

test("[RO6][AM2] every change of a cell raises the revision, and what changes nothing is refused", () => {
  const world = aMappedStation();
  for (const [level, revision] of [
    ["full", 2],
    ["read", 3],
    ["none", 4],
  ] as const) {
    const decision = world.submit({ ...control, level }, ruth);
    assert.ok(decision.ok);
    assert.equal(decision.value.answer.revision, revision);
    assert.equal(world.codeOf({ ...control, level }, ruth), "rights.unchanged");
  }
  assert.equal(templateLike(mapOf(world, "")), "relion-670");
  const rights = rightRows(iecRights.rights);
  world.must({ kind: "replace-rights", map: "default", of: 4, rights }, ruth);
  assert.deepEqual([mapOf(world, "").revision, templateLike(mapOf(world, ""))], [5, "iec-62351-8"]);
});

test("[RO6][AM2][AM8] who may do what is changed with RBACMNT, and not with SECADM", () => {
  const commands: readonly Command[] = [
    control,
    { kind: "replace-rights", map: "default", of: null, rights: [] },
    { kind: "create-role", role: -1, name: "DSO_OPERATOR", description: "" },
    { kind: "delete-role", role: -1 },
  ];
  for (const [name, role] of Object.entries(roleIds)) {
    const isAllowed = name === "RBACMNT" || name === "ADMINISTRATOR";
    const world = aMappedStation();
    world.must(createAccount("eve", { roles: [aRole(role)] }));
    for (const command of commands) {
      const code = world.codeOf(command, { actor: anActor("eve") });
      assert.equal(code, isAllowed ? "accepted" : "access.denied", `${name} ${command.kind}`);
    }
  }
});

test("[RO7][AM2] a map names known rights and roles once, for a type that a device has", () => {
  const world = aMappedStation();
  const replace = (
    rights: readonly RightRow[],
    map = "default",
    of: number | null = null,
  ): string => world.codeOf({ kind: "replace-rights", map, of, rights }, ruth);
  const row = { right: "Control-Basic", full: [1], read: [] };
  assert.equal(replace([{ ...row, right: "Control" }]), "rights.no-right");
  assert.equal(replace([row, { ...row, right: "control-basic" }]), "rights.repeated");
  assert.equal(replace([{ ...row, read: [1] }]), "rights.repeated");
  assert.equal(replace([{ ...row, full: [1, 1] }]), "rights.repeated");
  assert.equal(replace([{ ...row, full: [7] }]), "role.reserved");
  assert.equal(replace([row], "REL67O"), "rights.no-type");
  assert.equal(replace([row], "default", 2), "rights.changed-since");
  assert.equal(replace([row], "REL670", 1), "rights.changed-since");
  const many = Array.from({ length: 129 }, (_, index) => -1 - index);
  assert.equal(replace([{ ...row, full: many }]), "rights.too-many");
  assert.equal(world.codeOf({ ...control, right: "Fly" }, ruth), "rights.no-right");
  assert.equal(world.codeOf({ ...control, role: 40_000 }, ruth), "role.reserved");
  assert.equal(world.codeOf({ ...control, map: "constructor" }, ruth), "rights.no-type");
  assert.equal(replace([row], "REL670", 0), "accepted");
  assert.equal(replace([], "REL670", 1), "accepted");
  assert.deepEqual([mapOf(world, "REL670").revision, mapOf(world, "REL670").rights], [2, []]);
});

test("[RO7] the order of a file does not count", () => {
  const world = aMappedStation();
  const rights = rightRows(relionRights.rights)
    .map((row) => ({ ...row, full: row.full.toReversed() }))
    .toReversed();
  const command = { kind: "replace-rights", map: "default", of: 1, rights } as const;
  assert.equal(world.codeOf(command, ruth), "rights.unchanged");
  for (const { name, rights: cells } of rightsTemplates) {
    const map = { name, revision: 1, rights: rightRows(cells), by: "", at: 0 };
    assert.equal(templateLike(map), name);
    assert.deepEqual(templateOfMap(map).rights, cells);
  }
});

test("[RO8][AM2] a private role is named once, and keeps its name while somebody has it", () => {
  const world = aMappedStation();
  const create = (name: string, role: number): string =>
    world.codeOf({ kind: "create-role", role, name, description: "" }, ruth);
  assert.equal(create(" dso_operator ", -1), "accepted");
  assert.equal(nameOfRole(world.state, -1), "DSO_OPERATOR");
  assert.equal(nameOfRole(world.state, -2), "-2");
  assert.deepEqual(findRole(world.state, "Dso_Operator"), { ok: true, value: -1 });
  assert.deepEqual(findRole(world.state, "operator"), { ok: true, value: 1 });
  assert.equal(create("DSO_OPERATOR", -2), "role.exists");
  assert.equal(create("OTHER", -1), "role.exists");
  assert.equal(create("viewer", -2), "role.exists");
  for (const id of [0, 7, -32_768, -32_000, 1.5]) {
    assert.equal(create("X_1", id), "role.not-private");
  }
  for (const name of ["", "X", "1X", "A-B", "A@B", "A".repeat(33)]) {
    assert.equal(create(name, -2), "role.bad-name", name);
  }
  const remove = { kind: "delete-role", role: -1 } as const;
  world.must(createAccount("otto", { roles: [aRole(-1)] }));
  assert.equal(world.codeOf(remove, ruth), "role.in-use");
  world.must({ kind: "update-account", id: world.account("otto").id, roles: [aRole(1)] });
  world.must({ ...control, role: -1 }, ruth);
  assert.equal(world.codeOf(remove, ruth), "role.in-use");
  world.must({ ...control, role: -1, level: "none" }, ruth);
  assert.equal(world.codeOf(remove, ruth), "accepted");
  assert.equal(world.codeOf(remove, ruth), "role.unknown");
});

const lost = rightRows(relionRightsAsPrinted.rights);

function aLostChange(world: World, fact: Fact, forkedAt: number): ReturnType<typeof setAsideRows> {
  const [node, at] = [nodeId("A"), noon + 2 * hour];
  const place = { node, term: 7, start: 1, seq: 9, hash: "a".repeat(64), prev: "b".repeat(64) };
  const asked = { ...ruth, requestId: requestId("lost"), kind: "replace-rights" };
  const about = { mark: "acknowledged", forkedAt, by: node, setAsideAt: noon + day } as const;
  const rows = setAsideRows({ ...place, ...asked, at, facts: [fact], answer: {} }, about);
  for (const row of rows) {
    world.must({ kind: "record-set-aside", row }, { actor: serverA, at: noon + day });
  }
  return rows;
}

test("[RO9][HS9] a lost map is made again under the next revision, not over one made since", () => {
  const map = { name: "default", revision: 2, rights: lost, by: "ruth", at: noon + 2 * hour };
  const fact: Fact = { kind: "rights-set", map };
  for (const [changedAt, expected] of [
    [null, "accepted"],
    [noon, "accepted"],
    [noon + 3 * hour, "tail.conflict"],
  ] as const) {
    const world = aMappedStation();
    if (changedAt !== null) world.must(control, { ...ruth, at: changedAt });
    const before = mapOf(world, "").revision;
    const [row] = aLostChange(world, fact, noon + hour);
    assert.ok(row);
    const present = { state: world.state, now: noon + day };
    assert.match(lossesOf(row, [fact], present).join(), /^The role-to-right map default was/);
    const again = { kind: "reapply-set-aside", id: row.id, reason: "" } as const;
    assert.equal(world.codeOf(again, { at: noon + day }), expected);
    if (expected !== "accepted") continue;
    assert.equal(mapOf(world, "").revision, before + 1);
    assert.equal(templateLike(mapOf(world, "")), "relion-670-as-printed");
    assert.deepEqual(lossesOf(row, [fact], { state: world.state, now: noon + day }), []);
  }
});

test("[RO9][HS9] lost names of roles are given and taken again", () => {
  const role = { role: -1, name: "DSO_OPERATOR", description: "", by: "ruth", at: noon };
  const named: Fact = { kind: "role-named", role };
  const world = aMappedStation();
  const [row] = aLostChange(world, named, noon + hour);
  const again = { kind: "reapply-set-aside", id: row?.id ?? "", reason: "" } as const;
  world.must(again, { at: noon + day });
  assert.equal(nameOfRole(world.state, -1), "DSO_OPERATOR");
  const other = aMappedStation();
  other.must({ kind: "create-role", role: -1, name: "DSO_OPERATOR", description: "" }, ruth);
  const [removed] = aLostChange(other, { kind: "role-name-removed", role: -1 }, noon + hour);
  other.must({ ...again, id: removed?.id ?? "" }, { at: noon + day });
  assert.equal(other.state.tables.privateRoles.size, 0);
});

test("[JE1][PC1][AM2] maps and names come through the journal and from a Standby as they are", () => {
  const world = aMappedStation();
  const commands: readonly Command[] = [
    control,
    { kind: "replace-rights", map: "REL670", of: null, rights: lost },
    { kind: "create-role", role: -1, name: "DSO_OPERATOR", description: "of the grid" },
    { kind: "delete-role", role: -1 },
  ];
  for (const command of commands) {
    assert.ok(isPassed(command));
    const order = { command, ...ruth, requestId: requestId("request") };
    assert.deepEqual(parseOrder(JSON.parse(JSON.stringify(order))), { ok: true, value: order });
    world.must(command, ruth);
    const hash = "0".repeat(64);
    const entry = { ...world.last, start: 1, hash, prev: hash };
    const parsed = parseEntry(JSON.parse(JSON.stringify(entry)));
    assert.ok(parsed.ok, command.kind);
    assert.deepEqual(parsed.value.facts, world.last?.facts);
  }
});
