import type { KeyObject, X509Certificate } from "node:crypto";
import type { Bytes } from "@gridward/core/base/bytes";
import { ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import { refuse, type Refusal, type RefusalCode } from "@gridward/core/domain/refusal";
import { isFor } from "./choose-certificate.ts";
import { findPath } from "./path.ts";
import { type BundleRefusal, readBundle } from "./read-bundle.ts";
import { flawOfSerial } from "./soundness.ts";
import { weaknessOf } from "./x509/keys.ts";
import { fingerprintOf, isSelfSigned, nameText } from "./x509/read.ts";
import type { KeysAndCertificates } from "./x509/read-pkcs12.ts";

/** A certificate for this server to show, as it came from outside. */
export interface ImportedCertificate {
  readonly certificate: X509Certificate;
  readonly issuers: readonly X509Certificate[];
  /** Null where the certificate is for a key that the server holds already. */
  readonly key: KeyObject | null;
}

export interface ImportOrder {
  /** Whatever the authority sent: certificate, key and chain in any order and form. */
  readonly files: readonly Bytes[];
  readonly passphrase: Secret<string> | null;
  /** Keys that the server holds: a certificate for a request of its own comes without one. */
  readonly ownKeys: readonly KeyObject[];
}

/** The one certificate of these files with its key and chain, fit to be shown; or why not. */
export async function importCertificate(
  order: ImportOrder,
): Promise<Result<ImportedCertificate, Refusal>> {
  const bundle = await readAll(order);
  if (!bundle.ok) return bundle;
  const { certificates, keys } = bundle.value;
  if (certificates.length === 0) {
    const what = keys.length === 0 ? "neither certificate nor key" : "a key and no certificate";
    return refuse("server-certificate.nothing-found", what);
  }
  const leaf = findLeaf(bundle.value, order.ownKeys);
  if (!leaf.ok) return leaf;
  const { certificate } = leaf.value;
  const flaw = flawOf(certificate);
  if (flaw !== undefined) return flaw;
  return ok({ ...leaf.value, issuers: chainOf(certificate, certificates) });
}

const bundleRefusals: Readonly<Record<BundleRefusal["why"], RefusalCode>> = {
  "too large": "server-certificate.unreadable",
  unreadable: "server-certificate.unreadable",
  "unsupported encryption": "server-certificate.encryption-unsupported",
  "passphrase missing": "server-certificate.passphrase-required",
  "passphrase wrong": "server-certificate.passphrase-wrong",
};

async function readAll(order: ImportOrder): Promise<Result<KeysAndCertificates, Refusal>> {
  const certificates = new Map<string, X509Certificate>();
  const keys: KeyObject[] = [];
  for (const [index, file] of order.files.entries()) {
    const read = await readBundle(file, order.passphrase);
    if (!read.ok) {
      const { why, part } = read.error;
      const place = order.files.length === 1 ? "" : `file ${index + 1}: `;
      return refuse(bundleRefusals[why], `${place}${why}${part === "" ? "" : `, ${part}`}`);
    }
    for (const found of read.value.certificates) certificates.set(fingerprintOf(found), found);
    for (const key of read.value.keys) if (!keys.some((one) => one.equals(key))) keys.push(key);
  }
  return ok({ certificates: [...certificates.values()], keys });
}

function findLeaf(
  { certificates, keys }: KeysAndCertificates,
  ownKeys: readonly KeyObject[],
): Result<Pick<ImportedCertificate, "certificate" | "key">, Refusal> {
  const fitting = (among: readonly KeyObject[]) =>
    certificates.flatMap((certificate) => {
      const key = among.find((one) => certificate.checkPrivateKey(one));
      return key === undefined ? [] : [{ certificate, key }];
    });
  const withKey = fitting(keys);
  const withOwnKey = fitting(ownKeys).map(({ certificate }) => ({ certificate, key: null }));
  const leaves = withKey.length > 0 ? withKey : withOwnKey;
  const [leaf, ...others] = leaves;
  if (leaf !== undefined && others.length === 0) return ok(leaf);
  const names = (leaf === undefined ? certificates : leaves.map(({ certificate }) => certificate))
    .map(({ subject }) => nameText(subject))
    .join("; ");
  if (leaf !== undefined) return refuse("server-certificate.ambiguous", names);
  if (keys.length > 0) return refuse("server-certificate.key-mismatch", names);
  if (certificates.every(({ ca }) => ca)) return refuse("server-certificate.is-authority", names);
  return refuse("server-certificate.key-missing", names);
}

function flawOf(leaf: X509Certificate): ReturnType<typeof refuse> | undefined {
  const subject = nameText(leaf.subject);
  if (leaf.ca) return refuse("server-certificate.is-authority", subject);
  const weakness = weaknessOf(leaf.publicKey);
  if (weakness !== undefined) {
    return refuse("server-certificate.weak-key", `${subject}: ${weakness}`);
  }
  const serial = flawOfSerial(leaf);
  if (serial !== undefined) return refuse("server-certificate.bad-serial", `${subject}: ${serial}`);
  if (!isFor(leaf, "server")) return refuse("server-certificate.wrong-purpose", subject);
  return undefined;
}

/** What is sent along: nearest issuer first, without the root, which a peer has or does not trust. */
function chainOf(
  leaf: X509Certificate,
  certificates: readonly X509Certificate[],
): readonly X509Certificate[] {
  const others = certificates.filter((one) => one !== leaf && one.ca);
  const chain: X509Certificate[] = [];
  let last = leaf;
  while (!isSelfSigned(last)) {
    const path = findPath(
      [last],
      others.filter((one) => !chain.includes(one)),
    );
    const issuer = path.ok ? path.value[1] : undefined;
    if (issuer === undefined || isSelfSigned(issuer)) break;
    chain.push(issuer);
    last = issuer;
  }
  return chain;
}
