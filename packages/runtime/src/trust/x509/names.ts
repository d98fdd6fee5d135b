import { isIP } from "node:net";
import {
  AttributeTypeAndValue,
  AttributeValue,
  GeneralName,
  Name,
  RelativeDistinguishedName,
} from "@peculiar/asn1-x509";
import { deviceId, nodeId, type DeviceId, type NodeId } from "@gridward/core/base/identity";
import { objectIds } from "./object-ids.ts";

/** Who a certificate speaks for. It stands in a URI of the SAN, never in the common name. */
export type CertificateName =
  | { readonly kind: "server"; readonly node: NodeId }
  | { readonly kind: "device"; readonly device: DeviceId };

const pattern = /^urn:gridward:(server|device):([0-9A-HJKMNP-TV-Z]{26})$/;

export function certificateUri(name: CertificateName): string {
  switch (name.kind) {
    case "server":
      return `urn:gridward:server:${name.node}`;
    case "device":
      return `urn:gridward:device:${name.device}`;
  }
}

export function parseCertificateUri(uri: string): CertificateName | undefined {
  const [, kind, id = ""] = pattern.exec(uri) ?? [];
  if (kind === "server") return { kind, node: nodeId(id) };
  if (kind === "device") return { kind, device: deviceId(id) };
  return undefined;
}

/** What the subject of a certificate says. For people; nothing is decided by it. */
export interface SubjectText {
  readonly commonName: string;
  readonly organization?: string;
  /** X.520 serialNumber: for a device its id, as IEEE 802.1AR wants it. */
  readonly serialNumber?: string;
}

/** X.520 upper bound of the naming attributes that we use. */
const attributeLengthMax = 64;

/** A DN whose values are UTF8String (RFC 5280 §4.1.2.4). */
export function distinguishedName(subject: SubjectText): Name {
  const pairs: readonly (readonly [string, string | undefined])[] = [
    [objectIds.organizationName, subject.organization],
    [objectIds.commonName, subject.commonName],
    [objectIds.serialNumber, subject.serialNumber],
  ];
  const parts: RelativeDistinguishedName[] = [];
  for (const [type, text] of pairs) {
    if (text === undefined) continue;
    const bounded = Array.from(text).slice(0, attributeLengthMax).join("");
    // X.520 allows only PrintableString for serialNumber; our ids are printable.
    const value = new AttributeValue(
      type === objectIds.serialNumber ? { printableString: bounded } : { utf8String: bounded },
    );
    parts.push(new RelativeDistinguishedName([new AttributeTypeAndValue({ type, value })]));
  }
  return new Name(parts);
}

/** Names of a certificate beside its identity. */
export interface OtherNames {
  /** Host names and addresses. */
  readonly hosts: readonly string[];
  /** Mail addresses, as `isMailAddress` has them. */
  readonly emails?: readonly string[];
}

/** SAN entries: identity first, then hosts and addresses under which it is dialled. */
export function alternativeNames(
  name: CertificateName | undefined,
  { hosts, emails = [] }: OtherNames,
): GeneralName[] {
  const names: GeneralName[] = [];
  if (name !== undefined) {
    names.push(new GeneralName({ uniformResourceIdentifier: certificateUri(name) }));
  }
  for (const host of new Set(hosts)) {
    if (isIP(host) !== 0) names.push(new GeneralName({ iPAddress: host }));
    else if (isHostName(host)) names.push(new GeneralName({ dNSName: host }));
  }
  for (const email of new Set(emails)) names.push(new GeneralName({ rfc822Name: email }));
  return names;
}

/** What becomes a name of a certificate under which its holder is dialled. */
export function isHostOrAddress(text: string): boolean {
  return isIP(text) !== 0 || isHostName(text);
}

/** RFC 5321 Mailbox with a plain local part and a host name; the SAN holds no other (RFC 5280). */
export function isMailAddress(text: string): boolean {
  const [local = "", host = "", ...rest] = text.split("@");
  return rest.length === 0 && /^[A-Za-z0-9._%+-]{1,64}$/.test(local) && isHostName(host);
}

const labelPattern = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** RFC 1123 host name. */
export function isHostName(text: string): boolean {
  return text.length <= 253 && text.split(".").every((label) => labelPattern.test(label));
}
