import * as z from "zod";
import { costMax, costMin, costRule } from "../domain/server-order.ts";

/**
 * The file that makes a device part of a system: written by `gridward device package`, read by
 * `gridward ied init`. It holds a one-time code, so it is kept like a key until it was used.
 */

/** A package with more servers or a longer file than this was not made by us. */
export const devicePackageBytesMax = 256 * 1024;
const serversMax = 8;

const host = z.string().min(1).max(253);
const port = z.int().min(0).max(65_535);

/** What it costs a client to ask a server (CS3). */
export const serverCost = z.int(costRule).min(costMin, costRule).max(costMax, costRule);

export const packageServer = z.strictObject({
  name: z.string().min(1).max(64),
  /** Host or address, in the order in which they are tried. */
  addresses: z.array(host).min(1).max(4),
  ports: z.strictObject({ https: port, link: port, ldaps: port }),
  /** SHA-256 of the 32 raw bytes of the server's Ed25519 pairing key, lower-case hexadecimal. */
  pairing_fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  /** Only where it was chosen: older devices read no package that has it. */
  cost: serverCost.optional(),
});

export const devicePackage = z.strictObject({
  kind: z.literal("gridward-device-package"),
  version: z.literal(1),
  system: z.strictObject({
    id: z.string().min(1).max(64),
    base: z.string().min(1).max(512),
    site: z.string().min(1).max(128),
    /**
     * Trust anchor of the system, PEM, with those above it up to its root: the device trusts nothing
     * else (RFC 7030 §3.6.1).
     */
    certificate: z.string().min(1).max(32_768),
  }),
  servers: z.array(packageServer).min(1).max(serversMax),
  device: z.strictObject({
    id: z.string().min(1).max(64),
    name: z.string().min(1).max(64),
    group: z.strictObject({ id: z.string().min(1).max(64), name: z.string().min(1).max(64) }),
  }),
  /** Admits to one enrolment over EST, as password of the user that is the device's name. */
  enrolment: z.strictObject({
    code: z.string().min(16).max(128),
    expires_at: z.iso.datetime(),
  }),
});

export type DevicePackage = z.infer<typeof devicePackage>;
