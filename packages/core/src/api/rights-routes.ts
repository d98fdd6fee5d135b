import * as z from "zod";
import {
  changeAnswer,
  commandQuery,
  descriptionText,
  noBody,
  noParams,
  noQuery,
  type Route,
} from "./route.ts";

/** A type of devices is what their makers call it: longer than names of ours, and with spaces. */
const mapText = z.string().min(1).max(128);
const roleText = z.string().min(1).max(64);
const byMap = z.strictObject({ map: mapText });

/** Rights and roles by their names; roles that have none by their numbers. */
const rightText = z.strictObject({
  right: z.string().min(1).max(64),
  full: z.array(roleText).max(128).readonly(),
  read: z.array(roleText).max(128).readonly(),
});

const rightRow = z.object({
  right: z.string(),
  full: z.array(z.string()).readonly(),
  read: z.array(z.string()).readonly(),
});

const mapRow = z.object({
  name: z.string(),
  revision: z.int(),
  /** The template that it is, cell by cell. */
  template: z.string().nullable(),
  devices: z.int(),
  /** Null for what was shipped. */
  changed_by: z.string().nullable(),
  changed_at: z.string().nullable(),
});

const look = { method: "GET", access: "person", query: noQuery, body: noBody } as const;
const change = { access: "administer roles", query: commandQuery, answer: changeAnswer } as const;

/** The answer to a change of a map. */
const mapChanged = z.object({
  ...changeAnswer.shape,
  /** Null where it was only tried. */
  revision: z.int().nullable(),
});

export const rightsRoutes = {
  rightsList: {
    ...look,
    path: "/v1/rights",
    summary: "List the role-to-right maps, with how many devices follow each",
    params: noParams,
    answer: z.object({ rows: z.array(mapRow).readonly() }),
  },
  rightsShow: {
    ...look,
    path: "/v1/rights/{map}",
    summary: "Show the role-to-right map that holds for a type of devices",
    params: byMap,
    answer: z.object({
      ...mapRow.shape,
      /** Columns of the matrix. */
      roles: z.array(z.string()).readonly(),
      rights: z.array(rightRow).readonly(),
    }),
  },
  rightsSet: {
    ...change,
    method: "POST",
    path: "/v1/rights/{map}/cells",
    summary: "Give a right to a role on devices of a type, or take it; raises the revision",
    params: byMap,
    body: z.strictObject({
      right: z.string().min(1).max(64),
      role: roleText,
      level: z.enum(["full", "read", "none"]),
    }),
    answer: mapChanged,
  },
  rightsReplace: {
    ...change,
    method: "PUT",
    path: "/v1/rights/{map}",
    summary: "Replace a role-to-right map by a file or a template; raises the revision",
    params: byMap,
    body: z.union([
      z.strictObject({ template: z.string().min(1).max(64) }),
      z.strictObject({
        rights: z.array(rightText).max(64).readonly(),
        /** Revision that the file was made from; left out: whatever stands there. */
        of: z.int().min(0).optional(),
      }),
    ]),
    answer: mapChanged,
  },
  roleCreate: {
    ...change,
    method: "POST",
    path: "/v1/roles",
    summary: "Give a private role of IEC 62351-8 a name",
    params: noParams,
    body: z.strictObject({
      name: roleText,
      id: z.int().min(-40_000).max(40_000),
      description: descriptionText.optional(),
    }),
  },
  roleDelete: {
    ...change,
    method: "DELETE",
    path: "/v1/roles/{name}",
    summary: "Delete the name of a private role that no account and no map has",
    params: z.strictObject({ name: roleText }),
    body: noBody,
  },
} as const satisfies Record<string, Route>;
