import type { KeyObject, X509Certificate } from "node:crypto";
import type { Bytes } from "@gridward/core/base/bytes";
import { ok, type Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import type { CertificateProfile } from "@gridward/core/domain/certificate-profile";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import type {
  AuthorityRow,
  CertificateRow,
  DeviceRow,
  ServerRow,
} from "@gridward/core/domain/types";
import type { SystemKey } from "@gridward/runtime/os/seal";
import {
  buildCertificate,
  type CertificateOrder,
  type RevocationUrls,
} from "@gridward/runtime/trust/x509/certificate";
import { verifyRequest } from "@gridward/runtime/trust/x509/request";
import { withAuthority } from "./authority.ts";
import { certificateRow } from "./certificate-row.ts";

/** The authority, the key that opens its key, and what was asked for. */
export interface IssueOrder {
  readonly authority: AuthorityRow;
  readonly systemKey: SystemKey;
  /** PKCS#10, DER. Only its public key is used. */
  readonly request: Bytes;
  /** What devices and third parties are told of revocation, see `revocationUrls`. */
  readonly revocation?: RevocationUrls;
  readonly now: Instant;
}

export interface Issued {
  readonly certificate: X509Certificate;
  /** To be journalled before the certificate is handed out. */
  readonly row: CertificateRow;
}

/** For both ends of TLS, under the names by which others dial this server. */
export function issueServer(
  order: IssueOrder,
  server: Pick<ServerRow, "id" | "name" | "address">,
): Result<Issued, Refusal> {
  return issue(
    order,
    { profile: "server", name: server.name },
    {
      subject: { commonName: server.name, serialNumber: server.id },
      name: { kind: "server", node: server.id },
      hosts: hostsOf(server),
    },
  );
}

/** For the Ed25519 key with which a server signs replica manifests. */
export function issueReplicaSigner(
  order: IssueOrder,
  server: Pick<ServerRow, "id" | "name">,
): Result<Issued, Refusal> {
  return issue(
    order,
    { profile: "replica-signer", name: server.name },
    {
      subject: { commonName: `${server.name} replica signer`, serialNumber: server.id },
      name: { kind: "server", node: server.id },
      hosts: [],
    },
  );
}

/** For both ends of TLS, under the device's name and the addresses of its access points. */
export function issueDevice(
  order: IssueOrder,
  device: Pick<DeviceRow, "id" | "name" | "accessPoints">,
): Result<Issued, Refusal> {
  return issue(
    order,
    { profile: "device", name: device.name },
    {
      subject: { commonName: device.name, serialNumber: device.id },
      name: { kind: "device", device: device.id },
      hosts: namesOfDevice(device),
      ...revocationOf(order),
    },
  );
}

/** Under which a device is dialled. */
export function namesOfDevice({
  name,
  accessPoints,
}: Pick<DeviceRow, "name" | "accessPoints">): readonly string[] {
  return [name, ...accessPoints.flatMap(({ ip }) => ip ?? [])];
}

/** Of an order, for what it issues to others than servers. */
export function revocationOf({ revocation }: IssueOrder): Pick<IssueOrder, "revocation"> {
  return revocation === undefined ? {} : { revocation };
}

/** Signs for the key of a request; what the certificate says is all ours. */
export function issue(
  order: IssueOrder,
  { profile, name }: { readonly profile: CertificateProfile; readonly name: string },
  says: Pick<CertificateOrder, "subject" | "name" | "hosts" | "emails" | "revocation">,
): Result<Issued, Refusal> {
  const publicKey = verifyRequest(order.request);
  if (!publicKey.ok) return refuse("enrolment.bad-request", publicKey.error);
  const misfit = checkKey(publicKey.value, profile);
  if (misfit !== undefined) return refuse("enrolment.bad-request", misfit);
  const signed = withAuthority(order.authority, order.systemKey, (issuer, key) =>
    buildCertificate(
      { ...says, profile, publicKey: publicKey.value, now: order.now },
      { key, certificate: issuer },
    ),
  );
  if (!signed.ok) return signed;
  const row = certificateRow({ authority: order.authority.id, profile, name }, signed.value);
  return ok({ certificate: signed.value, row });
}

/** TLS of IEC 62351-3 knows no Ed25519; manifests know nothing else. */
function checkKey(key: KeyObject, profile: CertificateRow["profile"]): string | undefined {
  const isEdwards = key.asymmetricKeyType === "ed25519";
  if (isEdwards === (profile === "replica-signer")) return undefined;
  return isEdwards
    ? "the request must be for a P-256, P-384 or RSA key"
    : "the request must be for an Ed25519 key";
}

/** A server on loopback is dialled under that name as well. */
function hostsOf({ address, name }: Pick<ServerRow, "address" | "name">): readonly string[] {
  const isLoopback = address === "::1" || address.startsWith("127.");
  return isLoopback ? [address, name, "localhost"] : [address, name];
}
