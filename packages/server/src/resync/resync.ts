import type { SystemId } from "@gridward/core/base/identity";
import { ok, type Result } from "@gridward/core/base/result";
import { blankControl, type ControlRecord } from "@gridward/core/domain/control-record";
import { singleKey } from "@gridward/core/domain/state";
import { listDirectory } from "@gridward/runtime/os/directory";
import type { Instant } from "@gridward/core/base/time";
import { origin } from "@gridward/core/domain/entry";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import { findControlFault } from "@gridward/runtime/journal/control-check";
import { ControlStore } from "@gridward/runtime/journal/control-store";
import type { JournalFault } from "@gridward/runtime/journal/journal";
import { generationsDirectory, sqliteJournalStore } from "@gridward/runtime/journal/sqlite-store";
import { lockDirectory } from "@gridward/runtime/os/directory-lock";
import { readServerDirectory, type ServerIdentity } from "@gridward/runtime/trust/server-directory";
import { putAside } from "../backup/put-aside.ts";
import { KnownServers } from "../known-servers.ts";
import { readRemoval } from "../pair/removal.ts";
import { refuseControl } from "../refuse-control.ts";

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
    if (readRemoval(directory) !== null) return refuse("pair.removed", server.value.config.name);
    const found = findRecord(directory, server.value);
    if (!found.ok) return found;
    const { record, store } = found.value;
    if (record.systemId === null) return refuse("system.blank", directory);
    const fault = faultIn(directory, found.value);
    if (fault === undefined) return refuse("resync.sound", directory);
    if (fault?.code === "journal.unsupported") return refuse(fault.code, fault.detail);
    const others = new KnownServers(directory).rows.filter(({ id }) => id !== server.value.node);
    if (others.length === 0) return refuse("resync.no-partner", directory);
    // Before the journal goes, which alone may still tell of which system this server is.
    const control = store ?? ControlStore.create(directory, record);
    const replaced = putAside(directory, now, null);
    control.write({
      ...record,
      incarnation: null,
      certificate: null,
      handover: null,
      switching: null,
      candidacy: null,
      highest: origin,
      lostName: false,
    });
    return ok({ replaced, from: others.map(({ name }) => name) });
  } finally {
    lock.value.release();
  }
}

interface FoundRecord {
  readonly record: ControlRecord;
  /** The slot that cannot be read: the record may be one write old. */
  readonly damaged: string | null;
  /** Null: what was there cannot be read, so it is made anew. */
  readonly store: ControlStore | null;
}

/** A damaged record forgot everything but what a blank server needs: of which system it is. */
function findRecord(directory: string, { node }: ServerIdentity): Result<FoundRecord, Refusal> {
  const control = ControlStore.open(directory);
  if (control.ok) return control;
  const isUnused = listDirectory(generationsDirectory(directory)).length === 0;
  if (control.error === "absent" && isUnused) return refuse("system.blank", directory);
  const system = control.error === "damaged" ? findSystem(directory) : undefined;
  if (system === undefined) return refuseControl(directory, control.error);
  return ok({ record: blankControl(node, system), damaged: null, store: null });
}

function findSystem(directory: string): SystemId | undefined {
  const store = sqliteJournalStore(directory);
  for (const name of listDirectory(generationsDirectory(directory))) {
    const opened = store.open(name);
    if (!opened.ok) continue;
    opened.value.journal.close();
    return opened.value.state.tables.system.get(singleKey)?.id;
  }
  return undefined;
}

/** Undefined: there is a database, and nothing is wrong with it. Null: there is none. */
function faultIn(
  directory: string,
  { record, damaged }: FoundRecord,
): JournalFault | null | undefined {
  if (record.incarnation === null) return null;
  const opened = sqliteJournalStore(directory).open(record.incarnation);
  if (!opened.ok) return opened.error;
  const fault = findControlFault(record, opened.value, damaged !== null);
  opened.value.journal.close();
  return fault;
}
