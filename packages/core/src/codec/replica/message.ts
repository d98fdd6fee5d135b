import * as z from "zod";
import {
  heldCertificatesMax,
  layerCharactersMax,
  listCharactersMax,
  listsMax,
  piecesMax,
  recordsPerPiece,
  reportedMax,
} from "./limits.ts";
import { signedErase, signedManifest, signedStatement } from "./manifest.ts";
import {
  counter,
  hexHash,
  idText,
  instant,
  nameText,
  replicaRecord,
  replicaRole,
} from "./record.ts";

/**
 * The messages of `gridward-replica/1`. The device asks, the server answers in order; only
 * `notice` comes unasked, may be lost, and says no more than "ask again".
 */

/** Roles that one sign-in grants; a server may know more than a replica carries. */
const grantedRolesMax = 64;

const nonce = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const text = z.string().max(512);
const call = counter;

/** A replica by its place and content; the server compares and sends only what is missing. */
const holding = { term: counter, owner: idText, rev: counter, setDigest: hexHash };

const ask = {
  nonce,
  /** null: nothing held, or nothing that is still believed. */
  holds: z.strictObject(holding).readonly().nullable(),
  /**
   * Revocation lists held, by SHA-256 of the public key that signed each, and its number: a newer
   * one is sent before the answer.
   */
  lists: z
    .array(z.strictObject({ authority: hexHash, number: counter }).readonly())
    .max(listsMax)
    .readonly(),
};

const hello = z.strictObject({
  kind: z.literal("hello"),
  ...ask,
  group: idText,
  /** Highest term and its owner ever seen: a server of a lower one learns here that it is fenced. */
  seen: z.strictObject({ term: counter, owner: idText }).readonly().nullable(),
  /** Version of Kd that the device has; 0 is none. */
  keyVersion: counter,
  /** Revision of the last erase order obeyed; 0 is none. */
  replicationRevision: counter,
});

const pull = z.strictObject({ kind: z.literal("pull"), ...ask });

/** Acknowledges what is now applied: the server's list of credentials by device is made of these. */
const applied = z.strictObject({ kind: z.literal("applied"), ...holding });

const signIn = z.strictObject({
  kind: z.literal("sign-in"),
  call,
  name: nameText,
  password: z.string().max(1_024),
  /** Access point at the device: "panel", "https" … */
  accessPoint: z.string().min(1).max(32),
});

/** One thing that the device decided or saw by itself. Times are the device's. */
const reported = z
  .strictObject({
    number: counter,
    at: instant,
    event: z.int().min(0).max(65_535),
    account: z.string().max(128),
    accessPoint: z.string().max(32),
    source: z.enum(["main", "standby", "replica", "device"]),
    reason: text,
  })
  .readonly();

export type Reported = z.infer<typeof reported>;

const blocked = z
  .strictObject({ name: nameText, failures: counter, until: instant.nullable() })
  .readonly();

const report = z.strictObject({
  kind: z.literal("report"),
  call,
  decided: z.array(reported).max(reportedMax).readonly(),
  failures: z.array(blocked).max(reportedMax).readonly(),
});

const heldCertificate = z
  .strictObject({
    /** For itself, or as one whom it believes. */
    use: z.enum(["device", "anchor"]),
    /** DER, base64url. */
    certificate: z
      .string()
      .regex(/^[A-Za-z0-9_-]+$/)
      .max(16_384),
  })
  .readonly();

export type CarriedCertificate = z.infer<typeof heldCertificate>;

/** What a server asked for to be read back (PK6). */
const certificates = z.strictObject({
  kind: z.literal("certificates"),
  call,
  held: z.array(heldCertificate).max(heldCertificatesMax).readonly(),
});

/** How an ordered renewal went: null, or why it did not. */
const renewed = z.strictObject({ kind: z.literal("renewed"), call, refused: text.nullable() });

export const deviceMessage = z.discriminatedUnion("kind", [
  hello,
  pull,
  applied,
  signIn,
  report,
  certificates,
  renewed,
]);

export type DeviceMessage = Readonly<z.infer<typeof deviceMessage>>;

/** Delivered over the verified link when the device has another version, or none. */
const key = z.strictObject({
  kind: z.literal("key"),
  version: counter.min(1),
  key: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});

/** A revocation list in DER, base64: signed by the authority, whoever brings it. */
const list = z.strictObject({
  kind: z.literal("list"),
  encoded: z
    .string()
    .regex(/^[A-Za-z0-9+/]+=*$/)
    .max(listCharactersMax),
});

/** What the device holds is what stands committed. */
const current = z.strictObject({
  kind: z.literal("current"),
  statement: signedStatement,
  manifest: signedManifest,
});

/** A whole set follows in `pieces` pieces; the layer is sealed for this device alone. */
const snapshot = z.strictObject({
  kind: z.literal("snapshot"),
  statement: signedStatement,
  manifest: signedManifest,
  pieces: z.int().min(0).max(piecesMax),
  layer: z.string().min(1).max(layerCharactersMax),
});

const piece = z.strictObject({
  kind: z.literal("piece"),
  index: counter,
  records: z.array(replicaRecord).max(recordsPerPiece).readonly(),
});

/** Replication is off for this device. */
const erase = z.strictObject({ kind: z.literal("erase"), order: signedErase });

const notice = z.strictObject({ kind: z.literal("notice"), term: counter, rev: counter });

/** Why a device is not served. "revoked" is final: it erases the replica (design §7). */
export const refusedCodes = [
  "unknown-device",
  "not-enrolled",
  "revoked",
  "other-certificate",
  "other-group",
  "unavailable",
  "lower-term",
] as const;

const refused = z.strictObject({
  kind: z.literal("refused"),
  code: z.enum(refusedCodes),
  text,
});

const answerTo = { kind: z.literal("sign-in-answer"), call, duty: z.enum(["main", "standby"]) };

const accepted = z.strictObject({
  ...answerTo,
  outcome: z.literal("accepted"),
  account: z.strictObject({ id: idText, name: nameText, displayName: z.string().max(128) }),
  roles: z.array(replicaRole).max(grantedRolesMax).readonly(),
  fresh: z.boolean(),
  mustChange: z.boolean(),
  expiresAt: instant.nullable(),
  event: counter,
});

/** Final for the device only when `fresh`. */
const denied = z.strictObject({
  ...answerTo,
  outcome: z.literal("refused"),
  fresh: z.boolean(),
  event: counter,
});

const unavailable = z.strictObject({
  ...answerTo,
  outcome: z.literal("unavailable"),
  reason: text,
});

const signInAnswer = z.discriminatedUnion("outcome", [accepted, denied, unavailable]);

export type DeviceSignInAnswer = Readonly<z.infer<typeof signInAnswer>>;

/** PK6: the device tells which certificates it holds, and renews its own. */
const readCertificates = z.strictObject({ kind: z.literal("read-certificates"), call });
const renewCertificate = z.strictObject({ kind: z.literal("renew-certificate"), call });

const reportKept = z.strictObject({ kind: z.literal("report-kept"), call });

export const serverMessage = z.discriminatedUnion("kind", [
  key,
  list,
  current,
  snapshot,
  piece,
  erase,
  notice,
  refused,
  signInAnswer,
  reportKept,
  readCertificates,
  renewCertificate,
]);

export type ServerMessage = Readonly<z.infer<typeof serverMessage>>;
