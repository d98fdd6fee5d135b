import { type Bytes, utf8 } from "../../base/bytes.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { Secret } from "../../base/secret.ts";
import {
  type BerElement,
  berTags,
  booleanOf,
  contentOf,
  encodeBer,
  encodeBerBoolean,
  encodeBerInteger,
  integerOf,
  textOf,
} from "../ber.ts";
import { type AssertionValue, decodeFilter, encodeFilter, type LdapFilter } from "./filter.ts";
import { decodeEnvelope, encodeEnvelope, type LdapControl } from "./message.ts";

export type SearchScope = "base" | "one" | "subtree";

/** What a client may ask (RFC 4511 §4.2 to §4.14). */
export type LdapRequest =
  | {
      readonly kind: "bind";
      readonly version: number;
      readonly name: string;
      readonly credential:
        | { readonly kind: "simple"; readonly password: Secret<Bytes> }
        | {
            readonly kind: "sasl";
            readonly mechanism: string;
            /** What its first message says; null: it sent none. */
            readonly initial: Secret<Bytes> | null;
          };
    }
  | { readonly kind: "unbind" }
  | LdapSearch
  | {
      readonly kind: "compare";
      readonly entry: string;
      readonly attribute: string;
      readonly value: AssertionValue;
    }
  | { readonly kind: "abandon"; readonly abandonedId: number }
  | LdapExtended
  /** The directory is read-only over LDAP: what it would write is never looked at. */
  | { readonly kind: LdapWrite };

type SaslCredential = Extract<
  Extract<LdapRequest, { kind: "bind" }>["credential"],
  { kind: "sasl" }
>;

export type LdapWrite = "modify" | "add" | "delete" | "modify-dn";

export interface LdapExtended {
  readonly kind: "extended";
  readonly oid: string;
  /** Of a change of a password it holds both. */
  readonly value: Bytes | null;
}

export interface LdapSearch {
  readonly kind: "search";
  readonly base: string;
  readonly scope: SearchScope;
  /** 0: no limit of the client's own. */
  readonly sizeLimit: number;
  readonly timeLimitSeconds: number;
  readonly typesOnly: boolean;
  readonly filter: LdapFilter;
  readonly attributes: readonly string[];
}

export interface LdapMessage {
  readonly id: number;
  readonly request: LdapRequest;
  readonly controls: readonly LdapControl[];
}

/**
 * `disconnect`: the stream cannot be trusted, notice and close. `answer`: this one request cannot
 * be understood and is answered with protocolError (RFC 4511 §4.1.1).
 */
export type LdapRefusal =
  | { readonly kind: "disconnect"; readonly detail: string }
  | {
      readonly kind: "answer";
      readonly id: number;
      readonly request: LdapRequest["kind"];
      readonly detail: string;
    };

/** The identifier octets of requests (RFC 4511 §4.2 to §4.12). */
const requestTags = {
  bind: 0x60,
  unbind: 0x42,
  search: 0x63,
  modify: 0x66,
  add: 0x68,
  delete: 0x4a,
  "modify-dn": 0x6c,
  compare: 0x6e,
  abandon: 0x50,
  extended: 0x77,
} as const;

const kindByTag: ReadonlyMap<number, LdapRequest["kind"]> = new Map([
  [requestTags.bind, "bind"],
  [requestTags.unbind, "unbind"],
  [requestTags.search, "search"],
  [requestTags.modify, "modify"],
  [requestTags.add, "add"],
  [requestTags.delete, "delete"],
  [requestTags["modify-dn"], "modify-dn"],
  [requestTags.compare, "compare"],
  [requestTags.abandon, "abandon"],
  [requestTags.extended, "extended"],
]);

const simpleTag = 0x80;
const saslTag = 0xa3;
const extendedNameTag = 0x80;
const extendedValueTag = 0x81;
const scopes: readonly SearchScope[] = ["base", "one", "subtree"];

