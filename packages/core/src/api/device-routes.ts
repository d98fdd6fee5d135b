import * as z from "zod";
import { certificateStates } from "./certificate-routes.ts";
import { devicePackage, serverCost } from "./device-package.ts";
import {
  byName,
  changeAnswer,
  commandQuery,
  listQuery,
  nameText,
  noBody,
  noParams,
  noQuery,
  pageOf,
} from "./route.ts";
import type { Route } from "./route.ts";

/** Devices of one request; a station file names some hundreds. */
const importMax = 2_000;

const accessPoint = z.strictObject({ name: nameText, ip: z.string().max(64).nullable() });

const wantedDevice = z.strictObject({
  name: nameText,
  manufacturer: z.string().max(128).optional(),
  type: z.string().max(128).optional(),
  access_points: z.array(accessPoint).max(16).optional(),
  /** Area of responsibility; the site alone when it is left out. */
  area: z.string().min(1).max(256).optional(),
});

const deviceRow = z.object({
  name: z.string(),
  manufacturer: z.string(),
  type: z.string(),
  group: z.string(),
  /** PK6: "invalid certificate" is an enrolled device whose certificate does not count now. */
  status: z.enum(["registered", "enrolled", "invalid certificate", "lost"]),
  replication: z.enum(["on", "off"]),
  certificate_not_after: z.string().nullable(),
  changed_at: z.string(),
});

const device = z.object({
  id: z.string(),
  ...deviceRow.shape,
  area: z.string(),
  access_points: z.array(z.object({ name: z.string(), ip: z.string().nullable() })).readonly(),
  certificate: z
    .object({
      serial: z.string(),
      fingerprint: z.string(),
      not_after: z.string(),
      state: z.enum(certificateStates),
    })
    .nullable(),
  code_expires_at: z.string().nullable(),
  replication_revision: z.int(),
  created_at: z.string(),
});

const importRow = z.object({
  name: z.string(),
  outcome: z.enum(["new", "already there", "refused"]),
  reason: z.string().nullable(),
});

const change = { access: "administer devices", query: commandQuery } as const;

export const deviceRoutes = {
  deviceList: {
    method: "GET",
    path: "/v1/devices",
    summary: "List devices",
    access: "read directory",
    params: noParams,
    query: listQuery.extend({ group: nameText.optional() }),
    body: noBody,
    answer: pageOf(deviceRow),
  },
  deviceShow: {
    method: "GET",
    path: "/v1/devices/{name}",
    summary: "Show one device",
    access: "read directory",
    params: byName,
    query: noQuery,
    body: noBody,
    answer: device,
  },
  deviceCreate: {
    ...change,
    method: "POST",
    path: "/v1/devices",
    summary: "Register one device",
    params: noParams,
    body: z.strictObject({ ...wantedDevice.shape, group: nameText }),
    answer: changeAnswer,
  },
  deviceImport: {
    ...change,
    method: "POST",
    path: "/v1/devices/import",
    summary: "Register the devices of a substation file, all or none of those that are new",
    params: noParams,
    body: z.strictObject({ group: nameText, devices: z.array(wantedDevice).min(1).max(importMax) }),
    answer: z.object({ ...changeAnswer.shape, rows: z.array(importRow).readonly() }),
  },
  devicePackage: {
    ...change,
    method: "POST",
    path: "/v1/devices/{name}/package",
    summary: "Make the package with which a device enrols; an earlier one becomes void",
    params: byName,
    /** By name of the server, where the device is to ask them at other costs than the usual. */
    body: z.strictObject({ costs: z.record(nameText, serverCost) }).nullable(),
    answer: z.object({ ...changeAnswer.shape, package: devicePackage.nullable() }),
  },
  deviceReplication: {
    ...change,
    method: "PUT",
    path: "/v1/devices/{name}/replication",
    summary: "Switch the local replica of a device on or off",
    params: byName,
    body: z.strictObject({ enabled: z.boolean() }),
    answer: changeAnswer,
  },
} as const satisfies Record<string, Route>;

export type WantedDevice = z.infer<typeof wantedDevice>;
export type DeviceListRow = z.infer<typeof deviceRow>;
export type DeviceView = z.infer<typeof device>;
export type ImportRow = z.infer<typeof importRow>;
