import * as z from "zod";
import {
  byName,
  commandQuery,
  changeAnswer,
  nameText,
  noBody,
  noParams,
  noQuery,
} from "./route.ts";
import { pairView, serverStatus } from "./server-status-schema.ts";
import type { Route } from "./route.ts";

const server = z.object({
  name: z.string(),
  address: z.string(),
  url: z.string(),
  ports: z.object({ https: z.int(), link: z.int(), ldaps: z.int() }),
  kind: z.enum(["promotable", "permanent"]),
  /** SHA-256 of the raw pairing key, lower-case hexadecimal. */
  pairing_fingerprint: z.string(),
  /** True for the owner of the term. */
  main: z.boolean(),
});

const role = z.object({
  name: z.string(),
  id: z.int(),
  kind: z.enum(["standard", "vendor", "private"]),
  rights: z.array(z.string()).readonly(),
});

const look = { method: "GET", params: noParams, query: noQuery, body: noBody } as const;
const order = { method: "POST", params: noParams, query: noQuery, access: "operate pair" } as const;

const setting = z.object({
  key: z.string(),
  value: z.union([z.string(), z.number(), z.boolean(), z.null()]),
});

const comparedSetting = z.object({
  key: z.string(),
  differs: z.boolean(),
  /** May it be copied to a partner? */
  copies: z.boolean(),
  /** One for each server that answered. */
  values: z.array(z.object({ server: z.string(), value: setting.shape.value })).readonly(),
});

export const serverRoutes = {
  system: {
    ...look,
    path: "/v1/system",
    summary: "Show the system, its servers and its trust anchor",
    access: "session",
    answer: z.object({
      id: z.string(),
      base: z.string(),
      site: z.string(),
      created_at: z.string(),
      /** Trust anchor, PEM. */
      certificate: z.string(),
      servers: z.array(server).readonly(),
      main: z.string().nullable(),
    }),
  },
  serverStatus: {
    ...look,
    path: "/v1/server/status",
    summary: "Show duty, state, cause and remedy of this server",
    access: "person",
    answer: serverStatus,
  },
  pairStatus: {
    ...look,
    path: "/v1/pair",
    summary: "Show how this server and its partners stand to each other",
    access: "person",
    answer: z.object({ name: z.string(), ...pairView }),
  },
  pairInvite: {
    ...order,
    path: "/v1/pair/invites",
    summary: "Make a single-use code with which a Standby of that name joins",
    query: commandQuery,
    /** permanent: it follows for ever, answers reads, and is never promoted. */
    body: z.strictObject({ name: nameText, permanent: z.exactOptional(z.boolean()) }),
    answer: z.object({
      ...changeAnswer.shape,
      code: z.string().nullable(),
      expires_at: z.string().nullable(),
    }),
  },
  pairRemove: {
    ...order,
    path: "/v1/pair/removals",
    summary: "Take a server that is gone for good out of the system",
    query: commandQuery,
    body: z.strictObject({ name: nameText }),
    /** notes: what becomes of what it holds, one sentence each. */
    answer: z.object({
      ...changeAnswer.shape,
      server: z.string(),
      notes: z.array(z.string()).readonly(),
    }),
  },
  pairSettings: {
    ...look,
    path: "/v1/pair/settings",
    summary: "Show what each server is set to, side by side, as the files say it",
    access: "operate pair",
    answer: z.object({
      servers: z.array(z.object({ server: z.string(), answered: z.boolean() })).readonly(),
      rows: z.array(comparedSetting).readonly(),
    }),
  },
  pairSettingCopy: {
    ...order,
    path: "/v1/pair/settings/copies",
    summary:
      "Give a partner the value that a setting has here; most are in force from its next start",
    body: z.strictObject({ key: z.string().min(1).max(64), to: nameText }),
    answer: z.object({
      ...setting.shape,
      server: z.string(),
      in_force: z.enum(["now", "next start"]),
    }),
  },
  pairPartnerSet: {
    ...order,
    path: "/v1/pair/partners/{name}",
    summary: "Set the address of a server, and the one to dial while that does not answer",
    params: byName,
    query: commandQuery,
    body: z.strictObject({
      address: z.string().min(1).max(253),
      backup: z.string().min(1).max(253).nullable(),
    }),
    answer: changeAnswer,
  },
  pairChangeover: {
    ...order,
    path: "/v1/pair/changeover",
    summary: "Hand the duty of Main over to a valid Standby, without losing a change",
    body: z.strictObject({ to: nameText }),
    answer: z.object({ main: z.string(), ms: z.number() }),
  },
  pairMaintenance: {
    ...order,
    path: "/v1/pair/maintenance",
    summary: "Take this Standby out for maintenance, or put it back",
    body: z.strictObject({ on: z.boolean() }),
    answer: z.object({ server: z.string(), maintenance: z.boolean() }),
  },
  pairPromote: {
    ...order,
    path: "/v1/pair/promote",
    summary: "Make this Standby the Main after the Main was lost",
    body: z.strictObject({ force: z.boolean(), reason: z.string().min(1).max(256) }),
    answer: z.object({ main: z.string(), ms: z.number(), term: z.int() }),
  },
  roleList: {
    ...look,
    path: "/v1/roles",
    summary: "List roles with their rights",
    access: "person",
    answer: z.object({ rows: z.array(role).readonly() }),
  },
  roleShow: {
    ...look,
    path: "/v1/roles/{name}",
    summary: "Show one role with its rights",
    access: "person",
    params: byName,
    answer: role,
  },
} as const satisfies Record<string, Route>;

export type RoleView = z.infer<typeof role>;
