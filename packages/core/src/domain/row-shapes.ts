import { z } from "zod";
import { arbitrationModes } from "./arbitration-mode.ts";
import { authorityKeyTypes } from "./authority-key.ts";
import { certificateProfiles } from "./certificate-profile.ts";
import { issuersAboveMax, rolesPerRightMax } from "./limits.ts";
import { revocationReasons } from "./revocation-reason.ts";
import type { AuthorityRequest, Rows } from "./types.ts";

/**
 * The shape of every row, exactly: what is not named here is refused. Bounds are those of a reader
 * who must not be hurt, generous enough for every release; the rules of the domain are `decide`'s.
 */

/** A type without its brands: what a text is before it is believed. */
export type Plain<Value> = Value extends { readonly brand: string }
  ? string
  : Value extends object
    ? { readonly [Key in keyof Value]: Plain<Value[Key]> }
    : Value;

type Shape<Value> = z.ZodType<Plain<Value>>;

export const idShape = z.string().min(1).max(256);
export const textShape = z.string().max(1_024);
/** A sealed secret or a certificate. */
export const longTextShape = z.string().max(65_536);
export const hashShape = z.string().regex(/^[0-9a-f]{64}$/);
/** A time or a count. */
export const wholeShape = z.number().int().nonnegative();

const whole = wholeShape;
const text = textShape;
const longText = longTextShape;
const id = idShape;
const ids = z.array(id).max(100_000);

const roleShape = z.strictObject({
  role: z.number().int(),
  area: text,
  notBefore: whole.nullable(),
  notAfter: whole.nullable(),
});

export const rolesShape = z.array(roleShape).max(1_024);

export const graceUseShape = z.strictObject({ server: id, at: whole });

export const passwordShape = z.strictObject({
  verifier: longText,
  version: whole,
  changedAt: whole,
  mustChange: z.boolean(),
  history: z.array(longText).max(64),
  graceUsed: z.exactOptional(z.array(graceUseShape).max(1_024)),
});

export const codeShape = z.strictObject({ verifier: longText, expiresAt: whole });

export const accountShape = z.strictObject({
  id,
  name: text,
  displayName: text,
  uidNumber: whole,
  roles: rolesShape,
  groups: ids,
  enabled: z.boolean(),
  password: passwordShape.nullable(),
  code: codeShape.nullable(),
  lockedUntil: whole.nullable(),
  policy: text,
  createdAt: whole,
  changedAt: whole,
}) satisfies Shape<Rows["accounts"]>;

export const changeSetKindShape = z.enum(["import", "bulk"]);

export const groupShape = z.strictObject({
  id,
  name: text,
  description: text,
  deny: ids,
  administrators: ids,
  softAge: whole,
  hardAge: whole,
  createdAt: whole,
  changedAt: whole,
}) satisfies Shape<Rows["groups"]>;

const deviceCertificateShape = z.strictObject({
  serial: text,
  fingerprint: text,
  notAfter: whole,
});

export const deviceShape = z.strictObject({
  id,
  name: text,
  manufacturer: text,
  type: text,
  accessPoints: z.array(z.strictObject({ name: text, ip: text.nullable() })).max(1_024),
  area: text,
  group: id,
  status: z.enum(["registered", "enrolled", "lost"]),
  enrolment: codeShape.nullable(),
  certificate: deviceCertificateShape.nullable(),
  earlier: deviceCertificateShape.nullable(),
  replication: z.strictObject({ enabled: z.boolean(), revision: whole }),
  keyVersion: whole,
  createdAt: whole,
  changedAt: whole,
}) satisfies Shape<Rows["devices"]>;

export const serverShape = z.strictObject({
  id,
  name: text,
  address: text,
  backup: z.exactOptional(text),
  ports: z.strictObject({ https: whole, link: whole, ldaps: whole }),
  pairingKey: text,
  kind: z.enum(["promotable", "permanent"]),
  joinedAt: whole,
}) satisfies Shape<Rows["servers"]>;

export const witnessShape = z.strictObject({
  id,
  address: text,
  port: whole,
  pairingKey: text,
  machine: z.strictObject({ salt: hashShape, hash: hashShape }).nullable(),
  addedAt: whole,
}) satisfies Shape<Rows["witness"]>;

export const inviteShape = z.strictObject({
  name: text,
  kind: z.exactOptional(z.literal("permanent")),
  secret: longText,
  expiresAt: whole,
  triesLeft: whole,
}) satisfies Shape<Rows["invites"]>;

export const policyShape = z.strictObject({
  name: text,
  kind: z.enum(["password", "panel-pin"]),
  lengthMin: whole,
  lengthMax: whole,
  classesMin: whole,
  words: z.array(text).max(1_024),
  history: whole,
  ageMin: whole,
  expiresAfter: whole.nullable(),
  warnBefore: whole,
  grace: whole,
  mustChange: z.boolean(),
  attempts: whole,
  sourceAttempts: whole,
  window: whole,
  lockFor: whole,
}) satisfies Shape<Rows["policies"]>;

