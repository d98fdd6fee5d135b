import * as z from "zod";
import { commandQuery, noBody, noParams, noQuery } from "./route.ts";
import type { Route } from "./route.ts";
import { unconfirmed } from "./security-routes.ts";

const shelf = z.enum(["link", "clients"]);

/** One certificate of the server that is asked. */
export const ownCertificateView = z.object({
  /** SHA-256 over the certificate, lower-case hexadecimal. */
  fingerprint: z.string(),
  origin: z.enum(["authority", "imported", "temporary"]),
  subject: z.string(),
  issuer: z.string(),
  /** The subject alternative names, as OpenSSL writes them. */
  names: z.string(),
  not_before: z.string(),
  not_after: z.string(),
  key_present: z.boolean(),
  purpose: z.string(),
  status: z.enum(["valid", "expired", "not yet valid"]),
  /** Where it is shown: on the link to servers and devices, or to clients at HTTPS and LDAPS. */
  in_use: z.array(shelf).readonly(),
  passed_over: z.array(z.object({ on: shelf, why: z.string() })).readonly(),
});

export const ownCertificateList = z.object({
  server: z.string(),
  rows: z.array(ownCertificateView).readonly(),
});

/** Files as the authority sent them, base64: at most 256 KiB of each is looked at. */
export const ownCertificateFiles = z.strictObject({
  files: z.array(z.base64().max(360_000)).min(1).max(8).readonly(),
  passphrase: z.exactOptional(z.string().min(1).max(512)),
});

export const ownCertificateAnswer = z.object({
  server: z.string(),
  certificate: ownCertificateView,
  dry_run: z.boolean(),
  /** CS17: why an administrator must sign in anew before it stays; empty: nobody need. */
  sign_in: z.array(z.string()).readonly(),
  /** The change that waits for that, or for a link. */
  unconfirmed: unconfirmed.nullable(),
});

/** What is none is not found. */
export const fingerprintText = z.string().min(1).max(64);

/** The certificates of the server that is asked (CS5). */
export const ownCertificateRoutes = {
  ownCertificateList: {
    method: "GET",
    path: "/v1/security/certificates",
    summary: "List the certificates of this server: which is shown where, and why not the others",
    access: "person",
    params: noParams,
    query: noQuery,
    body: noBody,
    answer: ownCertificateList,
  },
  ownCertificateAdd: {
    method: "POST",
    path: "/v1/security/certificates",
    summary: "Give this server a certificate with its key and chain: PEM, DER, PKCS#7 or PKCS#12",
    access: "configure security",
    params: noParams,
    query: commandQuery,
    body: ownCertificateFiles,
    answer: ownCertificateAnswer,
  },
  ownCertificateRemove: {
    method: "DELETE",
    path: "/v1/security/certificates/{fingerprint}",
    summary: "Take an imported certificate and its key from this server",
    access: "configure security",
    params: z.strictObject({ fingerprint: fingerprintText }),
    query: commandQuery,
    body: noBody,
    answer: ownCertificateAnswer,
  },
  temporaryRenew: {
    method: "POST",
    path: "/v1/security/certificates/temporary",
    summary: "Make another temporary certificate with a new key, shown at once where it is shown",
    access: "configure security",
    params: noParams,
    query: commandQuery,
    body: noBody,
    answer: ownCertificateAnswer,
  },
} as const satisfies Record<string, Route>;

export type OwnCertificateView = z.infer<typeof ownCertificateView>;
