import * as z from "zod";
import { utf8, type Bytes } from "../base/bytes.ts";
import { parseJsonBytes } from "../base/json.ts";
import { err, ok, type Result } from "../base/result.ts";

/**
 * What a server shows, demands and believes on the link, told to a partner that proved its pairing
 * key (design §6). By it each can say beforehand what a change would come to at both ends. Nothing
 * in it is secret: certificates are public, and the demands show at the first handshake.
 */
const certificate = z.base64().min(1).max(11_000);
/** As presented, leaf first, DER in base64. */
const chain = z.array(certificate).max(5).readonly();
const fingerprint = z.string().regex(/^[0-9a-f]{64}$/);
const instant = z.int().nonnegative();
const tls = z.enum(["1.2", "1.3"]);

/** Revoked serial numbers that are told of one list, the latest first. */
export const toldRevokedMax = 64;
/** Lists and anchors that are told. */
export const toldListsMax = 8;
export const toldAnchorsMax = 8;

const list = z.strictObject({
  /** SHA-256 of the public key of its issuer. */
  issuer: fingerprint,
  number: z
    .string()
    .regex(/^[0-9]{1,50}$/)
    .nullable(),
  from: instant,
  to: instant.nullable(),
  revoked: z
    .array(z.strictObject({ serial: z.string().regex(/^-?[0-9a-f]{1,64}$/), at: instant }))
    .max(toldRevokedMax)
    .readonly(),
});

const posture = z.strictObject({
  v: z.literal(1),
  /** By the clock of whoever says it. */
  at: instant,
  demands: z.strictObject({
    validate: z.boolean(),
    checkNames: z.boolean(),
    requireCertificate: z.boolean(),
    revocation: z.enum(["off", "soft", "hard"]),
    pins: z.array(fingerprint).max(8).readonly(),
  }),
  tlsMin: tls,
  tlsMax: tls,
  /** To whoever dials it. */
  presents: chain,
  /** When it dials; empty: nothing. */
  dialsWith: chain,
  anchors: z.array(certificate).max(toldAnchorsMax).readonly(),
  lists: z.array(list).max(toldListsMax).readonly(),
});

export type Posture = z.infer<typeof posture>;
export type PostureList = Posture["lists"][number];

/** No posture is longer, whatever it holds. */
export const postureBytesMax = 320 * 1024;

/** `null`: whoever sends it tells nothing, as to somebody who was removed. */
export function encodePosture(told: Posture | null): Bytes {
  return utf8(JSON.stringify(told));
}

export function decodePosture(bytes: Bytes): Result<Posture | null, "not a posture"> {
  const parsed = posture.nullable().safeParse(parseJsonBytes(bytes));
  return parsed.success ? ok(parsed.data) : err("not a posture");
}
