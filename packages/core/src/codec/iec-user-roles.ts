import { type Bytes, utf8 } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import {
  type BerElement,
  berTags,
  contentOf,
  decodeBer,
  encodeBer,
  encodeBerInteger,
  integerOf,
  textOf,
} from "./ber.ts";

/** Extension of X.509 certificates in which IEC 62351-8 (profile A) carries roles. */
export const userRolesOid = "1.2.840.10070.8.1";

/** One `UserRoleInfo` of IEC 62351-8. */
export interface RoleClaim {
  readonly userRole: readonly number[];
  /** Area of responsibility, free text. */
  readonly aor: string;
  /** Of the assignment of roles to people. */
  readonly revision: number;
  /** The catalogue that the numbers belong to, such as "IEC62351-8". */
  readonly roleDefinition: string;
  readonly operation: UserRoleOperation | null;
  readonly statusChangeSequenceNumber: number | null;
}

/** Their place in this list, from 1 on, is what is sent. */
const operations = ["add", "delete", "change"] as const;
type UserRoleOperation = (typeof operations)[number];

export type UserRolesFault =
  | "too long"
  | "not IECUserRoles"
  | "role out of range"
  | "text out of range"
  | "revision out of range"
  | "sequence number out of range";

/** A whole certificate is read up to this many octets elsewhere; an extension is no longer. */
const extensionBytesMax = 8_192;
const claimsMax = 64;
const rolesMax = 64;
const areaLengthMax = 64;
const definitionLengthMax = 23;
const revisionMax = 255;
const sequenceNumberMax = 0xffff_ffff;
/** Others write more than the standard's sizes; what is shown stays short all the same. */
const readTextLengthMax = 256;
const roleMin = -32_768;
const roleMax = 32_767;

const utf8String = 0x0c;

/**
 * What a certificate says of roles; nobody's rights come from it. The members at the end may be
 * missing in any number, and members that we do not know after them are passed over; another value
 * under the same identifier, such as the plain text that some software puts there, is refused.
 */
export function decodeUserRoles(bytes: Bytes): Result<readonly RoleClaim[], UserRolesFault> {
  if (bytes.length > extensionBytesMax) return err("too long");
  const whole = decodeBer(bytes);
  if (!whole.ok || whole.value.tag !== berTags.sequence) return err("not IECUserRoles");
  if (whole.value.children.length > claimsMax) return err("too long");
  const claims: RoleClaim[] = [];
  for (const child of whole.value.children) {
    const claim = decodeClaim(child);
    if (!claim.ok) return claim;
    claims.push(claim.value);
  }
  return ok(claims);
}

function decodeClaim(element: BerElement): Result<RoleClaim, UserRolesFault> {
  const [roles, area, revision, definition, ...rest] = element.children;
  const aor = textOf(area, utf8String);
  const roleDefinition = textOf(definition, utf8String);
  const assigned = integerOf(revision, berTags.integer);
  if (element.tag !== berTags.sequence || roles?.tag !== berTags.sequence) {
    return err("not IECUserRoles");
  }
  if (aor === undefined || roleDefinition === undefined || assigned === undefined) {
    return err("not IECUserRoles");
  }
  if ([aor, roleDefinition].some((text) => text.length > readTextLengthMax)) return err("too long");
  if (assigned < 0) return err("revision out of range");
  const userRole = decodeRoles(roles);
  if (!userRole.ok) return userRole;
  const tail = decodeTail(rest);
  if (!tail.ok) return tail;
  const claim = { userRole: userRole.value, aor, revision: assigned, roleDefinition };
  return ok({ ...claim, ...tail.value });
}

function decodeRoles({ children }: BerElement): Result<readonly number[], UserRolesFault> {
  if (children.length > rolesMax) return err("too long");
  const roles: number[] = [];
  for (const child of children) {
    const role = integerOf(child, berTags.integer);
    if (role === undefined) return err("not IECUserRoles");
    if (role < roleMin || role > roleMax) return err("role out of range");
    roles.push(role);
  }
  return ok(roles);
}

type Tail = Pick<RoleClaim, "operation" | "statusChangeSequenceNumber">;

function decodeTail(rest: readonly BerElement[]): Result<Tail, UserRolesFault> {
  const [first] = rest;
  const hasOperation = first?.tag === berTags.enumerated;
  const operation = operations[(integerOf(first, berTags.enumerated) ?? 0) - 1] ?? null;
  if (hasOperation && operation === null) return err("not IECUserRoles");
  const number = contentOf(hasOperation ? rest[1] : first, berTags.integer);
  if (number === undefined) return ok({ operation, statusChangeSequenceNumber: null });
  const statusChangeSequenceNumber = unsigned(number);
  return statusChangeSequenceNumber === undefined
    ? err("sequence number out of range")
    : ok({ operation, statusChangeSequenceNumber });
}

/** Up to 2^32 - 1: one octet more than `integerOf` reads. */
function unsigned(octets: Bytes): number | undefined {
  const [first = 0xff] = octets;
  if (octets.length > 5 || first >= 0x80) return undefined;
  let value = 0;
  for (const octet of octets) value = value * 256 + octet;
  return value <= sequenceNumberMax ? value : undefined;
}

/** Strict in what it writes: everything within the standard's ranges, in DER. */
export function encodeUserRoles(claims: readonly RoleClaim[]): Result<Bytes, UserRolesFault> {
  if (claims.length > claimsMax) return err("too long");
  const parts: Bytes[] = [];
  for (const claim of claims) {
    const fault = faultOf(claim);
    if (fault !== undefined) return err(fault);
    parts.push(encodeClaim(claim));
  }
  const whole = encodeBer(berTags.sequence, ...parts);
  return whole.length > extensionBytesMax ? err("too long") : ok(whole);
}

function faultOf(claim: RoleClaim): UserRolesFault | undefined {
  const { userRole, aor, revision, roleDefinition, statusChangeSequenceNumber: number } = claim;
  if (userRole.length === 0 || userRole.length > rolesMax) return "role out of range";
  if (!userRole.every((role) => isWithin(role, roleMin, roleMax))) return "role out of range";
  if (!isText(aor, areaLengthMax) || !isText(roleDefinition, definitionLengthMax)) {
    return "text out of range";
  }
  if (!isWithin(revision, 0, revisionMax)) return "revision out of range";
  if (number !== null && !isWithin(number, 0, sequenceNumberMax)) {
    return "sequence number out of range";
  }
  return undefined;
}

function isText(text: string, lengthMax: number): boolean {
  return text !== "" && text.length <= lengthMax && text.isWellFormed();
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

function encodeClaim(claim: RoleClaim): Bytes {
  const { integer, enumerated, sequence } = berTags;
  const { operation, statusChangeSequenceNumber: number } = claim;
  return encodeBer(
    sequence,
    encodeBer(sequence, ...claim.userRole.map((role) => encodeBerInteger(integer, role))),
    encodeBer(utf8String, utf8(claim.aor)),
    encodeBerInteger(integer, claim.revision),
    encodeBer(utf8String, utf8(claim.roleDefinition)),
    ...(operation === null
      ? []
      : [encodeBerInteger(enumerated, operations.indexOf(operation) + 1)]),
    ...(number === null ? [] : [encodeUnsigned(number)]),
  );
}

/** From 2^31 on an octet of zeros before it says that it is no negative number. */
function encodeUnsigned(value: number): Bytes {
  if (value <= 0x7fff_ffff) return encodeBerInteger(berTags.integer, value);
  const octets = [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);
  return encodeBer(berTags.integer, Uint8Array.of(0, ...octets));
}
