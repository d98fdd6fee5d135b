import { z } from "zod";
import type { Fact } from "./fact.ts";
import { accountsPerCommandMax } from "./limits.ts";
import {
  accountShape,
  ackSetShape,
  authorityShape,
  backupPlaceShape,
  certificateShape,
  changeSetKindShape,
  codeShape,
  crlShape,
  deviceShape,
  groupShape,
  hashShape,
  idShape as id,
  inviteShape,
  legacyPeerShape,
  longTextShape as longText,
  mappingShape,
  pairShape,
  passwordShape,
  policyShape,
  reasonShape,
  rolesShape,
  modeShape,
  serverShape,
  setAsideShape,
  systemShape,
  textShape as text,
  unprotectedShape,
  verdictShape,
  wholeShape as whole,
  witnessShape,
  type Plain,
} from "./row-shapes.ts";

/** The fact of a kind, also where one type stands for several kinds. */
type FactOf<Kind, Each = Fact> = Each extends { readonly kind: infer Kinds }
  ? Kind extends Kinds
    ? Each
    : never
  : never;

/** Every kind of fact with its exact shape; a new kind does not compile until it is here. */
export const factShapes: { readonly [Kind in Fact["kind"]]: z.ZodType<Plain<FactOf<Kind>>> } = {
  "system-created": shape("system-created", { system: systemShape }),
  "authority-created": shape("authority-created", { authority: authorityShape }),
  "authority-switched": shape("authority-switched", { from: id, to: id }),
  "authority-retired": shape("authority-retired", { id }),
  "certificate-issued": shape("certificate-issued", { certificate: certificateShape }),
  "certificate-revoked": shape("certificate-revoked", {
    serial: text,
    reason: reasonShape,
    by: text,
  }),
  "crl-published": shape("crl-published", { crl: crlShape }),
  "certificate-mapped": shape("certificate-mapped", { mapping: mappingShape }),
  "certificate-unmapped": shape("certificate-unmapped", { key: text }),
  "legacy-peer-allowed": shape("legacy-peer-allowed", { peer: legacyPeerShape }),
  "legacy-peer-removed": shape("legacy-peer-removed", { address: text }),
  "policy-set": shape("policy-set", { policy: policyShape }),
  "account-created": shape("account-created", { account: accountShape }),
  "account-updated": shape("account-updated", {
    id,
    displayName: text,
    roles: rolesShape,
    policy: text,
  }),
  "account-enabled": shape("account-enabled", { id }),
  "account-disabled": shape("account-disabled", { id }),
  "account-deleted": shape("account-deleted", { id }),
  "account-locked": shape("account-locked", { id, until: whole }),
  "account-unlocked": shape("account-unlocked", { id }),
  "password-set": shape("password-set", { id, password: passwordShape }),
  "code-issued": shape("code-issued", { id, code: codeShape }),
  "code-used": shape("code-used", { id }),
  "session-ended": shape("session-ended", { id, expiresAt: whole }),
  "group-created": shape("group-created", { group: groupShape }),
  "group-deleted": shape("group-deleted", { id }),
  "group-joined": shape("group-joined", { id, account: id }),
  "group-left": shape("group-left", { id, account: id }),
  "group-denied": shape("group-denied", { id, account: id }),
  "group-deny-lifted": shape("group-deny-lifted", { id, account: id }),
  "group-administrator-admitted": shape("group-administrator-admitted", { id, account: id }),
  "device-registered": shape("device-registered", { device: deviceShape }),
  "device-code-issued": shape("device-code-issued", { id, verifier: longText, expiresAt: whole }),
  "device-enrolled": shape("device-enrolled", {
    id,
    serial: text,
    fingerprint: text,
    notAfter: whole,
  }),
  "device-renewed": shape("device-renewed", {
    id,
    of: text,
    serial: text,
    fingerprint: text,
    notAfter: whole,
  }),
  "device-renewal-confirmed": shape("device-renewal-confirmed", { id, of: text, serial: text }),
  "device-replication-set": shape("device-replication-set", {
    id,
    enabled: z.boolean(),
    revision: whole,
  }),
  "invite-issued": shape("invite-issued", { invite: inviteShape }),
  "invite-tried": shape("invite-tried", { name: text }),
  "invite-used": shape("invite-used", { name: text }),
  "server-joined": shape("server-joined", { server: serverShape }),
  "witness-added": shape("witness-added", { witness: witnessShape }),
  "witness-removed": shape("witness-removed", {}),
  "server-removed": shape("server-removed", { id, by: text }),
  "server-address-set": shape("server-address-set", {
    id,
    address: text,
    backup: text.nullable(),
  }),
  "recovery-key-set": shape("recovery-key-set", { publicKey: text }),
  "system-restored": shape("system-restored", {
    backup: backupPlaceShape,
    replaced: z.strictObject({ term: whole, seq: whole }).nullable(),
    uidNext: whole,
  }),
  "change-set-recorded": shape("change-set-recorded", {
    id,
    what: changeSetKindShape,
    by: text,
    accounts: z.array(id).max(accountsPerCommandMax),
  }),
  "change-set-undone": shape("change-set-undone", { id, by: text }),
  "set-aside-recorded": shape("set-aside-recorded", { row: setAsideShape }),
  "set-aside-judged": shape("set-aside-judged", {
    id,
    verdict: verdictShape,
    by: text,
    reason: text,
  }),
  "term-started": shape("term-started", { pair: pairShape }),
  "ack-set-changed": shape("ack-set-changed", {
    ackSet: ackSetShape,
    unprotected: unprotectedShape,
  }),
  "mode-changed": shape("mode-changed", { mode: modeShape }),
  "state-digested": shape("state-digested", { seq: whole, digest: hashShape }),
};

function shape<Kind extends string, Members extends z.ZodRawShape>(kind: Kind, members: Members) {
  return z.strictObject({ kind: z.literal(kind), ...members });
}
