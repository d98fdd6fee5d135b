import { join } from "node:path";
import { DiskFull } from "@gridward/runtime/journal/journal";
import { asDiskFull } from "@gridward/runtime/journal/sqlite-file";
import { SecurityEventStore } from "@gridward/runtime/observe/security-events";
import type { Prepared, RestoreOrder } from "./prepare-restore.ts";

/**
 * An auditor finds the restore also where the journal itself was replaced (HS19). It counts by now,
 * and its journal says so: a disk that has become full in the meantime undoes nothing.
 */
export function recordRestore(order: RestoreOrder, prepared: Prepared, aside: string | null): void {
  try {
    append(order, prepared, aside);
  } catch (error) {
    if (!(asDiskFull(error) instanceof DiskFull)) throw error;
  }
}

function append(
  { directory, user, file, now }: RestoreOrder,
  { header, term }: Prepared,
  replaced: string | null,
): void {
  const store = new SecurityEventStore(join(directory, "events.db"), now);
  const aside = replaced === null ? "" : `; what was here before lies in ${replaced}`;
  const detail = `restored up to change ${header.position.seq} from ${file}, term ${term}${aside}`;
  const event = { at: now, event: 20060, outcome: "done", subject: user, door: "local" } as const;
  store.append([{ ...event, source: "", device: null, detail }]);
  store.close();
}
