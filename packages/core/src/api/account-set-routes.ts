import * as z from "zod";
import { wantedRole } from "./account-routes.ts";
import {
  changeAnswer,
  commandQuery,
  listQuery,
  nameText,
  noBody,
  noParams,
  noQuery,
  pageOf,
  timeText,
} from "./route.ts";
import type { Route } from "./route.ts";

const rolesMax = 16;
const groupsMax = 64;
const rowsMax = 10_000;
const namesMax = 5_000;
/** 10,000 lines with a name for people, roles and groups. */
const importBytesMax = 4 * 1024 * 1024;

/** Names of a file are judged line by line, so that each is reported. */
const lineText = z.string().max(256);
const lineRole = wantedRole.extend({
  role: z.union([lineText, z.int()]),
  area: lineText.optional(),
});

/** Null: no date, also where there was one. */
const validity = {
  valid_from: timeText.nullable().optional(),
  valid_until: timeText.nullable().optional(),
};

const importLine = z.strictObject({
  line: z.int().min(1),
  name: lineText,
  display_name: lineText.optional(),
  roles: z.array(lineRole).max(64).optional(),
  groups: z.array(lineText).max(256).optional(),
  policy: lineText.optional(),
  enabled: z.boolean().optional(),
  ...validity,
});

/** What an account that exists can take from a line. */
export const importFields = [
  "display_name",
  "roles",
  "groups",
  "policy",
  "enabled",
  "validity",
] as const;

const setOutcomes = [
  "create",
  "update",
  "disable",
  "delete",
  "unlock",
  "unchanged",
  "skipped",
  "kept",
  "refused",
] as const;

/** What becomes of one account. */
const setRow = z.object({
  /** Of the file; null for an account that is not in it. */
  line: z.int().nullable(),
  name: z.string(),
  outcome: z.enum(setOutcomes),
  /** What changes, by field. */
  changes: z.array(z.string()).readonly(),
  reason: z.string().nullable(),
  /** One-time code for the first sign-in, where codes were asked for; shown once. */
  code: z.string().nullable(),
});

const setAnswer = {
  ...changeAnswer.shape,
  /** What it is undone by; null where nothing changed or it cannot be undone. */
  change_set: z.string().nullable(),
  code_expires_at: z.string().nullable(),
  rows: z.array(setRow).readonly(),
};

const changeSet = z.object({
  id: z.string(),
  what: z.enum(["import", "bulk"]),
  by: z.string(),
  at: z.string(),
  accounts: z.int(),
  undone_by: z.string().nullable(),
  undone_at: z.string().nullable(),
});

const exportRow = z.object({
  name: z.string(),
  display_name: z.string(),
  dn: z.string(),
  role_assignments: z
    .array(
      z.object({
        role: z.int(),
        name: z.string(),
        area: z.string(),
        not_before: z.string().nullable(),
        not_after: z.string().nullable(),
      }),
    )
    .readonly(),
  groups: z.array(z.string()).readonly(),
  policy: z.string(),
  enabled: z.boolean(),
  uid_number: z.int(),
});

const change = { access: "administer accounts", query: commandQuery } as const;

export const accountSetRoutes = {
  accountImport: {
    ...change,
    method: "POST",
    path: "/v1/accounts/import",
    summary: "Create and change the accounts of a file in one change set, all or none of them",
    bodyBytesMax: importBytesMax,
    params: noParams,
    body: z.strictObject({
      rows: z.array(importLine).min(1).max(rowsMax),
      on_existing: z.enum(["skip", "update"]).optional(),
      /** What becomes of accounts that are not in the file. */
      missing: z.enum(["keep", "disable"]).optional(),
      /** What existing accounts take from the file; all of it when absent. */
      update: z.array(z.enum(importFields)).optional(),
      /** For new accounts of which the file says nothing else. */
      roles: z.array(wantedRole).max(rolesMax).optional(),
      groups: z.array(nameText).max(groupsMax).optional(),
      policy: nameText.optional(),
      /** A one-time code for each new account. */
      codes: z.boolean().optional(),
    }),
    answer: z.object(setAnswer),
  },
  accountChange: {
    ...change,
    method: "POST",
    path: "/v1/accounts/change",
    summary: "Change several accounts in one change set, all or none of them",
    params: noParams,
    body: z.strictObject({
      /** By name, or all that are in the group and have the role. */
      accounts: z.union([
        z.strictObject({ names: z.array(nameText).min(1).max(namesMax) }),
        z.strictObject({ group: nameText, role: nameText.optional() }),
        z.strictObject({ role: nameText }),
      ]),
      change: z.union([
        z.strictObject({ action: z.enum(["enable", "disable", "unlock", "delete"]) }),
        z.strictObject({
          action: z.literal("update"),
          /** All roles; then those that are added and taken away. */
          roles: z.array(wantedRole).max(rolesMax).optional(),
          add_roles: z.array(wantedRole).max(rolesMax).optional(),
          remove_roles: z.array(nameText).max(rolesMax).optional(),
          add_groups: z.array(nameText).max(groupsMax).optional(),
          remove_groups: z.array(nameText).max(groupsMax).optional(),
          policy: nameText.optional(),
          ...validity,
        }),
      ]),
    }),
    answer: z.object(setAnswer),
  },
  changeSetList: {
    method: "GET",
    path: "/v1/change-sets",
    summary: "List the newest change sets of accounts, which can be undone",
    access: "administer accounts",
    params: noParams,
    query: noQuery,
    body: noBody,
    answer: z.object({ rows: z.array(changeSet).readonly() }),
  },
  changeSetUndo: {
    ...change,
    method: "POST",
    path: "/v1/change-sets/{id}/undo",
    summary: "Make every account of a change set what it was before, all or none of them",
    /** The id, or its beginning where that names one. */
    params: z.strictObject({ id: z.string().min(1).max(32) }),
    body: noBody,
    answer: z.object({ ...changeAnswer.shape, accounts: z.int() }),
  },
  accountExport: {
    method: "GET",
    path: "/v1/account-export",
    summary: "List accounts with all that an import reads, and no secret",
    access: "administer accounts",
    params: noParams,
    query: listQuery.extend({ group: nameText.optional(), role: nameText.optional() }),
    body: noBody,
    answer: pageOf(exportRow),
  },
} as const satisfies Record<string, Route>;

export type ImportLine = z.infer<typeof importLine>;
export type ImportBody = z.infer<typeof accountSetRoutes.accountImport.body>;
export type ChangeBody = z.infer<typeof accountSetRoutes.accountChange.body>;
export type SetAnswer = z.infer<typeof accountSetRoutes.accountImport.answer>;
export type SetRow = z.infer<typeof setRow>;
export type AccountExportRow = z.infer<typeof exportRow>;