const roleIdShape = z.number().int();
const roleIdsShape = z.array(roleIdShape).max(rolesPerRightMax);

export const rightsShape = z
  .array(z.strictObject({ right: text, full: roleIdsShape, read: roleIdsShape }))
  .max(64);

export const rightsMapShape = z.strictObject({
  name: text,
  revision: whole,
  rights: rightsShape,
  by: text,
  at: whole,
}) satisfies Shape<Rows["rightsMaps"]>;

export const privateRoleShape = z.strictObject({
  role: roleIdShape,
  name: text,
  description: text,
  by: text,
  at: whole,
}) satisfies Shape<Rows["privateRoles"]>;

export const reasonShape = z.enum(revocationReasons);

export const certificateShape = z.strictObject({
  serial: text,
  authority: id,
  profile: z.enum(certificateProfiles),
  name: text,
  subject: text,
  alternativeNames: longText,
  fingerprint: text,
  notBefore: whole,
  notAfter: whole,
  revoked: z.strictObject({ at: whole, reason: reasonShape, by: text }).nullable(),
}) satisfies Shape<Rows["certificates"]>;

export const crlShape = z.strictObject({
  authority: id,
  number: whole,
  thisUpdate: whole,
  nextUpdate: whole,
  revoked: whole,
  // Below a frame of the link, in which an entry with this row must fit.
  encoded: z.string().max(3 * 1_024 * 1_024),
  responder: z.strictObject({ certificate: longText, key: longText }),
}) satisfies Shape<Rows["crls"]>;

export const mappingShape = z.strictObject({
  key: text,
  account: id,
  by: text,
  at: whole,
}) satisfies Shape<Rows["mappings"]>;

export const legacyPeerShape = z.strictObject({
  address: text,
  owner: text,
  reason: text,
  until: whole,
  by: text,
  at: whole,
}) satisfies Shape<Rows["legacyPeers"]>;

export const authorityShape = z.strictObject({
  id,
  standing: z.enum(["next", "issuing", "former"]),
  certificate: longText,
  chain: z.exactOptional(z.array(longText).min(1).max(issuersAboveMax)),
  cross: longText.nullable(),
  key: longText,
  createdAt: whole,
}) satisfies Shape<Rows["authorities"]>;

export const authorityRequestShape = z.strictObject({
  id,
  keyType: z.enum(authorityKeyTypes),
  request: longText,
  key: longText,
  createdAt: whole,
}) satisfies Shape<AuthorityRequest>;

export const systemShape = z.strictObject({
  id,
  base: text,
  site: text,
  createdAt: whole,
  replicaKey: longText,
  uidNext: whole,
  recovery: z.strictObject({ publicKey: text, since: whole }).nullable(),
  authorityRequest: z.exactOptional(authorityRequestShape),
}) satisfies Shape<Rows["system"]>;

export const backupPlaceShape = z.strictObject({
  at: whole,
  term: whole,
  seq: whole,
  hash: hashShape,
});

export const actorShape = z.strictObject({
  kind: z.enum(["account", "local", "server", "device"]),
  id: text,
  name: text,
  door: z.enum(["ldap", "https", "device", "local", "panel", "pair"]),
  source: text,
  via: z.exactOptional(text),
});

export const verdictShape = z.enum(["re-applied", "already so", "rejected"]);

export const setAsideShape = z.strictObject({
  id,
  node: id,
  term: whole,
  seq: whole,
  part: whole,
  at: whole,
  actor: actorShape,
  kind: z.string().min(1).max(64),
  requestId: z.string().min(1).max(64),
  mark: z.enum(["acknowledged", "not acknowledged", "unknown"]),
  // Below a frame of the link, in which an entry with this row must fit.
  facts: z.string().max(3 * 1_024 * 1_024),
  forkedAt: whole,
  by: id,
  setAsideAt: whole,
  judged: z.strictObject({ verdict: verdictShape, by: text, at: whole, reason: text }).nullable(),
}) satisfies Shape<Rows["setAside"]>;

export const unprotectedShape = z.strictObject({ since: whole, reason: text }).nullable();
export const modeShape = z.enum(arbitrationModes);
export const ackSetShape = z.array(id).max(64);

export const pairShape = z.strictObject({
  term: whole,
  owner: id,
  by: z.enum(["creation", "changeover", "takeover", "promotion", "forced-promotion", "restore"]),
  since: whole,
  ackSet: ackSetShape,
  mode: modeShape,
  unprotected: unprotectedShape,
}) satisfies Shape<Rows["pair"]>;
