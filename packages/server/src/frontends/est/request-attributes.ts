import type { MountedAnswer } from "../../mounted-route.ts";

/**
 * What a request should hold (RFC 7030 §4.5.2), for anyone: a key on P-256 (ecPublicKey with
 * prime256v1) and a signature with ECDSA and SHA-256. Others that are strong enough are taken too.
 */
const wanted = Buffer.from(
  `3021
   06082a8648ce3d040302
   3015 06072a8648ce3d0201 310a 06082a8648ce3d030107`.replaceAll(/\s/g, ""),
  "hex",
);

export const requestAttributes: MountedAnswer = {
  status: 200,
  headers: { "content-type": "application/csrattrs" },
  body: `${wanted.toString("base64")}\r\n`,
};
