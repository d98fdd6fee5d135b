import { assert } from "../base/result.ts";
import { parseRole, roleIds } from "./roles.ts";
import type { RoleId } from "./types.ts";

/** The 15 rights of a Relion 670/650 device, in the order of its user interface (AM2). */
export const relionRightNames = [
  "Config-Basic",
  "Config-Advanced",
  "FileTransfer-Tools",
  "UserAdministration",
  "Setting-Basic",
  "Setting-Advanced",
  "Control-Basic",
  "Control-Advanced",
  "IEDCmd-Basic",
  "IEDCmd-Advanced",
  "FileTransfer-Limited",
  "DBAccess-Normal",
  "AuditLog-Read",
  "Setting-ChangeSettingGroup",
  "Security-Advanced",
] as const;

/**
 * The rights of IEC 62351-8 for models of IEC 61850. Its Security is one right for three offices, so
 * it stands here as three: users, roles and certificates; the role-to-right map; reading the audit.
 * In capitals, and read in capitals only: CONTROL is another right than Control-Basic, and who leaves
 * half of a name out shall hear that there is no such right.
 */
export const iecRightNames = [
  "VIEW",
  "READ",
  "DATASET",
  "REPORTING",
  "FILEREAD",
  "FILEWRITE",
  "FILEMGT",
  "CONTROL",
  "CONFIG",
  "SETTINGGROUP",
  "SECURITY",
  "SECURITY-MAP",
  "SECURITY-AUDIT",
] as const;

/** All that a map may give, in the order in which maps show them. */
export const rightNames = [...relionRightNames, ...iecRightNames] as const;

export type RightName = (typeof rightNames)[number];

/** "full" is printed as X, "read" as R. */
export type RightLevel = "full" | "read";

/** Role-to-right map of a device type. A change of any cell raises `revision`. */
export interface RightsTemplate {
  readonly name: string;
  readonly revision: number;
  readonly rights: ReadonlyMap<RightName, ReadonlyMap<RoleId, RightLevel>>;
}

/** X full, R read, - none. */
const printed = `
  right                      VIEWER OPERATOR ENGINEER INSTALLER SECADM SECAUD RBACMNT ADMINISTRATOR
  Config-Basic               -      -        X        X         -      -      -       -
  Config-Advanced            -      -        X        X         -      -      -       -
  FileTransfer-Tools         -      -        X        X         -      -      -       -
  UserAdministration         -      -        -        -         X      -      X       X
  Setting-Basic              R      -        X        X         -      -      -       -
  Setting-Advanced           R      -        X        X         -      -      -       -
  Control-Basic              -      X        X        -         -      -      -       -
  Control-Advanced           -      X        X        -         -      -      -       -
  IEDCmd-Basic               -      X        X        -         -      -      -       -
  IEDCmd-Advanced            -      -        X        -         -      -      -       -
  FileTransfer-Limited       -      X        X        X         X      X      X       X
  DBAccess-Normal            -      X        X        X         X      X      X       X
  AuditLog-Read              -      -        -        -         -      X      -       X
  Setting-ChangeSettingGroup -      X        X        X         -      -      -       -
  Security-Advanced          -      -        -        -         -      X      -       X
`;

/** As printed by the vendor, for whoever must match it cell by cell. */
export const relionRightsAsPrinted: RightsTemplate = {
  name: "relion-670-as-printed",
  revision: 1,
  rights: parseMatrix(printed),
};

/**
 * What we ship: Security-Advanced belongs to SECADM. The printed matrix gives it to SECAUD, though
 * the manuals' prose gives security settings to SECADM; most likely a slip of one column.
 */
export const relionRights: RightsTemplate = {
  name: "relion-670",
  revision: 1,
  rights: new Map(relionRightsAsPrinted.rights).set(
    "Security-Advanced",
    new Map([
      [roleIds.SECADM, "full"],
      [roleIds.ADMINISTRATOR, "full"],
    ]),
  ),
};

/**
 * The rights of IEC 62351-8. The normative matrix is not public: this is ours, made from its
 * descriptions of the roles, and to be checked against the standard by whoever has it. Cells that it
 * limits to some files are left empty. A tool asks for DBAccess-Normal first, whatever the model.
 */
const standard = `
  right            VIEWER OPERATOR ENGINEER INSTALLER SECADM SECAUD RBACMNT ADMINISTRATOR
  DBAccess-Normal  -      X        X        X         X      X      X       X
  VIEW             X      X        X        X         X      X      X       X
  READ             -      X        X        X         X      X      X       X
  DATASET          -      -        X        -         -      -      -       -
  REPORTING        X      X        X        X         -      -      -       -
  FILEREAD         -      -        X        X         -      -      -       -
  FILEWRITE        -      -        X        X         -      -      -       -
  FILEMGT          -      -        X        -         -      -      -       -
  CONTROL          -      X        -        -         -      -      -       -
  CONFIG           -      -        X        X         -      -      -       -
  SETTINGGROUP     -      -        X        X         -      -      -       -
  SECURITY         -      -        -        -         X      -      -       X
  SECURITY-MAP     -      -        -        -         -      -      X       X
  SECURITY-AUDIT   -      -        -        -         -      X      -       X
`;

export const iecRights: RightsTemplate = {
  name: "iec-62351-8",
  revision: 1,
  rights: parseMatrix(standard),
};

/** What a map may begin from. */
export const rightsTemplates: readonly RightsTemplate[] = [
  relionRights,
  relionRightsAsPrinted,
  iecRights,
];

function parseMatrix(text: string): RightsTemplate["rights"] {
  const [header = [], ...rows] = text
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/ +/));
  const roles = header.slice(1).map((name) => parseRole(name));
  const rights = new Map<RightName, ReadonlyMap<RoleId, RightLevel>>();
  for (const [name = "", ...cells] of rows) {
    const right = parseRight(name);
    assert(right !== undefined, `the matrix names the right ${name}, which does not exist`);
    const levels = new Map<RoleId, RightLevel>();
    for (const [index, cell] of cells.entries()) {
      const role = roles[index];
      assert(role?.ok === true, `the matrix has no role over column ${index}`);
      if (cell !== "-") levels.set(role.value, cell === "X" ? "full" : "read");
    }
    rights.set(right, levels);
  }
  return rights;
}

/** Union of the rights of all roles (IEC 62351-8); "full" wins over "read". */
export function rightsOf(
  roles: Iterable<RoleId>,
  template: RightsTemplate = relionRights,
): ReadonlyMap<RightName, RightLevel> {
  const held = new Map<RightName, RightLevel>();
  for (const role of roles) {
    for (const right of rightNames) {
      const level = template.rights.get(right)?.get(role);
      if (level !== undefined && held.get(right) !== "full") held.set(right, level);
    }
  }
  return held;
}

/** Whoever has one of these roles has the whole right. */
export function rolesWith(
  right: RightName,
  template: RightsTemplate = relionRights,
): readonly RoleId[] {
  const levels = template.rights.get(right) ?? new Map<RoleId, RightLevel>();
  return [...levels].filter(([, level]) => level === "full").map(([role]) => role);
}

export function parseRight(text: string): RightName | undefined {
  const wanted = text.trim();
  return (
    iecRightNames.find((name) => name === wanted) ??
    relionRightNames.find((name) => name.toLowerCase() === wanted.toLowerCase())
  );
}
