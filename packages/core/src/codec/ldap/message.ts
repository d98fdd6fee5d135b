import type { Bytes } from "../../base/bytes.ts";
import { utf8 } from "../../base/bytes.ts";
import { err, ok, type Result } from "../../base/result.ts";
import {
  type BerElement,
  berTags,
  booleanOf,
  contentOf,
  decodeBer,
  encodeBer,
  encodeBerBoolean,
  encodeBerInteger,
  integerOf,
  textOf,
} from "../ber.ts";
import { ldapControlsMax, ldapIntegerMax } from "./limits.ts";

/** RFC 4511 §4.1.11. */
export interface LdapControl {
  readonly oid: string;
  readonly isCritical: boolean;
  readonly value: Bytes | null;
}

/** RFC 4511 §4.1.1: one message, its operation still undecoded. */
export interface LdapEnvelope {
  readonly id: number;
  readonly operation: BerElement;
  readonly controls: readonly LdapControl[];
}

const controlsTag = 0xa0;

/** Every refusal here means that the stream cannot be trusted any more (RFC 4511 §4.1.1). */
export function decodeEnvelope(bytes: Bytes): Result<LdapEnvelope, string> {
  const message = decodeBer(bytes);
  if (!message.ok) return err(`not BER as LDAP uses it: ${message.error}`);
  const { tag, children } = message.value;
  if (tag !== berTags.sequence) return err("not an LDAP message");
  const id = integerOf(children[0], berTags.integer);
  const operation = children[1];
  if (id === undefined || id < 0) return err("no message id");
  if (operation === undefined) return err("no operation");
  if (children.length === 2) return ok({ id, operation, controls: [] });
  const controls = decodeControls(children[2]);
  if (controls === undefined || children.length > 3) return err("malformed controls");
  return ok({ id, operation, controls });
}

function decodeControls(element: BerElement | undefined): readonly LdapControl[] | undefined {
  if (element?.tag !== controlsTag || element.children.length > ldapControlsMax) return undefined;
  const controls: LdapControl[] = [];
  for (const child of element.children) {
    const control = decodeControl(child);
    if (control === undefined) return undefined;
    controls.push(control);
  }
  return controls;
}

function decodeControl(element: BerElement): LdapControl | undefined {
  const oid = textOf(element.children[0], berTags.octetString);
  if (element.tag !== berTags.sequence || oid === undefined) return undefined;
  const rest = element.children.slice(1);
  const hasCriticality = rest[0]?.tag === berTags.boolean;
  const isCritical = hasCriticality ? booleanOf(rest.shift(), berTags.boolean) : false;
  const value = rest.length === 0 ? null : contentOf(rest.shift(), berTags.octetString);
  if (isCritical === undefined || value === undefined || rest.length > 0) return undefined;
  return { oid, isCritical, value };
}

/** Wraps one encoded operation; `id` is 0..2^31-1. */
export function encodeEnvelope(
  id: number,
  operation: Bytes,
  controls: readonly LdapControl[] = [],
): Uint8Array<ArrayBuffer> {
  const idBytes = encodeBerInteger(berTags.integer, Math.min(id, ldapIntegerMax));
  if (controls.length === 0) return encodeBer(berTags.sequence, idBytes, operation);
  const list = encodeBer(controlsTag, ...controls.map(encodeControl));
  return encodeBer(berTags.sequence, idBytes, operation, list);
}

function encodeControl(control: LdapControl): Bytes {
  return encodeBer(
    berTags.sequence,
    encodeBer(berTags.octetString, utf8(control.oid)),
    ...(control.isCritical ? [encodeBerBoolean(berTags.boolean, true)] : []),
    ...(control.value === null ? [] : [encodeBer(berTags.octetString, control.value)]),
  );
}
