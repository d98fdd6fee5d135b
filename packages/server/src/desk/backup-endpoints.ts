import { backupRoutes } from "@gridward/core/api/backup-routes";
import { ok } from "@gridward/core/base/result";
import type { DeskParts } from "./desk-parts.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { giveOrder } from "./order.ts";

/** Backups of the server that is asked; see `backupRoutes`. Restoring needs it stopped. */
export function backupEndpoints({
  front,
  backups,
}: DeskParts): Readonly<Record<keyof typeof backupRoutes, Endpoint>> {
  return {
    backupCreate: endpoint(backupRoutes.backupCreate, async () => backups.create(null)),
    backupList: endpoint(backupRoutes.backupList, async () => ok({ rows: await backups.list() })),
    backupKeySet: endpoint(backupRoutes.backupKeySet, async ({ query, body }, caller) =>
      giveOrder(front, {
        command: { kind: "set-recovery-key", publicKey: body.public_key },
        caller,
        dryRun: query.dry_run,
      }),
    ),
  };
}
