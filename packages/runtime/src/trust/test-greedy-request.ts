import { sign, type KeyObject } from "node:crypto";
import { Attributes, CertificationRequest, CertificationRequestInfo } from "@peculiar/asn1-csr";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  Attribute,
  BasicConstraints,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  SubjectAlternativeName,
  SubjectPublicKeyInfo,
} from "@peculiar/asn1-x509";
import { publicKeyDer } from "./x509/keys.ts";
import { distinguishedName } from "./x509/names.ts";
import { objectIds } from "./x509/object-ids.ts";

/** For tests: a request that asks for other names, other purposes, a role, and to be an authority. */
export function greedyRequest(key: KeyObject, node: string): Uint8Array {
  const wanted = new Extensions([
    asked("2.5.29.19", new BasicConstraints({ cA: true })),
    asked("2.5.29.37", new ExtendedKeyUsage([objectIds.replicaSigning, objectIds.serverAuth])),
    asked(
      "2.5.29.17",
      new SubjectAlternativeName([
        new GeneralName({ uniformResourceIdentifier: `urn:gridward:server:${node}` }),
        new GeneralName({ dNSName: "main.example.org" }),
      ]),
    ),
    // IECUserRoles of IEC 62351-8; what stands in it does not matter.
    asked("1.2.840.10070.8.1", new BasicConstraints({ cA: true })),
  ]);
  const certificationRequestInfo = new CertificationRequestInfo({
    subject: distinguishedName({ commonName: "main.example.org", organization: "Administrators" }),
    subjectPKInfo: AsnConvert.parse(publicKeyDer(key), SubjectPublicKeyInfo),
    attributes: new Attributes([
      new Attribute({ type: objectIds.extensionRequest, values: [AsnConvert.serialize(wanted)] }),
    ]),
  });
  const signed = sign("sha256", Buffer.from(AsnConvert.serialize(certificationRequestInfo)), key);
  const request = new CertificationRequest({
    certificationRequestInfo,
    signatureAlgorithm: new AlgorithmIdentifier({ algorithm: objectIds.ecdsaWithSha256 }),
    signature: new Uint8Array(signed).buffer,
  });
  return new Uint8Array(AsnConvert.serialize(request));
}

function asked(extnID: string, value: object): Extension {
  const extnValue = new OctetString(AsnConvert.serialize(value));
  return new Extension({ extnID, critical: true, extnValue });
}
