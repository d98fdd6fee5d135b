import type { Access } from "@gridward/core/api/route";
import { err, ok, type Result } from "@gridward/core/base/result";
import { permissions } from "@gridward/core/domain/permissions";
import type { Refusal } from "@gridward/core/domain/refusal";
import { rolesWith } from "@gridward/core/domain/rights";
import { impliedRoles, isEverywhere, roleIds, roleName } from "@gridward/core/domain/roles";
import type { RoleId } from "@gridward/core/domain/types";
import type { Session } from "../session.ts";

/**
 * Which role opens what (AM8). Changes open to whom the domain lets make them, so that a stranger
 * to them costs no password hash; the domain judges again. A role counts only if it holds
 * everywhere: the system's own accounts lie in no bay.
 */
const openedBy: Readonly<Record<Access, readonly RoleId[] | "any session" | "nobody needed">> = {
  anyone: "nobody needed",
  session: "any session",
  person: "any session",
  "read directory": [roleIds.SECADM, roleIds.SECAUD, roleIds.RBACMNT],
  "administer accounts": permissions["create-account"].roles,
  "administer devices": permissions["register-devices"].roles,
  "administer roles": permissions["set-right"].roles,
  "administer certificates": permissions["issue-certificate"].roles,
  "operate pair": permissions["issue-invite"].roles,
  "configure security": rolesWith("Security-Advanced"),
  "read audit": [roleIds.SECAUD],
};

/** May this session do that? The refusal names the roles of which one is needed. */
export function checkAccess(session: Session | null, access: Access): Result<null, Refusal> {
  const wanted = openedBy[access];
  if (wanted === "nobody needed") return ok(null);
  if (session === null) return err({ code: "credential.missing", detail: "" });
  // A session from a one-time code or a set password does nothing but change the password.
  if (session.mustChange && access !== "session") {
    return err({ code: "password.must-change", detail: "" });
  }
  if (wanted === "any session") return ok(null);
  const held = new Set(
    session.roles.filter(isEverywhere).flatMap(({ role }) => impliedRoles(role)),
  );
  if (wanted.some((role) => held.has(role))) return ok(null);
  return err({ code: "access.denied", detail: wanted.map(roleName).join(" or ") });
}
