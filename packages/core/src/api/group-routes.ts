import * as z from "zod";
import {
  byName,
  byNameAndAccount,
  changeAnswer,
  commandQuery,
  descriptionText,
  listQuery,
  nameText,
  noBody,
  noParams,
  noQuery,
  pageOf,
} from "./route.ts";
import type { Route } from "./route.ts";

const groupRow = z.object({
  name: z.string(),
  description: z.string(),
  members: z.int(),
  denied: z.int(),
  devices: z.int(),
  changed_at: z.string(),
});

const group = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  members: z.array(z.string()).readonly(),
  deny: z.array(z.string()).readonly(),
  administrators: z.array(z.string()).readonly(),
  devices: z.array(z.string()).readonly(),
  soft_age_s: z.int(),
  hard_age_s: z.int(),
  created_at: z.string(),
  changed_at: z.string(),
});

/** Why an account is, or is not, in the replicas of a group. */
const effectiveRow = z.object({
  account: z.string(),
  replicated: z.boolean(),
  reason: z.string(),
});

const change = {
  access: "administer accounts",
  query: commandQuery,
  body: noBody,
  answer: changeAnswer,
} as const;

export const groupRoutes = {
  groupList: {
    method: "GET",
    path: "/v1/groups",
    summary: "List replication groups",
    access: "read directory",
    params: noParams,
    query: listQuery,
    body: noBody,
    answer: pageOf(groupRow),
  },
  groupShow: {
    method: "GET",
    path: "/v1/groups/{name}",
    summary: "Show one replication group",
    access: "read directory",
    params: byName,
    query: noQuery,
    body: noBody,
    answer: group,
  },
  groupEffective: {
    method: "GET",
    path: "/v1/groups/{name}/effective",
    summary: "Show which accounts are in the replicas of a group, and why",
    access: "read directory",
    params: byName,
    query: noQuery,
    body: noBody,
    answer: z.object({ rows: z.array(effectiveRow).readonly() }),
  },
  groupCreate: {
    ...change,
    method: "POST",
    path: "/v1/groups",
    summary: "Create a replication group",
    params: noParams,
    body: z.strictObject({ name: nameText, description: descriptionText.optional() }),
  },
  groupDelete: {
    ...change,
    method: "DELETE",
    path: "/v1/groups/{name}",
    summary: "Delete a replication group that no device follows",
    params: byName,
  },
  groupAdd: {
    ...change,
    method: "PUT",
    path: "/v1/groups/{name}/members/{account}",
    summary: "Allow an account in a group",
    params: byNameAndAccount,
  },
  groupRemove: {
    ...change,
    method: "DELETE",
    path: "/v1/groups/{name}/members/{account}",
    summary: "Take an account out of a group",
    params: byNameAndAccount,
  },
  groupDeny: {
    ...change,
    method: "PUT",
    path: "/v1/groups/{name}/deny/{account}",
    summary: "Never replicate an account with this group, whatever else says so",
    params: byNameAndAccount,
  },
  groupLiftDeny: {
    ...change,
    method: "DELETE",
    path: "/v1/groups/{name}/deny/{account}",
    summary: "Take an account off the deny list of a group",
    params: byNameAndAccount,
  },
  groupAdmitAdministrator: {
    ...change,
    method: "PUT",
    path: "/v1/groups/{name}/administrators/{account}",
    summary: "Let an account with an administrative role into the replicas of a group",
    params: byNameAndAccount,
  },
} as const satisfies Record<string, Route>;

export type GroupListRow = z.infer<typeof groupRow>;
export type GroupView = z.infer<typeof group>;
