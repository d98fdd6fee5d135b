import { parseRight, relionRights, rightNames, rightsTemplates } from "./rights.ts";
import type { RightLevel, RightName, RightsTemplate } from "./rights.ts";
import type { DirectoryState } from "./state.ts";
import type { DeviceRow, RightRow, RightsMapRow, RoleId } from "./types.ts";

/** The map of every type that has none of its own. It is there before anybody changed it. */
export const defaultMapName = "default";

type Cells = ReadonlyMap<RightName, ReadonlyMap<RoleId, RightLevel>>;
type Maps = Pick<DirectoryState, "tables">;

/** As it is shipped: revision 1, of nobody. */
const shippedMap: RightsMapRow = {
  name: defaultMapName,
  revision: relionRights.revision,
  rights: rightRows(relionRights.rights),
  by: "",
  at: 0,
};

/** The map of this very name; undefined for a type that follows the default. */
export function findRightsMap({ tables }: Maps, name: string): RightsMapRow | undefined {
  return tables.rightsMaps.get(name) ?? (name === defaultMapName ? shippedMap : undefined);
}

/** The map that holds for devices of a type. */
export function rightsMapOfType(state: Maps, type: string): RightsMapRow {
  return findRightsMap(state, type) ?? findRightsMap(state, defaultMapName) ?? shippedMap;
}

/** All maps, the default first. */
export function allRightsMaps(state: Maps): readonly RightsMapRow[] {
  const own = [...state.tables.rightsMaps.values()].filter(({ name }) => name !== defaultMapName);
  own.sort((left, right) => (left.name < right.name ? -1 : 1));
  return [rightsMapOfType(state, defaultMapName), ...own];
}

/** Devices that follow a map. */
export function devicesOfMap(state: Maps, { name }: RightsMapRow): readonly DeviceRow[] {
  return [...state.tables.devices.values()].filter(
    ({ type }) => rightsMapOfType(state, type).name === name,
  );
}

/** As ATHCHCK reads it. A right that this release does not know gives nothing. */
export function templateOfMap({ name, revision, rights }: RightsMapRow): RightsTemplate {
  const cells = new Map<RightName, ReadonlyMap<RoleId, RightLevel>>();
  for (const { right, full, read } of rights) {
    const known = parseRight(right);
    if (known === undefined) continue;
    const levels = new Map<RoleId, RightLevel>(read.map((role) => [role, "read"]));
    for (const role of full) levels.set(role, "full");
    cells.set(known, levels);
  }
  return { name, revision, rights: cells };
}

/** The one form in which a map is journalled: equal maps are equal texts. */
export function rightRows(cells: Cells): readonly RightRow[] {
  return rightNames.flatMap((right) => {
    const levels = [...(cells.get(right) ?? [])];
    const rolesAt = (level: RightLevel): readonly RoleId[] =>
      levels
        .filter(([, held]) => held === level)
        .map(([role]) => role)
        .toSorted((left, other) => left - other);
    return levels.length === 0 ? [] : [{ right, full: rolesAt("full"), read: rolesAt("read") }];
  });
}

/** The template that a map still is, cell by cell. */
export function templateLike({ rights }: RightsMapRow): string | null {
  const text = JSON.stringify(rights);
  const found = rightsTemplates.find((one) => JSON.stringify(rightRows(one.rights)) === text);
  return found?.name ?? null;
}
