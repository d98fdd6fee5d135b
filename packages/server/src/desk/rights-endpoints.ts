import { rightsRoutes } from "@gridward/core/api/rights-routes";
import { ok, type Result } from "@gridward/core/base/result";
import { rfc3339 } from "@gridward/core/base/time";
import type { Command } from "@gridward/core/domain/command";
import { findRole, nameOfRole } from "@gridward/core/domain/private-roles";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import {
  allRightsMaps,
  devicesOfMap,
  findRightsMap,
  rightRows,
  rightsMapOfType,
  templateLike,
} from "@gridward/core/domain/rights-map";
import { rightsTemplates } from "@gridward/core/domain/rights";
import { roleIds } from "@gridward/core/domain/roles";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { RightRow, RightsMapRow, RoleId } from "@gridward/core/domain/types";
import type { FrontEndParts } from "../parts.ts";
import type { DeskParts } from "./desk-parts.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { giveOrder, repeatedAnswer, type Order } from "./order.ts";

/** AM2: role-to-right maps and private roles; see `rightsRoutes` for what each does. */
export function rightsEndpoints({
  front,
}: DeskParts): Readonly<Record<keyof typeof rightsRoutes, Endpoint>> {
  return {
    ...mapViews(front),
    rightsSet: endpoint(rightsRoutes.rightsSet, async ({ params, query, body }, caller) => {
      const role = findRole(front.state(), body.role);
      if (!role.ok) return role;
      const { right, level } = body;
      const command = { kind: "set-right", ...params, right, role: role.value, level } as const;
      return changeMap(front, params.map, { command, caller, dryRun: query.dry_run });
    }),
    rightsReplace: endpoint(rightsRoutes.rightsReplace, async ({ params, query, body }, caller) => {
      const rights =
        "template" in body ? templateRows(body.template) : readRows(front.state(), body.rights);
      if (!rights.ok) return rights;
      const of = "of" in body ? (body.of ?? null) : null;
      const command = { kind: "replace-rights", ...params, of, rights: rights.value } as const;
      return changeMap(front, params.map, { command, caller, dryRun: query.dry_run });
    }),
    roleCreate: endpoint(rightsRoutes.roleCreate, async ({ query, body }, caller) => {
      const { id: role, name, description = "" } = body;
      const command: Command = { kind: "create-role", role, name, description };
      return giveOrder(front, { command, caller, dryRun: query.dry_run });
    }),
    roleDelete: endpoint(rightsRoutes.roleDelete, async ({ params, query }, caller) => {
      const repeated = repeatedAnswer(front, caller);
      if (repeated !== undefined) return ok(repeated);
      const role = findRole(front.state(), params.name);
      if (!role.ok) return role;
      const command: Command = { kind: "delete-role", role: role.value };
      return giveOrder(front, { command, caller, dryRun: query.dry_run });
    }),
  };
}

function mapViews(front: FrontEndParts): Readonly<Record<"rightsList" | "rightsShow", Endpoint>> {
  return {
    rightsList: endpoint(rightsRoutes.rightsList, () => {
      const state = front.state();
      return ok({ rows: allRightsMaps(state).map((map) => showMapRow(state, map)) });
    }),
    rightsShow: endpoint(rightsRoutes.rightsShow, ({ params }) => {
      const state = front.state();
      const isOfDevices = state.tables.devices.some(({ type }) => type === params.map);
      // Of a type that follows the default, that is what holds for it.
      const map = isOfDevices
        ? rightsMapOfType(state, params.map)
        : findRightsMap(state, params.map);
      if (map === undefined) return refuse("rights.no-map", params.map);
      const names = (roles: readonly RoleId[]): readonly string[] =>
        roles.map((role) => nameOfRole(state, role));
      const rights = map.rights.map(({ right, full, read }) => {
        return { right, full: names(full), read: names(read) };
      });
      return ok({ ...showMapRow(state, map), roles: names(rolesOf(map)), rights });
    }),
  };
}

function showMapRow(state: DirectoryState, map: RightsMapRow) {
  const { name, revision, by, at } = map;
  return {
    name,
    revision,
    template: templateLike(map),
    devices: devicesOfMap(state, map).length,
    changed_by: by === "" ? null : by,
    changed_at: by === "" ? null : rfc3339(at),
  };
}

/** The roles that have a name always, then whatever else has a right. */
function rolesOf({ rights }: RightsMapRow): readonly RoleId[] {
  const known: readonly RoleId[] = Object.values(roleIds);
  const others = rights
    .flatMap(({ full, read }) => [...full, ...read])
    .filter((role) => !known.includes(role))
    .toSorted((left, right) => right - left);
  return [...new Set([...known, ...others])];
}

function templateRows(name: string): Result<readonly RightRow[], Refusal> {
  const template = rightsTemplates.find((one) => one.name === name);
  return template === undefined
    ? refuse("rights.no-template", name)
    : ok(rightRows(template.rights));
}

function readRows(
  state: DirectoryState,
  rows: readonly {
    readonly right: string;
    readonly full: readonly string[];
    readonly read: readonly string[];
  }[],
): Result<readonly RightRow[], Refusal> {
  const rights: RightRow[] = [];
  for (const { right, full, read } of rows) {
    const [whole, part] = [readRoles(state, full), readRoles(state, read)];
    if (!whole.ok) return whole;
    if (!part.ok) return part;
    rights.push({ right, full: whole.value, read: part.value });
  }
  return ok(rights);
}

function readRoles(
  state: DirectoryState,
  names: readonly string[],
): Result<readonly RoleId[], Refusal> {
  const roles: RoleId[] = [];
  for (const name of names) {
    const role = findRole(state, name);
    if (!role.ok) return role;
    roles.push(role.value);
  }
  return ok(roles);
}

/** With the revision that the map has now. */
async function changeMap(front: FrontEndParts, map: string, order: Order) {
  const done = await giveOrder(front, order);
  if (!done.ok) return done;
  const revision = done.value.dry_run
    ? null
    : (findRightsMap(front.state(), map)?.revision ?? null);
  return ok({ ...done.value, revision });
}
