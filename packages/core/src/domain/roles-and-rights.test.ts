import assert from "node:assert/strict";
import { test } from "node:test";
import {
  iecRightNames,
  parseRight,
  relionRightNames,
  relionRights,
  relionRightsAsPrinted,
  rightNames,
  rightsOf,
} from "./rights.ts";
import { coversArea, impliedRoles, parseRole, roleIds, roleName } from "./roles.ts";

test("[RO1][AM2] roles are read by name in any case or by number", () => {
  assert.deepEqual(parseRole("operator"), { ok: true, value: 1 });
  assert.deepEqual(parseRole("6"), { ok: true, value: 6 });
  assert.deepEqual(parseRole("-17"), { ok: true, value: -17 });
  assert.deepEqual(parseRole("ADMINISTRATOR"), { ok: true, value: roleIds.ADMINISTRATOR });
  assert.equal(roleName(4), "SECADM");
  assert.equal(roleName(-17), "-17");
});

test("[RO1][AM2] what the standard reserves or nobody defined is refused", () => {
  for (const text of ["7", "32767", "32768", "-32768", "-40000"]) {
    const role = parseRole(text);
    assert.equal(role.ok ? "" : role.error.code, "role.reserved", text);
  }
  for (const text of ["", "OPERATER", "1.5", "1e3", "--1", "constructor"]) {
    const role = parseRole(text);
    assert.equal(role.ok ? "" : role.error.code, "role.unknown", text);
  }
});

test("[RO2][AM2] an area covers what lies under it by whole names", () => {
  assert.equal(coversArea("*", "Hill/Q01"), true);
  assert.equal(coversArea("Hill", "Hill/Q01"), true);
  assert.equal(coversArea("Hill/Q01", "Hill/Q01"), true);
  assert.equal(coversArea("Hill", "Hilltop/Q01"), false);
  assert.equal(coversArea("Hill/Q01", "Hill"), false);
});

test("[RO3][AM2] the printed matrix has 15 rights and is read as it stands", () => {
  assert.equal(relionRightsAsPrinted.rights.size, 15);
  const cells = relionRightNames.map((right) => {
    const levels = relionRightsAsPrinted.rights.get(right);
    const row = Object.values(roleIds).map((role) => levels?.get(role) ?? "-");
    return row.map((level) => (level === "full" ? "x" : level.replace("read", "r"))).join("");
  });
  assert.deepEqual(cells, [
    "--xx----",
    "--xx----",
    "--xx----",
    "----x-xx",
    "r-xx----",
    "r-xx----",
    "-xx-----",
    "-xx-----",
    "-xx-----",
    "--x-----",
    "-xxxxxxx",
    "-xxxxxxx",
    "-----x-x",
    "-xxx----",
    "-----x-x",
  ]);
});

test("[RO3][AM2] the shipped matrix differs in Security-Advanced alone", () => {
  const differing = rightNames.filter(
    (right) => relionRights.rights.get(right) !== relionRightsAsPrinted.rights.get(right),
  );
  assert.deepEqual(differing, ["Security-Advanced"]);
  const holders = relionRights.rights.get("Security-Advanced");
  assert.deepEqual([...(holders?.keys() ?? [])], [roleIds.SECADM, roleIds.ADMINISTRATOR]);
});

test("[RO4][AM2] several roles give the union, and full wins over read", () => {
  assert.deepEqual(
    rightsOf([roleIds.VIEWER]),
    new Map([
      ["Setting-Basic", "read"],
      ["Setting-Advanced", "read"],
    ]),
  );
  const both = rightsOf([roleIds.VIEWER, roleIds.ENGINEER]);
  assert.equal(both.get("Setting-Basic"), "full");
  assert.equal(both.get("Control-Basic"), "full");
  assert.equal(rightsOf([-17]).size, 0);
});

test("[RO4][AM2] ADMINISTRATOR has the rights of the three roles it is the sum of", () => {
  const sum = rightsOf(impliedRoles(roleIds.ADMINISTRATOR));
  assert.deepEqual(new Set(rightsOf([roleIds.ADMINISTRATOR])), new Set(sum));
  assert.equal(sum.has("Control-Basic"), false);
});

test("[RO3] rights are read in any case", () => {
  assert.equal(parseRight(" control-basic"), "Control-Basic");
  assert.equal(parseRight("control"), undefined);
});

test("[RO10][AM2] the rights of IEC 62351-8 are other rights, read in capitals only", () => {
  for (const right of iecRightNames) {
    assert.equal(parseRight(right), right);
    assert.equal(parseRight(right.toLowerCase()), undefined);
    assert.equal(relionRights.rights.has(right), false);
  }
});