/** Decodes one whole message; never throws. */
export function decodeRequest(bytes: Bytes): Result<LdapMessage, LdapRefusal> {
  const envelope = decodeEnvelope(bytes);
  if (!envelope.ok) return err({ kind: "disconnect", detail: envelope.error });
  const { id, operation, controls } = envelope.value;
  const kind = kindByTag.get(operation.tag);
  // RFC 4511 §4.1.1.1: id zero is reserved for notifications of the server.
  if (kind === undefined || id === 0) return err({ kind: "disconnect", detail: "not a request" });
  const request = decodeOperation(kind, operation);
  if (!request.ok) return err({ kind: "answer", id, request: kind, detail: request.error });
  return ok({ id, request: request.value, controls });
}

function decodeOperation(
  kind: LdapRequest["kind"],
  operation: BerElement,
): Result<LdapRequest, string> {
  switch (kind) {
    case "bind":
      return decodeBind(operation);
    case "search":
      return decodeSearch(operation);
    case "compare":
      return decodeCompare(operation);
    case "abandon":
      return decodeAbandon(operation);
    case "extended":
      return decodeExtended(operation);
    case "unbind":
      return ok({ kind });
    case "modify":
    case "add":
    case "delete":
    case "modify-dn":
      return ok({ kind });
  }
}

function decodeBind(operation: BerElement): Result<LdapRequest, string> {
  const [versionElement, nameElement, credentialElement] = operation.children;
  const version = integerOf(versionElement, berTags.integer);
  const name = textOf(nameElement, berTags.octetString);
  if (version === undefined || name === undefined || operation.children.length !== 3) {
    return err("malformed bind");
  }
  const password = contentOf(credentialElement, simpleTag);
  if (password !== undefined) {
    const credential = { kind: "simple", password: new Secret(password) } as const;
    return ok({ kind: "bind", version, name, credential });
  }
  return decodeSasl(credentialElement, { version, name });
}

function decodeSasl(
  element: BerElement | undefined,
  { version, name }: { readonly version: number; readonly name: string },
): Result<LdapRequest, string> {
  const [first, second, ...more] = element?.tag === saslTag ? element.children : [];
  const mechanism = textOf(first, berTags.octetString);
  const sent = contentOf(second, berTags.octetString);
  const isSound = more.length === 0 && (second === undefined || sent !== undefined);
  if (mechanism === undefined || !isSound) return err("malformed bind");
  const initial = sent === undefined ? null : new Secret(sent);
  return ok({ kind: "bind", version, name, credential: { kind: "sasl", mechanism, initial } });
}

function decodeSearch(operation: BerElement): Result<LdapRequest, string> {
  const { children } = operation;
  const base = textOf(children[0], berTags.octetString);
  const scope = scopes[integerOf(children[1], berTags.enumerated) ?? -1];
  const dereference = integerOf(children[2], berTags.enumerated); // We hold no aliases.
  const sizeLimit = limitOf(children[3]);
  const timeLimitSeconds = limitOf(children[4]);
  const typesOnly = booleanOf(children[5], berTags.boolean);
  const filter = decodeFilter(children[6]);
  const attributes = decodeAttributeList(children[7]);
  if (!filter.ok) return filter;
  if (base === undefined || scope === undefined) return err("malformed base or scope");
  if (sizeLimit === undefined || timeLimitSeconds === undefined) return err("malformed limit");
  if (dereference === undefined || typesOnly === undefined) return err("malformed search");
  if (attributes === undefined || children.length !== 8) return err("malformed attribute list");
  return ok({
    kind: "search",
    base,
    scope,
    sizeLimit,
    timeLimitSeconds,
    typesOnly,
    filter: filter.value,
    attributes,
  });
}

function limitOf(element: BerElement | undefined): number | undefined {
  const limit = integerOf(element, berTags.integer);
  return limit === undefined || limit < 0 ? undefined : limit;
}

function decodeAttributeList(element: BerElement | undefined): readonly string[] | undefined {
  if (element?.tag !== berTags.sequence) return undefined;
  const attributes: string[] = [];
  for (const child of element.children) {
    const attribute = textOf(child, berTags.octetString);
    if (attribute === undefined) return undefined;
    attributes.push(attribute);
  }
  return attributes;
}

