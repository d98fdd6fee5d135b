import { canonical } from "../base/canonical.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Submission } from "./command.ts";
import { decided, type CommandOf, type Decision } from "./decision.ts";
import {
  descriptionLengthMax,
  privateRolesMax,
  rightsMapsMax,
  rolesPerRightMax,
} from "./limits.ts";
import { isPlainText } from "./names.ts";
import { findRole, nameOfRole } from "./private-roles.ts";
import { refuse, type Refusal } from "./refusal.ts";
import {
  defaultMapName,
  findRightsMap,
  rightRows,
  rightsMapOfType,
  templateOfMap,
} from "./rights-map.ts";
import { parseRight, type RightLevel, type RightName } from "./rights.ts";
import { checkRole, roleIds } from "./roles.ts";
import type { DirectoryState } from "./state.ts";
import type { PrivateRoleRow, RightRow, RoleId } from "./types.ts";

type RightsCommand = CommandOf<"set-right" | "replace-rights" | "create-role" | "delete-role">;

/** AM2: what roles may do on devices of a type, and what private roles are called. */
export function decideRights(
  state: DirectoryState,
  command: RightsCommand,
  submission: Submission,
): Decision {
  switch (command.kind) {
    case "set-right":
      return setRight(state, command, submission);
    case "replace-rights":
      return replaceRights(state, command, submission);
    case "create-role":
      return createRole(state, command, submission);
    case "delete-role":
      return deleteRole(state, command);
  }
}

/** A type without a map of its own gets one here, which begins as the default. */
function setRight(
  state: DirectoryState,
  { map, right, role, level }: CommandOf<"set-right">,
  submission: Submission,
): Decision {
  const known = parseRight(right);
  if (known === undefined) return refuse("rights.no-right", right.slice(0, 64));
  const refusal = checkRole(role);
  if (refusal !== undefined) return err(refusal);
  const cells = new Map(templateOfMap(rightsMapOfType(state, map)).rights);
  const levels = new Map(cells.get(known));
  if (level === "none") levels.delete(role);
  else levels.set(role, level);
  cells.set(known, levels);
  return writeMap(state, map, rightRows(cells), submission);
}

export function replaceRights(
  state: DirectoryState,
  { map, of, rights }: CommandOf<"replace-rights">,
  submission: Submission,
): Decision {
  const present = findRightsMap(state, map)?.revision ?? 0;
  if (of !== null && of !== present) {
    return refuse("rights.changed-since", `${map} is at revision ${present}, the file at ${of}`);
  }
  const cells = readRights(rights);
  return cells.ok ? writeMap(state, map, rightRows(cells.value), submission) : cells;
}

type Cells = ReadonlyMap<RightName, ReadonlyMap<RoleId, RightLevel>>;

function readRights(rights: readonly RightRow[]): Result<Cells, Refusal> {
  const cells = new Map<RightName, ReadonlyMap<RoleId, RightLevel>>();
  for (const row of rights) {
    const right = parseRight(row.right);
    if (right === undefined) return refuse("rights.no-right", row.right.slice(0, 64));
    if (cells.has(right)) return refuse("rights.repeated", right);
    const levels = readLevels(row);
    if (!levels.ok) return levels;
    cells.set(right, levels.value);
  }
  return ok(cells);
}

function readLevels({
  right,
  full,
  read,
}: RightRow): Result<ReadonlyMap<RoleId, RightLevel>, Refusal> {
  const levels = new Map<RoleId, RightLevel>();
  for (const role of [...full, ...read]) {
    const refusal = checkRole(role);
    if (refusal !== undefined) return err(refusal);
    if (levels.has(role)) return refuse("rights.repeated", `${right}: role ${role}`);
    levels.set(role, full.includes(role) ? "full" : "read");
  }
  return ok(levels);
}

function writeMap(
  state: DirectoryState,
  name: string,
  rights: readonly RightRow[],
  { actor, at }: Submission,
): Decision {
  const present = findRightsMap(state, name);
  if (present === undefined && !state.tables.devices.some(({ type }) => type === name)) {
    return refuse("rights.no-type", `${name.slice(0, 128)}, known are ${typesOf(state)}`);
  }
  if (present === undefined && state.tables.rightsMaps.size >= rightsMapsMax) {
    return refuse("rights.too-many", String(rightsMapsMax));
  }
  const wide = rights.find(({ full, read }) => full.length + read.length > rolesPerRightMax);
  if (wide !== undefined) return refuse("rights.too-many", wide.right);
  if (present !== undefined && canonical(present.rights) === canonical(rights)) {
    return refuse("rights.unchanged", name);
  }
  const revision = (present?.revision ?? 0) + 1;
  const map = { name, revision, rights, by: actor.name, at };
  return decided([{ kind: "rights-set", map }], { id: name, revision });
}

const typesNamedMax = 10;

function typesOf({ tables }: DirectoryState): string {
  const types = [...new Set(tables.devices.valueSeq().map(({ type }) => type))].toSorted();
  const shown = types.slice(0, typesNamedMax).join(", ");
  const more = types.length > typesNamedMax ? ` and ${types.length - typesNamedMax} more` : "";
  return [defaultMapName, ...(shown === "" ? [] : [`${shown}${more}`])].join(", ");
}

const roleNamePattern = /^[A-Z][A-Z0-9_]{1,31}$/;

export function createRole(
  state: DirectoryState,
  { role, name: typed, description }: CommandOf<"create-role">,
  { actor, at }: Submission,
): Decision {
  const name = typed.trim().toUpperCase();
  const { privateRoles } = state.tables;
  if (!roleNamePattern.test(name)) return refuse("role.bad-name", typed.slice(0, 64));
  if (!isPlainText(description, descriptionLengthMax)) return refuse("role.bad-text", name);
  const isPrivate = checkRole(role) === undefined && role < 0 && role !== roleIds.ADMINISTRATOR;
  if (!isPrivate) return refuse("role.not-private", String(role));
  if (findRole(state, name).ok || privateRoles.has(String(role))) {
    return refuse("role.exists", `${name} ${role}`);
  }
  if (privateRoles.size >= privateRolesMax) {
    return refuse("role.too-many-private", String(privateRolesMax));
  }
  const row: PrivateRoleRow = { role, name, description, by: actor.name, at };
  return decided([{ kind: "role-named", role: row }], { id: name });
}

/** Only one that nobody has: an account must not be left with a number that nobody can read. */
export function deleteRole(state: DirectoryState, { role }: CommandOf<"delete-role">): Decision {
  const { accounts, privateRoles, rightsMaps } = state.tables;
  if (!privateRoles.has(String(role))) return refuse("role.unknown", nameOfRole(state, role));
  const holder = accounts.valueSeq().find(({ roles }) => roles.some((held) => held.role === role));
  if (holder !== undefined) return refuse("role.in-use", `account ${holder.name}`);
  const map = rightsMaps
    .valueSeq()
    .find(({ rights }) => rights.some((row) => [...row.full, ...row.read].includes(role)));
  if (map !== undefined) return refuse("role.in-use", `map ${map.name}`);
  return decided([{ kind: "role-name-removed", role }]);
}
