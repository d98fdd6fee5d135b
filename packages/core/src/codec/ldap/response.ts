import { type Bytes, utf8 } from "../../base/bytes.ts";
import { err, ok, type Result } from "../../base/result.ts";
import {
  type BerElement,
  berTags,
  contentOf,
  encodeBer,
  encodeBerInteger,
  integerOf,
  textOf,
} from "../ber.ts";
import { decodeEnvelope, encodeEnvelope, type LdapControl } from "./message.ts";
import type { LdapWrite } from "./request.ts";
import { type ResultCodeName, resultCodes } from "./result-code.ts";

/** RFC 4511 §4.1.9; `code` is a number because a peer may send one that we do not know. */
export interface LdapResult {
  readonly code: number;
  readonly matchedDn: string;
  readonly message: string;
}

/** One attribute of an LDAP entry as it goes out. */
export interface LdapAttribute {
  readonly name: string;
  readonly values: readonly string[];
}

export type LdapResponse =
  | { readonly kind: "entry"; readonly dn: string; readonly attributes: readonly LdapAttribute[] }
  | { readonly kind: "reference"; readonly urls: readonly string[] }
  | { readonly kind: ResultKind; readonly result: LdapResult }
  | {
      readonly kind: "extended";
      readonly result: LdapResult;
      readonly oid: string | null;
      readonly value: Bytes | null;
    };

/** The operations that are answered by nothing but a result. */
export type ResultKind = "bind" | "search" | "compare" | LdapWrite;

/** Unsolicited, with message id 0, just before we close (RFC 4511 §4.4.1). */
export const noticeOfDisconnectionOid = "1.3.6.1.4.1.1466.20036";

const responseTags = {
  bind: 0x61,
  entry: 0x64,
  search: 0x65,
  modify: 0x67,
  add: 0x69,
  delete: 0x6b,
  "modify-dn": 0x6d,
  compare: 0x6f,
  reference: 0x73,
  extended: 0x78,
} as const;

const extendedNameTag = 0x8a;
const extendedValueTag = 0x8b;

export function resultOf(code: ResultCodeName, message = "", matchedDn = ""): LdapResult {
  return { code: resultCodes[code], matchedDn, message };
}

export const success: LdapResult = resultOf("success");

/** One whole message, ready for the wire. */
export function encodeResponse(
  id: number,
  response: LdapResponse,
  controls: readonly LdapControl[] = [],
): Uint8Array<ArrayBuffer> {
  return encodeEnvelope(id, encodeResponseOperation(response), controls);
}

/** The operation alone: what stays the same for every client that gets this answer. */
export function encodeResponseOperation(response: LdapResponse): Uint8Array<ArrayBuffer> {
  switch (response.kind) {
    case "entry":
      return encodeBer(
        responseTags.entry,
        octets(response.dn),
        encodeBer(berTags.sequence, ...response.attributes.map(encodeAttribute)),
      );
    case "reference":
      return encodeBer(responseTags.reference, ...response.urls.map(octets));
    case "extended":
      return encodeBer(
        responseTags.extended,
        ...encodeResult(response.result),
        ...(response.oid === null ? [] : [encodeBer(extendedNameTag, utf8(response.oid))]),
        ...(response.value === null ? [] : [encodeBer(extendedValueTag, response.value)]),
      );
    case "bind":
    case "search":
    case "compare":
    case "modify":
    case "add":
    case "delete":
    case "modify-dn":
      return encodeBer(responseTags[response.kind], ...encodeResult(response.result));
  }
}

function encodeAttribute(attribute: LdapAttribute): Bytes {
  const values = encodeBer(berTags.set, ...attribute.values.map(octets));
  return encodeBer(berTags.sequence, octets(attribute.name), values);
}

function encodeResult(result: LdapResult): readonly Bytes[] {
  const code = encodeBerInteger(berTags.enumerated, result.code);
  return [code, octets(result.matchedDn), octets(result.message)];
}

function octets(text: string): Bytes {
  return encodeBer(berTags.octetString, utf8(text));
}

export interface LdapAnswer {
  readonly id: number;
  readonly response: LdapResponse;
  readonly controls: readonly LdapControl[];
}

/** What a client reads; never throws. */
export function decodeResponse(bytes: Bytes): Result<LdapAnswer, string> {
  const envelope = decodeEnvelope(bytes);
  if (!envelope.ok) return envelope;
  const { id, operation, controls } = envelope.value;
  const response = decodeResponseOperation(operation);
  return response === undefined ? err("malformed response") : ok({ id, response, controls });
}

function decodeResponseOperation(operation: BerElement): LdapResponse | undefined {
  switch (operation.tag) {
    case responseTags.entry:
      return decodeEntry(operation);
    case responseTags.reference: {
      const urls = decodeTexts(operation);
      return urls && { kind: "reference", urls };
    }
    case responseTags.extended:
      return decodeExtended(operation);
    default: {
      const kind = resultKinds.find((candidate) => responseTags[candidate] === operation.tag);
      const result = decodeResult(operation);
      return kind && result && { kind, result };
    }
  }
}

const resultKinds: readonly ResultKind[] = [
  "bind",
  "search",
  "compare",
  "modify",
  "add",
  "delete",
  "modify-dn",
];

function decodeResult(operation: BerElement): LdapResult | undefined {
  const code = integerOf(operation.children[0], berTags.enumerated);
  const matchedDn = textOf(operation.children[1], berTags.octetString);
  const message = textOf(operation.children[2], berTags.octetString);
  if (code === undefined || matchedDn === undefined || message === undefined) return undefined;
  return { code, matchedDn, message };
}

function decodeExtended(operation: BerElement): LdapResponse | undefined {
  const result = decodeResult(operation);
  if (result === undefined) return undefined;
  const rest = operation.children.slice(3);
  const oid = textOf(
    rest.find((element) => element.tag === extendedNameTag),
    extendedNameTag,
  );
  const value = contentOf(
    rest.find((element) => element.tag === extendedValueTag),
    extendedValueTag,
  );
  return { kind: "extended", result, oid: oid ?? null, value: value ?? null };
}

function decodeEntry(operation: BerElement): LdapResponse | undefined {
  const dn = textOf(operation.children[0], berTags.octetString);
  const list = operation.children[1];
  if (dn === undefined || list?.tag !== berTags.sequence) return undefined;
  const attributes: LdapAttribute[] = [];
  for (const element of list.children) {
    const name = textOf(element.children[0], berTags.octetString);
    const set = element.children[1];
    const values = set?.tag === berTags.set ? decodeTexts(set) : undefined;
    if (name === undefined || values === undefined) return undefined;
    attributes.push({ name, values });
  }
  return { kind: "entry", dn, attributes };
}

function decodeTexts(element: BerElement): readonly string[] | undefined {
  const texts: string[] = [];
  for (const child of element.children) {
    const text = textOf(child, berTags.octetString);
    if (text === undefined) return undefined;
    texts.push(text);
  }
  return texts;
}
