import type { WantedRole } from "@gridward/core/api/account-routes";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Refusal } from "@gridward/core/domain/refusal";
import { findRole } from "@gridward/core/domain/private-roles";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { RoleAssignment } from "@gridward/core/domain/types";

/** Roles as they are asked for: by name or number, everywhere and without dates unless told so. */
export function readRoles(
  state: DirectoryState,
  wanted: readonly WantedRole[],
): Result<readonly RoleAssignment[], Refusal> {
  const roles: RoleAssignment[] = [];
  for (const { role, area, not_before: from, not_after: until } of wanted) {
    const id = findRole(state, String(role));
    if (!id.ok) return err(id.error);
    roles.push({
      role: id.value,
      area: area ?? "*",
      notBefore: from === undefined ? null : Date.parse(from),
      notAfter: until === undefined ? null : Date.parse(until),
    });
  }
  return ok(roles);
}

/** When roles begin and end; a member that is absent is left as it is, null takes a date away. */
export interface Validity {
  readonly valid_from?: string | null | undefined;
  readonly valid_until?: string | null | undefined;
}

/** IEC 62351-8 gives dates to roles: an account is in force as long as one of its roles is. */
export function withValidity(
  roles: readonly RoleAssignment[],
  { valid_from: from, valid_until: until }: Validity,
): Result<readonly RoleAssignment[], Refusal> {
  const isDated = typeof from === "string" || typeof until === "string";
  if (isDated && roles.length === 0) return err({ code: "role.none-to-date", detail: "" });
  return ok(
    roles.map((assignment) => ({
      ...assignment,
      ...(from === undefined ? {} : { notBefore: instantOf(from) }),
      ...(until === undefined ? {} : { notAfter: instantOf(until) }),
    })),
  );
}

function instantOf(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}
