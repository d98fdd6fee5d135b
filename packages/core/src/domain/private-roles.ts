import { ok, type Result } from "../base/result.ts";
import type { Refusal } from "./refusal.ts";
import { parseRole, roleName } from "./roles.ts";
import type { DirectoryState } from "./state.ts";
import type { RoleId } from "./types.ts";

type Names = Pick<DirectoryState, "tables">;

/** What people call a role in this system; its number where nobody gave it a name. */
export function nameOfRole({ tables }: Names, role: RoleId): string {
  return tables.privateRoles.get(String(role))?.name ?? roleName(role);
}

/** A role by a name of the standard, one given here, or its number. */
export function findRole({ tables }: Names, text: string): Result<RoleId, Refusal> {
  const wanted = text.trim().toUpperCase();
  const named = tables.privateRoles.valueSeq().find(({ name }) => name === wanted);
  return named === undefined ? parseRole(text) : ok(named.role);
}
