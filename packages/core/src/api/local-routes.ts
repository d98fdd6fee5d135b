import * as z from "zod";
import { backupView, recoveryKeyBody } from "./backup-routes.ts";
import {
  ownCertificateAnswer,
  ownCertificateFiles,
  ownCertificateList,
  fingerprintText,
} from "./own-certificate-routes.ts";
import { nameText, noBody, noParams, noQuery } from "./route.ts";
import {
  confirmationAnswer,
  securityAnswer,
  securityBody,
  securityCheckAnswer,
  securityCheckBody,
  securityView,
} from "./security-routes.ts";
import { serverStatus } from "./server-status-schema.ts";
import type { Route } from "./route.ts";

/**
 * What whoever owns the data directory may order through the local socket (design §10). It is
 * little on purpose: it reads no audit and edits no account. Every use but a look is an event.
 */
const order = {
  method: "POST",
  access: "anyone",
  params: noParams,
  query: noQuery,
} as const;

export const localRoutes = {
  localStatus: {
    ...order,
    method: "GET",
    path: "/local/status",
    summary: "Show duty, state, cause and remedy of this server",
    body: noBody,
    answer: serverStatus,
  },
  localCreateSystem: {
    ...order,
    path: "/local/system",
    summary: "Create a system on a blank server; answers with the first administrator's code",
    body: z.strictObject({
      base: z.string().min(1).max(255),
      site: z.string().min(1).max(255),
      administrator: nameText,
    }),
    answer: z.object({ system_id: z.string(), administrator: z.string(), code: z.string() }),
  },
  localJoin: {
    ...order,
    path: "/local/join",
    summary: "Let a blank server join the system that the code names",
    body: z.strictObject({ code: z.string().min(1).max(4_096) }),
    answer: z.object({ system_id: z.string() }),
  },
  localPromote: {
    ...order,
    path: "/local/promote",
    summary: "Make this Standby the Main when nobody can sign in",
    body: z.strictObject({ force: z.boolean(), reason: z.string().min(1).max(256) }),
    answer: z.object({ main: z.string(), ms: z.number(), term: z.int() }),
  },
  localMaintenance: {
    ...order,
    path: "/local/maintenance",
    summary: "Take this Standby out for maintenance, or put it back: it answers no sign-ins then",
    body: z.strictObject({ on: z.boolean() }),
    answer: z.object({ server: z.string(), maintenance: z.boolean() }),
  },
  localUnlock: {
    ...order,
    path: "/local/unlock",
    summary: "End the lock-out of an account",
    body: z.strictObject({ account: nameText }),
    answer: z.object({ account: z.string(), sequence: z.int() }),
  },
  localFirstCode: {
    ...order,
    path: "/local/first-code",
    summary: "Give the first administrator a new code, as long as no administrator has a password",
    body: noBody,
    answer: z.object({ administrator: z.string(), code: z.string(), expires_at: z.string() }),
  },
  localBackup: {
    ...order,
    path: "/local/backup",
    summary: "Write a backup to the named file, or under a name of its own in the backup directory",
    body: z.strictObject({ file: z.string().min(1).max(4_096).nullable() }),
    answer: backupView,
  },
  localBackupList: {
    ...order,
    method: "GET",
    path: "/local/backups",
    summary: "List the backups in the backup directory of this server, newest first",
    body: noBody,
    answer: z.object({ rows: z.array(backupView).readonly() }),
  },
  localBackupKey: {
    ...order,
    path: "/local/backup-key",
    summary: "Seal backups to this recovery key from now on",
    body: recoveryKeyBody,
    answer: z.object({ sequence: z.int() }),
  },
  localSecurity: {
    ...order,
    method: "GET",
    path: "/local/security",
    summary: "Show the security settings of this server as they stand",
    body: noBody,
    answer: securityView,
  },
  localSecuritySet: {
    ...order,
    path: "/local/security/settings",
    summary: "Change security settings of this server, at once; what breaks a link is taken back",
    body: z.strictObject({ ...securityBody.shape, dry_run: z.boolean() }),
    answer: securityAnswer,
  },
  localSecurityCheck: {
    ...order,
    path: "/local/security/checks",
    summary: "Dial every partner and be dialled by it, under the settings of now or proposed ones",
    body: securityCheckBody,
    answer: securityCheckAnswer,
  },
  localSecurityConfirm: {
    ...order,
    path: "/local/security/confirmation",
    summary: "Keep the last change of the security settings, though it broke a link",
    body: noBody,
    answer: confirmationAnswer,
  },
  localCertificates: {
    ...order,
    method: "GET",
    path: "/local/security/certificates",
    summary: "List the certificates of this server: which is shown where, and why not the others",
    body: noBody,
    answer: ownCertificateList,
  },
  localCertificateAdd: {
    ...order,
    path: "/local/security/certificates",
    summary: "Give this server a certificate with its key and chain: PEM, DER, PKCS#7 or PKCS#12",
    body: z.strictObject({ ...ownCertificateFiles.shape, dry_run: z.boolean() }),
    answer: ownCertificateAnswer,
  },
  localCertificateRemove: {
    ...order,
    path: "/local/security/certificates/removals",
    summary: "Take an imported certificate and its key from this server",
    body: z.strictObject({ fingerprint: fingerprintText, dry_run: z.boolean() }),
    answer: ownCertificateAnswer,
  },
  localTemporaryRenew: {
    ...order,
    path: "/local/security/certificates/temporary",
    summary: "Make another temporary certificate with a new key, shown at once where it is shown",
    body: z.strictObject({ dry_run: z.boolean() }),
    answer: ownCertificateAnswer,
  },
} as const satisfies Record<string, Route>;
