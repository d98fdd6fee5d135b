import type { KeyObject, X509Certificate } from "node:crypto";
import { AsnConvert } from "@peculiar/asn1-schema";
import {
  BasicConstraints,
  Certificate,
  id_ce_basicConstraints,
  id_ce_keyUsage,
  KeyUsage,
  KeyUsageFlags,
} from "@peculiar/asn1-x509";
import { err, type Result } from "@gridward/core/base/result";
import { rfc3339, type Instant } from "@gridward/core/base/time";
import { issuersAboveMax } from "@gridward/core/domain/limits";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import { chainUpFrom, type AuthorityChain } from "./authority-chain.ts";
import { flawOfIssuer } from "./soundness.ts";
import { objectIds, signatureDigests } from "./x509/object-ids.ts";
import { isSelfSigned, nameText, notAfterOf, notBeforeOf } from "./x509/read.ts";

/**
 * What a CA answered to our request for an authority (PK1): its certificate with all above it, out
 * of whatever was in the file; or the first thing that would have its leaves refused by somebody.
 */
export function judgeAuthority(
  found: readonly X509Certificate[],
  key: KeyObject,
  at: Instant,
): Result<AuthorityChain, Refusal> {
  const [own] = found
    .filter((one) => one.checkPrivateKey(key))
    .toSorted((one, other) => notAfterOf(other) - notAfterOf(one));
  if (own === undefined) {
    const names = found.map(({ subject }) => nameText(subject)).join("; ");
    return refuse("authority.not-found", names === "" ? "it holds no certificate" : names);
  }
  const flaw = flawOfUse(own);
  if (flaw !== undefined) return err(flaw);
  const chain = chainUpFrom(own, found);
  if (!chain.ok) return err(whyNoRoot(chain.error, found));
  const above = chain.value.slice(1);
  if (above.length > issuersAboveMax) {
    return refuse("authority.too-long", `${above.length}, at most ${issuersAboveMax}`);
  }
  const objection = chain.value
    .map((one, index) => flawOf(one, chain.value.slice(0, index), at))
    .find((each) => each !== undefined);
  return objection === undefined ? chain : err(objection);
}

/** `below`: those between it and the leaf, itself excluded. */
function flawOf(
  one: X509Certificate,
  below: readonly X509Certificate[],
  at: Instant,
): Refusal | undefined {
  return flawOfUse(one) ?? flawOfLength(one, below) ?? flawOfTime(one, at) ?? flawOfStrength(one);
}

function refusal(code: Refusal["code"], one: X509Certificate, says: string): Refusal {
  return { code, detail: `${nameText(one.subject)}: ${says}` };
}

function flawOfUse(one: X509Certificate): Refusal | undefined {
  if (constraintsOf(one)?.cA !== true) return refusal("authority.not-ca", one, "no CA:TRUE");
  const usage = extensionOf(one, id_ce_keyUsage);
  // RFC 5280 §4.2.1.3: it must be there. Roots of old say nothing, and are trusted as they are.
  if (usage === undefined) {
    return isSelfSigned(one)
      ? undefined
      : refusal("authority.cannot-sign", one, "without key usages");
  }
  const flags = AsnConvert.parse(usage, KeyUsage).toNumber();
  if ((flags & KeyUsageFlags.keyCertSign) === 0) {
    return refusal("authority.cannot-sign", one, "without keyCertSign");
  }
  if ((flags & KeyUsageFlags.cRLSign) === 0) {
    return refusal("authority.cannot-sign", one, "without cRLSign");
  }
  return undefined;
}

/** RFC 5280 §4.2.1.9: who is named as its issuer does not count. */
function flawOfLength(
  one: X509Certificate,
  below: readonly X509Certificate[],
): Refusal | undefined {
  const allowed = constraintsOf(one)?.pathLenConstraint;
  const count = below.filter(({ subject, issuer }) => subject !== issuer).length;
  if (allowed === undefined || count <= allowed) return undefined;
  return refusal("authority.path-length", one, `pathlen:${allowed}, with ${count} below it`);
}

function flawOfTime(one: X509Certificate, at: Instant): Refusal | undefined {
  const [begins, ends] = [notBeforeOf(one), notAfterOf(one)];
  if (at > ends) return refusal("authority.not-in-time", one, `ended ${rfc3339(ends)}`);
  if (at < begins) return refusal("authority.not-in-time", one, `begins ${rfc3339(begins)}`);
  return undefined;
}

/** Nobody looks at how a root signed itself: it is trusted as it is. */
function flawOfStrength(one: X509Certificate): Refusal | undefined {
  const weak = flawOfIssuer(one);
  if (weak !== undefined) return refusal("authority.weak", one, weak);
  const { algorithm } = AsnConvert.parse(one.raw, Certificate).signatureAlgorithm;
  const isStrong = signatureDigests.has(algorithm) || algorithm === objectIds.rsaPss;
  if (isStrong || isSelfSigned(one)) return undefined;
  return refusal("authority.weak", one, `signed with algorithm ${algorithm}`);
}

/** Its issuer may be there, and be none: that is another thing to mend than one that is missing. */
function whyNoRoot(last: X509Certificate, found: readonly X509Certificate[]): Refusal {
  const signer = found.find(
    (one) => one.subject === last.issuer && last.verify(one.publicKey) && one !== last,
  );
  const flaw = signer && flawOfUse(signer);
  return (
    flaw ?? refusal("authority.no-root", last, `its issuer ${nameText(last.issuer)} is missing`)
  );
}

function constraintsOf(certificate: X509Certificate): BasicConstraints | undefined {
  const found = extensionOf(certificate, id_ce_basicConstraints);
  return found && AsnConvert.parse(found, BasicConstraints);
}

function extensionOf(certificate: X509Certificate, id: string): ArrayBuffer | undefined {
  const { extensions } = AsnConvert.parse(certificate.raw, Certificate).tbsCertificate;
  return extensions?.find(({ extnID }) => extnID === id)?.extnValue.buffer;
}
