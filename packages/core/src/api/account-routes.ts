import * as z from "zod";
import {
  byName,
  changeAnswer,
  commandQuery,
  descriptionText,
  listQuery,
  nameText,
  noBody,
  noParams,
  noQuery,
  pageOf,
  passwordText,
  timeText,
} from "./route.ts";
import type { Route } from "./route.ts";

const rolesMax = 16;
const groupsMax = 64;

/** A role as it is asked for: by name or number, where it applies and when. */
export const wantedRole = z.strictObject({
  role: z.union([nameText, z.int()]),
  area: z.string().min(1).max(256).optional(),
  not_before: timeText.optional(),
  not_after: timeText.optional(),
});

const accountRow = z.object({
  name: z.string(),
  display_name: z.string(),
  roles: z.array(z.string()).readonly(),
  groups: z.array(z.string()).readonly(),
  /** One word for what a list shows: may it sign in now? */
  state: z.enum(["active", "disabled", "locked", "no password", "must change", "expired"]),
  changed_at: z.string(),
});

const account = z.object({
  id: z.string(),
  ...accountRow.shape,
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
  uid_number: z.int(),
  enabled: z.boolean(),
  policy: z.string(),
  locked_until: z.string().nullable(),
  password: z
    .object({
      version: z.int(),
      changed_at: z.string(),
      must_change: z.boolean(),
      expires_at: z.string().nullable(),
      /** Sign-ins after its end, as far as the journal knows of them. */
      grace_used: z.int(),
    })
    .nullable(),
  code_expires_at: z.string().nullable(),
  created_at: z.string(),
});

/** A one-time code is shown once, to whoever asked for it. */
const oneTimeCode = { code: z.string().nullable(), code_expires_at: z.string().nullable() };

const orderedByName = {
  params: byName,
  query: commandQuery,
  access: "administer accounts",
} as const;

export const accountRoutes = {
  accountList: {
    method: "GET",
    path: "/v1/accounts",
    summary: "List accounts",
    access: "read directory",
    params: noParams,
    query: listQuery.extend({ group: nameText.optional(), role: nameText.optional() }),
    body: noBody,
    answer: pageOf(accountRow),
  },
  accountShow: {
    method: "GET",
    path: "/v1/accounts/{name}",
    summary: "Show one account",
    access: "read directory",
    params: byName,
    query: noQuery,
    body: noBody,
    answer: account,
  },
  accountExplain: {
    method: "GET",
    path: "/v1/accounts/{name}/explain",
    summary: "Explain whether an account may do something somewhere, and why",
    access: "read directory",
    params: byName,
    query: z.strictObject({
      /** A right, with ":read" behind it where reading is enough. */
      right: z.string().min(1).max(64),
      device: nameText.optional(),
      /** A path such as Station/Bay/IED; left out: the device, or else the whole system. */
      object: z.string().min(1).max(520).optional(),
      access_point: z.enum(["panel", "remote", "tool"]).optional(),
    }),
    body: noBody,
    answer: z.object({
      account: z.string(),
      right: z.string(),
      level: z.enum(["full", "read"]),
      device: z.string().nullable(),
      object: z.string(),
      access_point: z.enum(["panel", "remote", "tool"]),
      map: z.object({ name: z.string(), revision: z.int() }),
      /** While a server answers. */
      allowed: z.boolean(),
      /** While none answers; null where no device is named. */
      offline: z.boolean().nullable(),
      reasons: z
        .array(
          z.object({
            about: z.enum(["sign-in", "role", "right", "device", "replica"]),
            speaks: z.enum(["for", "against"]),
            says: z.string(),
          }),
        )
        .readonly(),
    }),
  },
  accountCreate: {
    method: "POST",
    path: "/v1/accounts",
    summary: "Create an account; without a password, with a one-time code for the first sign-in",
    access: "administer accounts",
    params: noParams,
    query: commandQuery,
    body: z.strictObject({
      name: nameText,
      display_name: descriptionText.optional(),
      roles: z.array(wantedRole).max(rolesMax),
      groups: z.array(nameText).max(groupsMax).optional(),
      policy: nameText.optional(),
      password: passwordText.optional(),
      must_change: z.boolean().optional(),
    }),
    answer: z.object({ ...changeAnswer.shape, ...oneTimeCode }),
  },
  accountUpdate: {
    method: "PATCH",
    path: "/v1/accounts/{name}",
    summary: "Change name for display, roles or policy of an account",
    ...orderedByName,
    body: z.strictObject({
      display_name: descriptionText.optional(),
      roles: z.array(wantedRole).max(rolesMax).optional(),
      policy: nameText.optional(),
    }),
    answer: changeAnswer,
  },
  accountEnable: {
    method: "POST",
    path: "/v1/accounts/{name}/enable",
    summary: "Let an account sign in again",
    ...orderedByName,
    body: noBody,
    answer: changeAnswer,
  },
  accountDisable: {
    method: "POST",
    path: "/v1/accounts/{name}/disable",
    summary: "Keep an account, let it sign in nowhere, end its sessions",
    ...orderedByName,
    body: noBody,
    answer: changeAnswer,
  },
  accountUnlock: {
    method: "POST",
    path: "/v1/accounts/{name}/unlock",
    summary: "End a lock-out before its time",
    ...orderedByName,
    body: noBody,
    answer: changeAnswer,
  },
  accountDelete: {
    method: "DELETE",
    path: "/v1/accounts/{name}",
    summary: "Delete an account",
    ...orderedByName,
    body: noBody,
    answer: changeAnswer,
  },
  accountSetPassword: {
    method: "POST",
    path: "/v1/accounts/{name}/password",
    summary: "Set the password of an account, or give it a one-time code",
    ...orderedByName,
    body: z.union([
      z.strictObject({ password: passwordText, must_change: z.boolean().optional() }),
      z.strictObject({ one_time_code: z.literal(true) }),
    ]),
    answer: z.object({ ...changeAnswer.shape, ...oneTimeCode }),
  },
} as const satisfies Record<string, Route>;

export type WantedRole = z.infer<typeof wantedRole>;
export type AccountListRow = z.infer<typeof accountRow>;
export type AccountView = z.infer<typeof account>;
