import * as z from "zod";
import { changeAnswer, commandQuery, noBody, noParams, noQuery, type Route } from "./route.ts";

/** What is said of a backup without opening it. */
export const backupView = z.object({
  file: z.string(),
  at: z.string(),
  system_id: z.string(),
  site: z.string(),
  /** Server that wrote it. */
  server: z.string(),
  term: z.int(),
  sequence: z.int(),
  accounts: z.int(),
  version: z.string(),
  /** Mark of the recovery key that opens it: the beginning of its public half. */
  recovery_key: z.string(),
});

export type BackupView = z.infer<typeof backupView>;

/** X25519, the 32 raw bytes in base64url. */
export const recoveryKeyBody = z.strictObject({
  public_key: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});

const order = { params: noParams, access: "operate pair" } as const;

export const backupRoutes = {
  backupCreate: {
    ...order,
    method: "POST",
    path: "/v1/backups",
    summary: "Write a backup into the backup directory of this server",
    query: noQuery,
    body: noBody,
    answer: backupView,
  },
  backupList: {
    ...order,
    method: "GET",
    path: "/v1/backups",
    summary: "List the backups in the backup directory of this server, newest first",
    query: noQuery,
    body: noBody,
    answer: z.object({ rows: z.array(backupView).readonly() }),
  },
  backupKeySet: {
    ...order,
    method: "PUT",
    path: "/v1/backups/key",
    summary: "Seal backups to this recovery key from now on",
    query: commandQuery,
    body: recoveryKeyBody,
    answer: changeAnswer,
  },
} as const satisfies Record<string, Route>;
