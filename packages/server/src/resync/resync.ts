import { ok, type Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import { origin } from "@gridward/core/domain/entry";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import { findControlFault } from "@gridward/runtime/journal/control-check";
import { ControlStore } from "@gridward/runtime/journal/control-store";
import { sqliteJournalStore } from "@gridward/runtime/journal/sqlite-store";
import { lockDirectory } from "@gridward/runtime/os/directory-lock";
import { readServerDirectory } from "@gridward/runtime/trust/server-directory";
import { putAside } from "../backup/put-aside.ts";
import { KnownServers } from "../known-servers.ts";

/**
 * `pair resync`: puts a database that cannot be used aside, so that this server, still itself and
 * still of its system, gets the whole of it from its Main by a first pass. It stays out of every
 * decision until then: it is blank (I3).
 */
export function resync(
  directory: string,
  now: Instant,
): Result<{ readonly replaced: string | null; readonly from: readonly string[] }, Refusal> {
  const server = readServerDirectory(directory);
  if (!server.ok) return server;
  const lock = lockDirectory(directory);
  if (!lock.ok) return refuse("config.already-running", `process ${lock.error.pid ?? "unknown"}`);
  try {
    const control = ControlStore.open(directory);
    if (!control.ok) return refuse("control.unreadable", `${directory}: ${control.error}`);
    const { record, store } = control.value;
    if (record.systemId === null) return refuse("system.blank", directory);
    if (isSound(directory, control.value)) return refuse("resync.sound", directory);
    const others = new KnownServers(directory).rows.filter(({ id }) => id !== server.value.node);
    if (others.length === 0) return refuse("resync.no-partner", directory);
    const replaced = putAside(directory, now, null);
    store.write({
      ...record,
      incarnation: null,
      certificate: null,
      handover: null,
      switching: null,
      candidacy: null,
      highest: origin,
    });
    return ok({ replaced, from: others.map(({ name }) => name) });
  } finally {
    lock.value.release();
  }
}

function isSound(
  directory: string,
  { record }: { readonly record: ControlStore["record"] },
): boolean {
  if (record.incarnation === null) return false;
  const opened = sqliteJournalStore(directory).open(record.incarnation);
  if (!opened.ok) return false;
  const fault = findControlFault(record, opened.value);
  opened.value.journal.close();
  return fault === undefined;
}
