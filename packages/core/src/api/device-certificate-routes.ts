import * as z from "zod";
import { certificateRow } from "./certificate-routes.ts";
import { byName, changeAnswer, commandQuery, noBody, noQuery, type Route } from "./route.ts";

/** What the certificate is to the device: the one of now, the one before that counts beside it. */
const issuedRow = z.object({
  ...certificateRow.shape,
  use: z.enum(["current", "earlier", "none"]),
});

const heldRow = z.object({
  use: z.enum(["device", "anchor"]),
  subject: z.string(),
  issuer: z.string(),
  serial: z.string(),
  not_before: z.string(),
  not_after: z.string(),
  fingerprint: z.string(),
  /** Whether this server knows it as one that it issued to the device, or as an anchor of ours. */
  known: z.boolean(),
});

const change = { access: "administer certificates", query: commandQuery } as const;

/** Certificates of one device (PK6): what was issued, what it holds, another one, none. */
export const deviceCertificateRoutes = {
  deviceCertificateList: {
    method: "GET",
    path: "/v1/devices/{name}/certificates",
    summary: "List the certificates that were issued to a device",
    access: "read directory",
    params: byName,
    query: noQuery,
    body: noBody,
    answer: z.object({ rows: z.array(issuedRow).readonly() }),
  },
  deviceCertificateRead: {
    method: "GET",
    path: "/v1/devices/{name}/certificates/held",
    summary: "Read back from a connected device which certificates it holds",
    access: "read directory",
    params: byName,
    query: noQuery,
    body: noBody,
    answer: z.object({ rows: z.array(heldRow).readonly() }),
  },
  deviceCertificateReplace: {
    ...change,
    method: "POST",
    path: "/v1/devices/{name}/certificates/replace",
    summary: "Have a connected device make a new key and fetch a certificate for it",
    params: byName,
    body: noBody,
    answer: z.object({ device: z.string(), serial: z.string().nullable(), dry_run: z.boolean() }),
  },
  deviceCertificateDelete: {
    ...change,
    method: "POST",
    path: "/v1/devices/{name}/certificates/delete",
    summary: "Take a certificate from a device for good: it is revoked, and a current one ends it",
    params: byName,
    body: z.strictObject({ serial: z.string().min(1).max(64) }),
    answer: z.object({ ...changeAnswer.shape, ...issuedRow.shape }),
  },
} as const satisfies Record<string, Route>;

export type DeviceCertificateView = z.infer<typeof issuedRow>;
export type HeldCertificateView = z.infer<typeof heldRow>;