function decodeCompare(operation: BerElement): Result<LdapRequest, string> {
  const [entryElement, assertion] = operation.children;
  const entry = textOf(entryElement, berTags.octetString);
  const attribute = textOf(assertion?.children[0], berTags.octetString);
  const value = assertion?.children[1];
  if (entry === undefined || attribute === undefined || operation.children.length !== 2) {
    return err("malformed compare");
  }
  if (assertion?.tag !== berTags.sequence || assertion.children.length !== 2) {
    return err("malformed compare");
  }
  if (value?.tag !== berTags.octetString) return err("malformed compare");
  const text = textOf(value, berTags.octetString);
  return ok({ kind: "compare", entry, attribute, value: text });
}

function decodeAbandon(operation: BerElement): Result<LdapRequest, string> {
  const abandonedId = integerOf(operation, requestTags.abandon);
  return abandonedId === undefined
    ? err("malformed abandon")
    : ok({ kind: "abandon", abandonedId });
}

function decodeExtended(operation: BerElement): Result<LdapRequest, string> {
  const oid = textOf(operation.children[0], extendedNameTag);
  const value = contentOf(operation.children[1], extendedValueTag);
  if (oid === undefined || operation.children.length !== (value === undefined ? 1 : 2)) {
    return err("malformed extended request");
  }
  return ok({ kind: "extended", oid, value: value ?? null });
}

/** What a client sends; a write is encoded without content, for us to be refused. */
export function encodeRequest(message: LdapMessage): Uint8Array<ArrayBuffer> {
  return encodeEnvelope(message.id, encodeOperation(message.request), message.controls);
}

function encodeOperation(request: LdapRequest): Bytes {
  switch (request.kind) {
    case "bind":
      return encodeBer(
        requestTags.bind,
        encodeBerInteger(berTags.integer, request.version),
        octets(request.name),
        request.credential.kind === "simple"
          ? encodeBer(simpleTag, request.credential.password.reveal())
          : encodeSasl(request.credential),
      );
    case "search":
      return encodeSearch(request);
    case "compare": {
      const value = request.value === undefined ? Uint8Array.of(0xff) : utf8(request.value);
      const assertion = [octets(request.attribute), encodeBer(berTags.octetString, value)];
      const assertionElement = encodeBer(berTags.sequence, ...assertion);
      return encodeBer(requestTags.compare, octets(request.entry), assertionElement);
    }
    case "abandon":
      return encodeBerInteger(requestTags.abandon, request.abandonedId);
    case "extended":
      return encodeBer(
        requestTags.extended,
        encodeBer(extendedNameTag, utf8(request.oid)),
        ...(request.value === null ? [] : [encodeBer(extendedValueTag, request.value)]),
      );
    case "unbind":
    case "modify":
    case "add":
    case "delete":
    case "modify-dn":
      return encodeBer(requestTags[request.kind]);
  }
}

function encodeSasl({ mechanism, initial }: SaslCredential): Bytes {
  const sent = initial === null ? [] : [encodeBer(berTags.octetString, initial.reveal())];
  return encodeBer(saslTag, octets(mechanism), ...sent);
}

function encodeSearch(search: LdapSearch): Bytes {
  return encodeBer(
    requestTags.search,
    octets(search.base),
    encodeBerInteger(berTags.enumerated, scopes.indexOf(search.scope)),
    encodeBerInteger(berTags.enumerated, 0),
    encodeBerInteger(berTags.integer, search.sizeLimit),
    encodeBerInteger(berTags.integer, search.timeLimitSeconds),
    encodeBerBoolean(berTags.boolean, search.typesOnly),
    encodeFilter(search.filter),
    encodeBer(berTags.sequence, ...search.attributes.map(octets)),
  );
}

function octets(text: string): Bytes {
  return encodeBer(berTags.octetString, utf8(text));
}
