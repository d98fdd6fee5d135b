import assert from "node:assert/strict";
import { test } from "node:test";
import { hour } from "../base/time.ts";
import { athstatOf } from "./athstat.ts";
import { check, parseOperation, type AuthoritySession, type Verdict } from "./athchck.ts";
import { aRole, noon } from "./fixtures.ts";
import { relionRights, rightNames } from "./rights.ts";
import { roleIds } from "./roles.ts";
import type { RoleAssignment } from "./types.ts";

function aSession(
  roles: readonly RoleAssignment[],
  changes: Partial<AuthoritySession> = {},
): AuthoritySession {
  return { name: "anna", roles, mustChange: false, at: noon, template: relionRights, ...changes };
}

const bay = "Hill/Q01";

function ask(
  session: AuthoritySession | null,
  operation: string,
  accessPoint: "panel" | "remote" | "tool" = "remote",
): string {
  const parsed = parseOperation(operation);
  assert.ok(parsed.ok);
  return told(check(session, accessPoint, parsed.value, bay));
}

function told(verdict: Verdict): string {
  return verdict.allow ? "allow" : verdict.refusal.code;
}

test("[AU1][DV8] an OPERATOR controls, a VIEWER does not, and the reason says why", () => {
  const operator = aSession([aRole(roleIds.OPERATOR)]);
  const parsed = parseOperation("control-basic");
  assert.ok(parsed.ok);
  assert.deepEqual(check(operator, "remote", parsed.value, bay), {
    allow: true,
    reason: "OPERATOR in * has Control-Basic",
  });
  const viewer = aSession([aRole(roleIds.VIEWER)]);
  assert.deepEqual(check(viewer, "remote", parsed.value, bay), {
    allow: false,
    refusal: { code: "access.no-right", detail: "anna: Control-Basic on Hill/Q01" },
  });
});

test("[AU1][DV8] every right of every role is decided as the matrix says, in force or not", () => {
  for (const right of rightNames) {
    for (const role of Object.values(roleIds)) {
      const isFull = relionRights.rights.get(right)?.get(role) === "full";
      assert.equal(ask(aSession([aRole(role)]), right), isFull ? "allow" : "access.no-right");
      const over = aSession([aRole(role, { notAfter: noon })]);
      assert.equal(ask(over, right), "access.no-right");
    }
  }
});

test("[AU1] R permits reading and nothing more", () => {
  const viewer = aSession([aRole(roleIds.VIEWER)]);
  assert.equal(ask(viewer, "Setting-Basic:read"), "allow");
  assert.equal(ask(viewer, "Setting-Basic"), "access.no-right");
  assert.equal(ask(aSession([aRole(roleIds.OPERATOR)]), "Setting-Basic:read"), "access.no-right");
  assert.equal(ask(aSession([aRole(roleIds.ENGINEER)]), "Setting-Basic:read"), "allow");
});

test("[AU2][AM2] a missing right is told from a wrong area", () => {
  const elsewhere = aRole(roleIds.OPERATOR, { area: "Hill/Q02" });
  assert.equal(ask(aSession([elsewhere]), "Control-Basic"), "access.outside-area");
  const here = aRole(roleIds.OPERATOR, { area: "Hill" });
  assert.equal(ask(aSession([elsewhere, here]), "Control-Basic"), "allow");
});

test("[AU3][DV8] reading at the panel is free, nothing else is without a sign-in", () => {
  assert.equal(ask(null, "Setting-Basic:read", "panel"), "allow");
  assert.equal(ask(null, "Setting-Basic", "panel"), "access.no-session");
  assert.equal(ask(null, "Setting-Basic:read", "remote"), "access.no-session");
});

test("[AU4][DV8] a tool needs DBAccess-Normal beside the right itself", () => {
  const viewer = aSession([aRole(roleIds.VIEWER)]);
  assert.equal(ask(viewer, "Setting-Basic:read", "tool"), "access.no-right");
  assert.equal(ask(aSession([aRole(roleIds.ENGINEER)]), "Setting-Basic", "tool"), "allow");
  const both = aSession([aRole(roleIds.VIEWER), aRole(roleIds.SECAUD, { area: "Hill/Q02" })]);
  assert.equal(ask(both, "Setting-Basic:read", "tool"), "access.outside-area");
});

test("[AU5] who must change the password may do nothing else", () => {
  const session = aSession([aRole(roleIds.OPERATOR)], { mustChange: true });
  assert.equal(ask(session, "Control-Basic"), "password.must-change");
});

test("[AU1] an operation that does not exist is refused", () => {
  for (const text of ["", "Control", "Control-Basic:write", "Control-Basic:read:read", ":read"]) {
    const parsed = parseOperation(text);
    assert.equal(parsed.ok ? "" : parsed.error.code, "access.unknown-operation", text);
  }
});

test("[AU6][DV9] USRBLKED and LOGGEDON hold while there is a block and a session", () => {
  const blocked = { failures: 3, since: noon, blockedUntil: noon + hour };
  const failed = { failures: 2, since: noon, blockedUntil: null };
  const session = { expiresAt: noon + hour };
  assert.deepEqual(athstatOf([], [failed], noon), { usrblked: false, loggedon: false });
  assert.deepEqual(athstatOf([session], [failed, blocked], noon), {
    usrblked: true,
    loggedon: true,
  });
  const later = athstatOf([session], [blocked], noon + hour);
  assert.deepEqual(later, { usrblked: false, loggedon: false });
});
