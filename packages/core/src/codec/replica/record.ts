import * as z from "zod";
import { lengthPrefixed, utf8, type Bytes } from "../../base/bytes.ts";
import { rolesMax } from "./limits.ts";

/** Ids of accounts, groups, devices, servers and systems as they stand in messages. */
export const idText = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

/** Login names and names of servers, groups and devices. */
export const nameText = z.string().min(1).max(128);

export const hexHash = z.string().regex(/^[0-9a-f]{64}$/);
/** Eight segments of 64 characters and the strokes between them. */
const areaCharactersMax = 520;

export const counter = z.int().min(0);
export const instant = z.int().min(0);

/** A role with its area of responsibility and dates, as the account holds it. */
export const replicaRole = z
  .strictObject({
    role: z.int().min(-32_768).max(65_535),
    area: z.string().min(1).max(areaCharactersMax),
    notBefore: instant.nullable(),
    notAfter: instant.nullable(),
  })
  .readonly();

/**
 * What a device knows of one account of its replication group. Public: it is signed for the whole
 * group; what proves the account stands in the device's own sealed layer.
 */
export const replicaRecord = z
  .strictObject({
    id: idText,
    name: nameText,
    displayName: z.string().max(128),
    roles: z.array(replicaRole).max(rolesMax).readonly(),
    /** Rises with each change of the password; the verifier in the layer carries the same. */
    credentialVersion: counter,
    mustChange: z.boolean(),
    expiresAt: instant.nullable(),
    lockedUntil: instant.nullable(),
    /** The account's lock-out rule, which the device applies while no server answers. */
    lockOut: z
      .strictObject({ attempts: z.int().min(1).max(100), window: counter, lockFor: counter })
      .readonly(),
  })
  .readonly();

export type ReplicaRecord = z.infer<typeof replicaRecord>;

/** How to compute the Argon2id tag of a typed password, and what it must become under Kd. */
export const verifierEntry = z
  .strictObject({
    id: idText,
    credentialVersion: counter,
    cost: z
      .strictObject({
        memory: z.int().min(8).max(262_144),
        passes: z.int().min(1).max(16),
        lanes: z.int().min(1).max(16),
      })
      .readonly(),
    salt: z.string().regex(/^[A-Za-z0-9_-]{11,86}$/),
    verifier: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  })
  .readonly();

export type VerifierEntry = z.infer<typeof verifierEntry>;

/**
 * What a device's verifier is the HMAC-SHA-256 of, under that device's key (design §8): bound to
 * account and credential, so an entry moved to another account or kept from an older password
 * verifies nothing.
 */
export function verifierInput(tag: Bytes, account: string, credentialVersion: number): Bytes {
  return lengthPrefixed([tag, utf8(account), utf8(String(credentialVersion))]);
}
