import { sign, X509Certificate, type KeyObject } from "node:crypto";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  type TBSCertificate,
} from "@peculiar/asn1-x509";
import { objectIds } from "./x509/object-ids.ts";

/** A certificate that says something else than our profiles do, signed as before: for tests. */
export function reissue(
  certificate: X509Certificate,
  signer: KeyObject,
  change: (says: TBSCertificate) => void,
): X509Certificate {
  const whole = AsnConvert.parse(certificate.raw, Certificate);
  change(whole.tbsCertificate);
  if (signer.asymmetricKeyType === "rsa") {
    const algorithm = new AlgorithmIdentifier({ algorithm: sha256WithRsa, parameters: null });
    whole.tbsCertificate.signature = algorithm;
    whole.signatureAlgorithm = algorithm;
  }
  const signed = sign("sha256", Buffer.from(AsnConvert.serialize(whole.tbsCertificate)), signer);
  whole.signatureValue = new Uint8Array(signed).buffer;
  return new X509Certificate(Buffer.from(AsnConvert.serialize(whole)));
}

/** As authorities signed twenty years ago; with an RSA key. */
export function withSha1(certificate: X509Certificate, signer: KeyObject): X509Certificate {
  const whole = AsnConvert.parse(certificate.raw, Certificate);
  const algorithm = new AlgorithmIdentifier({
    algorithm: "1.2.840.113549.1.1.5",
    parameters: null,
  });
  whole.tbsCertificate.signature = algorithm;
  whole.signatureAlgorithm = algorithm;
  const signed = sign("sha1", Buffer.from(AsnConvert.serialize(whole.tbsCertificate)), signer);
  whole.signatureValue = new Uint8Array(signed).buffer;
  return new X509Certificate(Buffer.from(AsnConvert.serialize(whole)));
}

/** RFC 8017 appendix A.2.4: its parameters are NULL. */
const sha256WithRsa = "1.2.840.113549.1.1.11";

/** A root that may certify authorities, as a utility's own root does. */
export function asRoot(certificate: X509Certificate, key: KeyObject): X509Certificate {
  return reissue(certificate, key, ({ extensions }) => {
    const found = extensions?.find(({ extnID }) => extnID === id_ce_basicConstraints);
    if (found === undefined) throw new TypeError("no authority");
    found.extnValue = new OctetString(AsnConvert.serialize(new BasicConstraints({ cA: true })));
  });
}

/** The serial number as DER writes it. */
export function withSerial(
  certificate: X509Certificate,
  signer: KeyObject,
  octets: readonly number[],
): X509Certificate {
  return reissue(certificate, signer, (says) => {
    says.serialNumber = Uint8Array.from(octets).buffer;
  });
}

/** For dialled ends only: what many authorities issue for web servers. */
export function forServersOnly(certificate: X509Certificate, signer: KeyObject): X509Certificate {
  return reissue(certificate, signer, ({ extensions }) => {
    const found = extensions?.find(({ extnID }) => extnID === id_ce_extKeyUsage);
    if (found === undefined) throw new TypeError("no purposes");
    const usage = new ExtendedKeyUsage([objectIds.serverAuth]);
    found.extnValue = new OctetString(AsnConvert.serialize(usage));
  });
}
