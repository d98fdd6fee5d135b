import { z } from "zod";
import type { AccountChange, Command, CommandKind, NewDevice, NewPassword } from "./command.ts";
import type { CommandOf } from "./decision.ts";
import { accountsPerCommandMax, devicesPerCommandMax } from "./limits.ts";
import {
  certificateShape,
  graceUseShape,
  changeSetKindShape,
  codeShape,
  idShape as id,
  longTextShape as longText,
  policyShape,
  reasonShape,
  rightsShape,
  rolesShape,
  setAsideShape,
  textShape as text,
  wholeShape as whole,
  type Plain,
} from "./row-shapes.ts";

/**
 * What only the server that is Main orders of itself: the system and its servers (a join code names
 * one server, and only that answers it) and what the pair records. Nobody sends it these.
 */
type OwnKind =
  | "create-system"
  | "issue-invite"
  | "spend-invite-try"
  | "join-server"
  | "add-witness"
  | "remove-witness"
  | "start-term"
  | "publish-crl"
  | "request-authority"
  | "withdraw-authority-request"
  | "start-roll-over"
  | "switch-authority"
  | "retire-authority"
  | "restore-system"
  | "change-ack-set"
  | "digest-state";

/** Commands that a Standby passes on to its Main (HS17). */
export type PassedKind = Exclude<CommandKind, OwnKind>;

export type PassedCommand = Extract<Command, { readonly kind: PassedKind }>;

const newPasswordShape = z.strictObject({
  verifier: longText,
  length: whole,
  classes: whole,
  repeats: z.boolean(),
}) satisfies z.ZodType<Plain<NewPassword>>;

const newDeviceShape = z.strictObject({
  id,
  name: text,
  manufacturer: text,
  type: text,
  accessPoints: z.array(z.strictObject({ name: text, ip: text.nullable() })).max(1_024),
  area: text,
}) satisfies z.ZodType<Plain<NewDevice>>;

const groupsShape = z.array(id).max(1_024);

const accountChangeShape = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("create"),
    id,
    name: text,
    displayName: text,
    roles: rolesShape,
    groups: groupsShape,
    policy: text,
    enabled: z.boolean(),
    code: codeShape.nullable(),
  }),
  z.strictObject({
    kind: z.literal("update"),
    id,
    seen: whole,
    displayName: z.exactOptional(text),
    roles: z.exactOptional(rolesShape),
    groups: z.exactOptional(groupsShape),
    policy: z.exactOptional(text),
    enabled: z.exactOptional(z.boolean()),
  }),
  z.strictObject({ kind: z.enum(["delete", "unlock"]), id, seen: whole }),
]) satisfies z.ZodType<Plain<AccountChange>>;

/** Every command that is passed on, with its exact shape; a new kind does not compile until here. */
export const commandShapes: {
  readonly [Kind in PassedKind]: z.ZodType<Plain<CommandOf<Kind>>>;
} = {
  "create-account": shape("create-account", {
    id,
    name: text,
    displayName: text,
    roles: rolesShape,
    groups: z.array(id).max(1_024),
    policy: text,
    password: newPasswordShape.nullable(),
    mustChange: z.boolean(),
  }),
  "update-account": shape("update-account", {
    id,
    displayName: z.exactOptional(text),
    roles: z.exactOptional(rolesShape),
    policy: z.exactOptional(text),
  }),
  "enable-account": shape("enable-account", { id }),
  "disable-account": shape("disable-account", { id }),
  "delete-account": shape("delete-account", { id }),
  "unlock-account": shape("unlock-account", { id }),
  "change-accounts": shape("change-accounts", {
    id,
    what: changeSetKindShape,
    changes: z.array(accountChangeShape).max(accountsPerCommandMax),
  }),
  "undo-change-set": shape("undo-change-set", { id }),
  "lock-account": shape("lock-account", { id, until: whole }),
  "use-grace": shape("use-grace", { id, version: whole, use: graceUseShape }),
  "set-password": shape("set-password", {
    id,
    password: newPasswordShape,
    mustChange: z.boolean(),
  }),
  "change-password": shape("change-password", { id, password: newPasswordShape }),
  "issue-code": shape("issue-code", { id, verifier: longText, expiresAt: whole }),
  "end-session": shape("end-session", { id, expiresAt: whole }),
  "create-group": shape("create-group", { id, name: text, description: text }),
  "delete-group": shape("delete-group", { id }),
  "join-group": shape("join-group", { id, account: id }),
  "leave-group": shape("leave-group", { id, account: id }),
  "deny-in-group": shape("deny-in-group", { id, account: id }),
  "lift-deny-in-group": shape("lift-deny-in-group", { id, account: id }),
  "admit-administrator": shape("admit-administrator", { id, account: id }),
  "set-recovery-key": shape("set-recovery-key", { publicKey: text }),
  "set-policy": shape("set-policy", { policy: policyShape }),
  "set-right": shape("set-right", {
    map: text,
    right: text,
    role: z.number().int(),
    level: z.enum(["full", "read", "none"]),
  }),
  "replace-rights": shape("replace-rights", {
    map: text,
    of: whole.nullable(),
    rights: rightsShape,
  }),
  "create-role": shape("create-role", { role: z.number().int(), name: text, description: text }),
  "delete-role": shape("delete-role", { role: z.number().int() }),
  "register-devices": shape("register-devices", {
    devices: z.array(newDeviceShape).max(devicesPerCommandMax),
    group: id,
  }),
  "issue-device-code": shape("issue-device-code", { id, verifier: longText, expiresAt: whole }),
  "enrol-device": shape("enrol-device", {
    id,
    certificate: certificateShape,
    encoded: z.exactOptional(longText),
  }),
  "admit-device": shape("admit-device", { id, certificate: certificateShape }),
  "renew-device": shape("renew-device", {
    id,
    of: text,
    certificate: certificateShape,
    encoded: z.exactOptional(longText),
  }),
  "confirm-renewal": shape("confirm-renewal", { id, serial: text }),
  "renew-server": shape("renew-server", {
    id,
    certificates: z.array(certificateShape).max(2),
  }),
  "issue-certificate": shape("issue-certificate", {
    certificate: certificateShape,
    encoded: z.exactOptional(longText),
  }),
  "revoke-certificate": shape("revoke-certificate", { serial: text, reason: reasonShape }),
  "map-certificate": shape("map-certificate", { key: text, account: id }),
  "unmap-certificate": shape("unmap-certificate", { key: text }),
  "allow-legacy-peer": shape("allow-legacy-peer", {
    address: text,
    owner: text,
    reason: text,
    until: whole,
  }),
  "remove-legacy-peer": shape("remove-legacy-peer", { address: text }),
  "set-server-address": shape("set-server-address", {
    id,
    address: text,
    backup: text.nullable(),
  }),
  "remove-server": shape("remove-server", { id }),
  "set-replication": shape("set-replication", { id, enabled: z.boolean() }),
  "record-set-aside": shape("record-set-aside", { row: setAsideShape }),
  "reapply-set-aside": shape("reapply-set-aside", { id, reason: text }),
  "reject-set-aside": shape("reject-set-aside", { id, reason: text }),
};

function shape<Kind extends string, Members extends z.ZodRawShape>(kind: Kind, members: Members) {
  return z.strictObject({ kind: z.literal(kind), ...members });
}
