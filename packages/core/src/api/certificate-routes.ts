import * as z from "zod";
import { authorityKeyTypes } from "../domain/authority-key.ts";
import { certificateProfiles, thirdPartyProfiles } from "../domain/certificate-profile.ts";
import { revocationReasons } from "../domain/revocation-reason.ts";
import {
  changeAnswer,
  commandQuery,
  listQuery,
  noBody,
  noParams,
  noQuery,
  pageOf,
  type Route,
} from "./route.ts";

/** Names by which one party is dialled; a certificate of hundreds would be refused by many. */
const namesMax = 32;

const nameText = z.string().max(256);
const hostText = z.string().min(1).max(253);
const mailText = z.string().min(1).max(320);

/** What a SECADM says of a third party; nothing of it is taken from a request. */
const thirdParty = z.strictObject({
  name: nameText,
  profile: z.enum(thirdPartyProfiles),
  hosts: z.array(hostText).max(namesMax).optional(),
  emails: z.array(mailText).max(namesMax).optional(),
});

/** What is to be said of a certificate now. */
export const certificateStates = ["valid", "not yet valid", "expired", "revoked"] as const;

export const certificateRow = z.object({
  serial: z.string(),
  name: z.string(),
  profile: z.enum(certificateProfiles),
  state: z.enum(certificateStates),
  not_before: z.string(),
  not_after: z.string(),
  subject: z.string(),
  alternative_names: z.string(),
  fingerprint: z.string(),
  revoked_at: z.string().nullable(),
  reason: z.enum(revocationReasons).nullable(),
  revoked_by: z.string().nullable(),
});

/** An authority of the system, and its root, which may be itself. */
const authority = {
  subject: z.string(),
  fingerprint: z.string(),
  not_after: z.string(),
  standing: z.enum(["next", "issuing", "former"]),
  created_at: z.string(),
  root: z.string(),
  root_fingerprint: z.string(),
  root_not_after: z.string(),
};

/** Of one file: an authority with its chain, and what else a CA puts beside it. */
const importedMax = 16;

const issued = { ...changeAnswer.shape, serial: z.string().nullable(), not_after: z.string() };

const change = { access: "administer certificates", query: commandQuery } as const;

export const certificateRoutes = {
  certificateList: {
    method: "GET",
    path: "/v1/certificates",
    summary: "List the certificates that the authority issued",
    access: "read directory",
    params: noParams,
    query: listQuery.extend({ profile: z.enum(certificateProfiles).optional() }),
    body: noBody,
    answer: pageOf(certificateRow),
  },
  certificateIssue: {
    ...change,
    method: "POST",
    path: "/v1/certificates",
    summary:
      "Make a key and a certificate for a third party; the key is in the answer and nowhere else",
    params: noParams,
    body: z.strictObject({
      ...thirdParty.shape,
      key: z.enum(["ec", "rsa"]).optional(),
      format: z.enum(["p12", "pem"]),
      /** Left out: one is made and is in the answer. Null: the key of a PEM file stands in clear. */
      password: z.string().max(256).nullable().optional(),
    }),
    answer: z.object({
      ...issued,
      /** Base64; null where it was only tried. */
      file: z.string().nullable(),
      /** Only where the server made it. */
      password: z.string().nullable(),
    }),
  },
  certificateSign: {
    ...change,
    method: "POST",
    path: "/v1/certificates/sign",
    summary: "Sign the request of a third party, of which nothing is used but the public key",
    params: noParams,
    body: z.strictObject({
      ...thirdParty.shape,
      /** PKCS#10, DER in base64. */
      request: z.base64().max(24_576),
    }),
    answer: z.object({
      ...issued,
      /** PEM, with the authority's own after it; null where it was only tried. */
      certificate: z.string().nullable(),
    }),
  },
  certificateRevoke: {
    ...change,
    method: "POST",
    path: "/v1/certificates/revoke",
    summary: "Revoke a certificate; the next revocation list follows at once",
    params: noParams,
    body: z.strictObject({
      /** Serial number, or a name that one valid certificate has. */
      certificate: z.string().min(1).max(256),
      reason: z.enum(revocationReasons),
    }),
    answer: z.object({ ...changeAnswer.shape, ...certificateRow.shape }),
  },
  revocationList: {
    method: "GET",
    path: "/v1/certificates/revocation-list",
    summary: "Show the revocation list; in DER it is at /crl/issuing.crl for anyone",
    access: "person",
    params: noParams,
    query: noQuery,
    body: noBody,
    answer: z.object({
      number: z.int(),
      this_update: z.string(),
      next_update: z.string(),
      /** Certificates that it names: those that have long expired are left out. */
      listed: z.int(),
      pem: z.string(),
    }),
  },
  authorityExport: {
    method: "GET",
    path: "/v1/certificates/authorities",
    summary: "Show the trust anchors, for whoever shall believe our certificates",
    access: "person",
    params: noParams,
    query: noQuery,
    body: noBody,
    answer: z.object({
      rows: z
        .array(
          z.object({
            ...authority,
            /** Servers and devices whose newest certificate it issued. */
            holders: z.int(),
            /** Of the root: the servers send what is between. */
            pem: z.string(),
          }),
        )
        .readonly(),
    }),
  },
  authorityRequest: {
    ...change,
    method: "POST",
    path: "/v1/certificates/authorities/request",
    summary:
      "Show the open request for an authority that another CA certifies; one is made where there is none",
    params: noParams,
    body: z.strictObject({
      key_type: z.enum(authorityKeyTypes).optional(),
      /** Common name; left out: the name of the present authority, which can then prove the next. */
      name: nameText.optional(),
      organization: nameText.optional(),
    }),
    answer: z.object({
      ...changeAnswer.shape,
      key_type: z.enum(authorityKeyTypes),
      created_at: z.string(),
      /** PKCS#10, PEM; null where it was only tried. */
      request: z.string().nullable(),
    }),
  },
  authorityWithdraw: {
    ...change,
    method: "POST",
    path: "/v1/certificates/authorities/request/withdraw",
    summary: "Give up the open request for an authority, and its key",
    params: noParams,
    body: noBody,
    answer: changeAnswer,
  },
  authorityImport: {
    ...change,
    method: "POST",
    path: "/v1/certificates/authorities/import",
    summary: "Take what a CA certified for the open request as the next authority",
    params: noParams,
    body: z.strictObject({
      /** DER in base64, in any order: the authority, and all above it up to the root. */
      certificates: z.array(z.base64().max(16_384)).min(1).max(importedMax),
    }),
    answer: z.object({
      ...changeAnswer.shape,
      ...authority,
      /** Whether who knows only the present authority believes the next one by it. */
      proved_by_present: z.boolean(),
    }),
  },
  rollOverStart: {
    ...change,
    method: "POST",
    path: "/v1/certificates/authorities",
    summary: "Make the next authority, trusted beside the present one and issuing nothing yet",
    params: noParams,
    body: noBody,
    answer: changeAnswer,
  },
  rollOverSwitch: {
    ...change,
    method: "POST",
    path: "/v1/certificates/authorities/switch",
    summary: "Let the next authority issue; servers and devices renew by themselves",
    params: noParams,
    body: noBody,
    answer: changeAnswer,
  },
  rollOverFinish: {
    ...change,
    method: "POST",
    path: "/v1/certificates/authorities/finish",
    summary: "Give up the former authority, once nobody is known by it",
    params: noParams,
    body: noBody,
    answer: changeAnswer,
  },
} as const satisfies Record<string, Route>;

export type CertificateView = z.infer<typeof certificateRow>;
