import type { NodeId } from "@gridward/core/base/identity";
import { ok, type Result } from "@gridward/core/base/result";
import { blankControl, type ControlRecord } from "@gridward/core/domain/control-record";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import { findControlFault } from "@gridward/runtime/journal/control-check";
import { ControlStore } from "@gridward/runtime/journal/control-store";
import type { JournalFault, JournalStore, OpenedJournal } from "@gridward/runtime/journal/journal";
import { generationsDirectory, sqliteJournalStore } from "@gridward/runtime/journal/sqlite-store";
import { listDirectory } from "@gridward/runtime/os/directory";
import { readRemoval, type Removal, removalText } from "./pair/removal.ts";
import { refuseControl } from "./refuse-control.ts";

/** Why no database is used: it cannot be, or this server was removed from its system (HS14). */
export type DatabaseFault =
  | JournalFault
  | { readonly code: "pair.removed"; readonly detail: string; readonly seq: null };

/** What a server finds in its data directory at the start. */
export interface FoundDatabase {
  readonly control: ControlStore;
  readonly record: ControlRecord;
  /** A slot of it is damaged: the record may be one write old (R17). */
  readonly isDoubtful: boolean;
  readonly store: JournalStore;
  /** null on a blank server, and where the database is unusable. */
  readonly opened: OpenedJournal | null;
  readonly fault: DatabaseFault | null;
}

/**
 * Opens control record and journal and believes neither without the other: a database older than
 * its control record, or another system's, is recognised (HS11). A directory of another server is
 * refused; an unusable database is a state that is served and explained, not an end.
 */
export function openDatabase(directory: string, node: NodeId): Result<FoundDatabase, Refusal> {
  const control = openControl(directory, node);
  if (!control.ok) return control;
  const { record } = control.value;
  if (record.nodeId !== node) {
    return refuse("config.foreign-directory", `${directory} was made by server ${record.nodeId}`);
  }
  const store = sqliteJournalStore(directory);
  const { incarnation } = record;
  const told = readRemoval(directory);
  if (told !== null) return ok({ ...control.value, store, opened: null, fault: removed(told) });
  if (incarnation === null) {
    const fault = findNameless(directory, control.value.isDoubtful || record.lostName);
    return ok({ ...control.value, store, opened: null, fault });
  }
  const opened = store.open(incarnation);
  if (!opened.ok) return ok({ ...control.value, store, opened: null, fault: opened.error });
  const row = opened.value.committedState.tables.removed.get(node);
  const fault =
    findControlFault(record, opened.value, control.value.isDoubtful) ?? (row ? removed(row) : null);
  if (fault === null) return ok({ ...control.value, store, opened: opened.value, fault });
  opened.value.journal.close();
  return ok({ ...control.value, store, opened: null, fault });
}

function removed(removal: Removal): DatabaseFault {
  return { code: "pair.removed", detail: removalText(removal), seq: null };
}

/** A slot that was damaged may have named the database here; a blank server clears it away (R17). */
function findNameless(directory: string, mayBeNamed: boolean): JournalFault | null {
  if (!mayBeNamed || listDirectory(generationsDirectory(directory)).length === 0) return null;
  const detail = "a slot of the control record was damaged, and the other names no database";
  return { code: "journal.unreadable", detail, seq: null };
}

function openControl(directory: string, node: NodeId) {
  const found = ControlStore.open(directory);
  if (found.ok) {
    const { store: control, record, damaged } = found.value;
    return ok({ control, record, isDoubtful: damaged !== null });
  }
  if (found.error !== "absent") {
    return refuseControl(directory, found.error);
  }
  // Without its record a database is not known to be ours; a blank server would clear it away.
  if (listDirectory(generationsDirectory(directory)).length > 0) {
    return refuse("control.unreadable", `${directory}: absent, though there is a database`);
  }
  const record = blankControl(node, null);
  return ok({ control: ControlStore.create(directory, record), record, isDoubtful: false });
}
