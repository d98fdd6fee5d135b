/** Object identifiers that we write or look for; names as in RFC 5280, 5758, 8410, 2985. */
export const objectIds = {
  commonName: "2.5.4.3",
  organizationName: "2.5.4.10",
  serialNumber: "2.5.4.5",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
  ocspSigning: "1.3.6.1.5.5.7.3.9",
  ocspNoCheck: "1.3.6.1.5.5.7.48.1.5",
  sha1: "1.3.14.3.2.26",
  /** Ours, under a UUID (ITU-T X.667): signs replica manifests and nothing else. */
  replicaSigning: "2.25.284867328311937923727235209723795436206",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  ecdsaWithSha384: "1.2.840.10045.4.3.3",
  rsaWithSha256: "1.2.840.113549.1.1.11",
  rsaPss: "1.2.840.113549.1.1.10",
  ed25519: "1.3.101.112",
  extensionRequest: "1.2.840.113549.1.9.14",
  /** RFC 6402 §2.8. */
  changeSubjectName: "1.3.6.1.5.5.7.7.36",
  signedContent: "1.2.840.113549.1.7.2",
  plainContent: "1.2.840.113549.1.7.1",
  encryptedContent: "1.2.840.113549.1.7.6",
  friendlyName: "1.2.840.113549.1.9.20",
  localKeyId: "1.2.840.113549.1.9.21",
  sha256: "2.16.840.1.101.3.4.2.1",
  pbes2: "1.2.840.113549.1.5.13",
} as const;

/** Signature algorithms that we accept in a request, with the digest that node:crypto is told. */
export const signatureDigests: ReadonlyMap<string, string | null> = new Map([
  [objectIds.ecdsaWithSha256, "sha256"],
  [objectIds.ecdsaWithSha384, "sha384"],
  ["1.2.840.10045.4.3.4", "sha512"],
  [objectIds.rsaWithSha256, "sha256"],
  ["1.2.840.113549.1.1.12", "sha384"],
  ["1.2.840.113549.1.1.13", "sha512"],
  [objectIds.ed25519, null],
]);
