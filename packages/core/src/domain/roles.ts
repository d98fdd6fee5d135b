import { err, ok, type Result } from "../base/result.ts";
import type { Instant } from "../base/time.ts";
import type { Refusal } from "./refusal.ts";
import type { AccountRow, RoleAssignment, RoleId } from "./types.ts";

/**
 * Roles of IEC 62351-8:2020: 0..6 as in its table of pre-defined roles, 7..32767 reserved, negative
 * ones private. ADMINISTRATOR is the vendors' sum of SECADM, SECAUD and RBACMNT and no role of the
 * standard; it has a private id far from -1, where sites and CEI 0-16 start to count.
 */
export const roleIds = {
  VIEWER: 0,
  OPERATOR: 1,
  ENGINEER: 2,
  INSTALLER: 3,
  SECADM: 4,
  SECAUD: 5,
  RBACMNT: 6,
  ADMINISTRATOR: -32_000,
} as const satisfies Record<string, RoleId>;

/** -32768 stands for SINGLE_USER in DNP3, so the private range ends above it. */
const privateMin = -32_767;
const everywhere = "*";

const namesById: ReadonlyMap<RoleId, string> = new Map(
  Object.entries(roleIds).map(([name, id]) => [id, name]),
);

/** Roles that manage the system itself; on no device unless a group admits them (AM4). */
const administrative: ReadonlySet<RoleId> = new Set([
  roleIds.SECADM,
  roleIds.SECAUD,
  roleIds.RBACMNT,
  roleIds.ADMINISTRATOR,
]);

/** A name such as OPERATOR (any case) or a number. Refuses reserved and unknown ones. */
export function parseRole(text: string): Result<RoleId, Refusal> {
  const wanted = text.trim().toUpperCase();
  for (const [id, name] of namesById) if (name === wanted) return ok(id);
  if (!/^-?\d{1,5}$/.test(wanted)) return err({ code: "role.unknown", detail: text.slice(0, 64) });
  const refusal = checkRole(Number(wanted));
  return refusal === undefined ? ok(Number(wanted)) : err(refusal);
}

/** The name of a role, or its number where it has none. */
export function roleName(role: RoleId): string {
  return namesById.get(role) ?? String(role);
}

/** IEC 62351-8: only standard and private ids may be given. */
export function checkRole(role: RoleId): Refusal | undefined {
  if (namesById.has(role)) return undefined;
  if (Number.isInteger(role) && role >= privateMin && role < 0) return undefined;
  return { code: "role.reserved", detail: String(role) };
}

export function isAdministrative(role: RoleId): boolean {
  return administrative.has(role);
}

/** ADMINISTRATOR stands for the three roles it is the sum of. */
export function impliedRoles(role: RoleId): readonly RoleId[] {
  return role === roleIds.ADMINISTRATOR
    ? [roleIds.SECADM, roleIds.SECAUD, roleIds.RBACMNT]
    : [role];
}

export function isInForce(assignment: RoleAssignment, at: Instant): boolean {
  return (
    (assignment.notBefore === null || assignment.notBefore <= at) &&
    (assignment.notAfter === null || at < assignment.notAfter)
  );
}

export function rolesInForce(account: AccountRow, at: Instant): readonly RoleAssignment[] {
  return account.roles.filter((assignment) => isInForce(assignment, at));
}

/** IEC 62351-8: an account whose every role is out of its dates is over; one without roles is not. */
export function isPastItsRoles(account: AccountRow, at: Instant): boolean {
  return account.roles.length > 0 && rolesInForce(account, at).length === 0;
}

/** Path prefix on whole segments: "Hill" covers "Hill/Q01", not "Hilltop"; "*" covers all. */
export function coversArea(area: string, object: string): boolean {
  return area === everywhere || object === area || object.startsWith(`${area}/`);
}

/** Does the role hold for the whole system? Only then it counts for the system's own accounts. */
export function isEverywhere(assignment: RoleAssignment): boolean {
  return assignment.area === everywhere;
}
