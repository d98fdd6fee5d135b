import { join } from "node:path";
import * as z from "zod";
import { utf8 } from "@gridward/core/base/bytes";
import { parseJsonBytes } from "@gridward/core/base/json";
import { err, ok, type Result } from "@gridward/core/base/result";
import { packageServer } from "@gridward/core/api/device-package";
import { costDefault, inOrderOfCost } from "@gridward/core/domain/server-order";
import {
  displayTimeoutDefault,
  displayTimeoutMax,
  displayTimeoutMin,
} from "./authority/sessions.ts";
import { readFileBounded, writeFileAtomic } from "@gridward/runtime/os/files";

/** DV2: how often a device asks although nobody told it of a change; minutes. */
export const intervalMin = 1;
export const intervalMax = 1_440;
export const intervalDefault = 15;

/**
 * PK5: whom a list names is refused (soft), without a current list everybody is (hard). The first
 * is what holds unless the device is told otherwise; off it cannot be.
 */
export const revocationModes = ["soft", "hard"] as const;

export type DeviceRevocationMode = (typeof revocationModes)[number];

/** Port of the device's HTTPS interface; 0 is off. */
export const httpsDefault = 8_444;

const text = z.string().min(1).max(512);

const deviceConfig = z.strictObject({
  version: z.literal(1),
  system: z.strictObject({ id: text, base: text, site: text }),
  device: z.strictObject({
    id: text,
    name: text,
    group: z.strictObject({ id: text, name: text }),
  }),
  /** In the order in which they are tried among equals; `costDefault` where one has no cost. */
  servers: z.array(packageServer).min(1).max(8),
  https: z.int().min(0).max(65_535),
  replica_interval: z.int().min(intervalMin).max(intervalMax),
  /** Minutes. */
  display_timeout: z
    .int()
    .min(displayTimeoutMin)
    .max(displayTimeoutMax)
    .default(displayTimeoutDefault),
  revocation: z.enum(revocationModes),
});

export type DeviceConfig = z.infer<typeof deviceConfig>;

/** What `ied set` may change while the device runs. */
export type DeviceChange = Partial<
  Pick<DeviceConfig, "replica_interval" | "display_timeout" | "revocation" | "servers">
>;

/** Where everything of a device lies in its data directory. */
export interface DevicePaths {
  readonly directory: string;
  readonly config: string;
  readonly anchor: string;
  readonly certificate: string;
  readonly key: string;
  /** The request for a certificate, until one was issued. */
  readonly request: string;
  /** The key of the next certificate with its request, until that one was issued. */
  readonly nextKey: string;
  readonly nextRequest: string;
  readonly storeKey: string;
  readonly failures: string;
  readonly reports: string;
  readonly athstat: string;
}

export function devicePaths(directory: string): DevicePaths {
  return {
    directory,
    config: join(directory, "ied.json"),
    anchor: join(directory, "anchor.pem"),
    certificate: join(directory, "device.pem"),
    key: join(directory, "device.key"),
    request: join(directory, "device.csr"),
    nextKey: join(directory, "device-next.key"),
    nextRequest: join(directory, "device-next.csr"),
    storeKey: join(directory, "store.key"),
    failures: join(directory, "failures.sealed"),
    reports: join(directory, "reports.sealed"),
    athstat: join(directory, "athstat.json"),
  };
}

export interface ConfigFault {
  readonly code: "absent" | "malformed";
  readonly detail: string;
}

const configBytesMax = 64 * 1024;

export function loadConfig(paths: DevicePaths): Result<DeviceConfig, ConfigFault> {
  const bytes = readFileBounded(paths.config, configBytesMax);
  if (!bytes.ok) {
    return err({ code: bytes.error === "absent" ? "absent" : "malformed", detail: bytes.error });
  }
  const json = parseJsonBytes(bytes.value);
  const parsed = deviceConfig.safeParse(json);
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  const place = issue?.path.map(String).join(".") ?? "";
  return err({ code: "malformed", detail: `${place}: ${issue?.message ?? "not JSON"}` });
}

/** The order in which servers are tried of which nothing is known yet (CS3). */
export function inOrderUnseen(servers: DeviceConfig["servers"]): DeviceConfig["servers"] {
  const places = servers.map((server) => {
    const { cost = costDefault } = server;
    return { server, cost, isMain: false, answers: "no" } as const;
  });
  return inOrderOfCost(places).map(({ server }) => server);
}

export function saveConfig(paths: DevicePaths, config: DeviceConfig): void {
  writeFileAtomic(paths.config, utf8(`${JSON.stringify(config, null, 2)}\n`));
}
