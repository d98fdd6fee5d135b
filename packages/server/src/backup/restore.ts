import { join } from "node:path";
import { systemId } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { CommandOf } from "@gridward/core/domain/decision";
import { decide } from "@gridward/core/domain/decide";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import type { Actor } from "@gridward/core/domain/types";
import { ControlStore } from "@gridward/runtime/journal/control-store";
import { DiskFull, type JournalStore, type OpenedJournal } from "@gridward/runtime/journal/journal";
import { generationsDirectory, sqliteJournalStore } from "@gridward/runtime/journal/sqlite-store";
import { lockDirectory } from "@gridward/runtime/os/directory-lock";
import { removePath } from "@gridward/runtime/os/files";
import { sha256 } from "@gridward/runtime/os/hash";
import { freshId, freshRequestId } from "@gridward/runtime/os/random";
import { Ledger } from "../ledger.ts";
import { blankControl } from "@gridward/core/domain/control-record";
import { OwnIdentity } from "../own-identity.ts";
import { forgetRemoval } from "../pair/removal.ts";
import { certify, type Certified } from "./certify-restored.ts";
import {
  prepareRestore,
  readContent,
  type Prepared,
  type RestoreOrder,
} from "./prepare-restore.ts";
import { putAside } from "./put-aside.ts";
import { recordRestore } from "./record-restore.ts";

export interface Restored {
  readonly prepared: Prepared;
  /** Where what was here before lies now; null where there was nothing. */
  readonly replaced: string | null;
  readonly seq: number;
}

/**
 * HS12: puts a backup in the place of what is here, under a term of its own. Everything is built
 * and proved beside the old database; the control record, written last, makes it count.
 */
export async function restore(order: RestoreOrder): Promise<Result<Restored, Refusal>> {
  const lock = lockDirectory(order.directory);
  if (!lock.ok) return refuse("config.already-running", `process ${lock.error.pid ?? "unknown"}`);
  try {
    const prepared = await prepareRestore(order);
    return prepared.ok ? await carryOut(order, prepared.value) : prepared;
  } catch (error) {
    if (!(error instanceof DiskFull)) throw error;
    return refuse("disk.full", `${order.directory}: nothing was replaced`);
  } finally {
    lock.value.release();
  }
}

/** What did not come to its end leaves nothing: the next try needs the room. */
async function carryOut(
  order: RestoreOrder,
  prepared: Prepared,
): Promise<Result<Restored, Refusal>> {
  const incarnation = freshId();
  let isDone = false;
  try {
    const restored = await replace(order, prepared, incarnation);
    isDone = restored.ok;
    return restored;
  } finally {
    if (!isDone) removePath(join(generationsDirectory(order.directory), incarnation));
  }
}

async function replace(
  order: RestoreOrder,
  prepared: Prepared,
  incarnation: string,
): Promise<Result<Restored, Refusal>> {
  const { directory, file, recovery } = order;
  const store = sqliteJournalStore(directory);
  const opened = await build(store, incarnation, { file, recovery, header: prepared.header });
  if (!opened.ok) return opened;
  const begun = beginOrClose(order, prepared, opened.value);
  if (!begun.ok) return begun;
  const { ledger, certified } = begun.value;
  const { head } = ledger;
  ledger.close();
  const replaced = putAside(directory, order.now, incarnation);
  const identity = new OwnIdentity(directory, prepared.server);
  identity.adopt(prepared.systemKey, certified.issued);
  const self = identity.node;
  const record = {
    ...blankControl(self, null),
    systemId: systemId(prepared.header.systemId),
    incarnation,
    term: prepared.term,
    owner: self,
    start: 1,
    highest: head,
    ackSet: [self],
  };
  forgetRemoval(directory);
  const control = ControlStore.open(directory);
  if (control.ok) control.value.store.write(record);
  else ControlStore.create(directory, record);
  recordRestore(order, prepared, replaced);
  return ok({ prepared, replaced, seq: head.seq });
}

/** The database of the backup as a generation of its own, beside what is there. */
async function build(
  store: JournalStore,
  incarnation: string,
  from: Pick<RestoreOrder, "file" | "recovery"> & Pick<Prepared, "header">,
): Promise<Result<OpenedJournal, Refusal>> {
  const builder = store.build(incarnation);
  try {
    const read = await readContent(from.file, from.recovery, (rows) => builder.rows(rows));
    if (!read.ok) {
      builder.abandon();
      return read;
    }
    const { position, digest } = from.header;
    const finished = builder.finish(position, digest, read.value.earlier);
    return finished.ok ? finished : err(finished.error);
  } catch (error) {
    builder.abandon();
    throw error;
  }
}

function beginOrClose(
  order: RestoreOrder,
  prepared: Prepared,
  opened: OpenedJournal,
): ReturnType<typeof begin> {
  let isBegun = false;
  try {
    const begun = begin(order, prepared, opened);
    isBegun = begun.ok;
    return begun;
  } finally {
    if (!isBegun) opened.journal.close();
  }
}

/** The first entry of the new term: from where, instead of what, by whom. */
function begin(
  order: RestoreOrder,
  prepared: Prepared,
  opened: OpenedJournal,
): Result<{ readonly ledger: Ledger; readonly certified: Certified }, Refusal> {
  const certified = certify(order, prepared, opened.state);
  if (!certified.ok) return certified;
  const { user, now: at } = order;
  const { node } = prepared.server;
  const command = commandOf(prepared, certified.value);
  const actor: Actor = { kind: "local", id: user, name: user, door: "local", source: "" };
  const requestId = freshRequestId();
  const decision = decide(opened.state, { command, actor, at, requestId });
  if (!decision.ok) return decision;
  const ledger = new Ledger(opened, sha256);
  const content = { at, actor, requestId, kind: command.kind, ...decision.value };
  ledger.stage(content, { node, term: prepared.term, start: 1 });
  ledger.flush();
  ledger.commit(ledger.head.seq);
  return ok({ ledger, certified: certified.value });
}

function commandOf(
  { header, record, follows, server, term }: Prepared,
  { row, certificates }: Certified,
): CommandOf<"restore-system"> {
  const { seq, hash } = header.position;
  const last = record === null || record.systemId === null ? null : record.highest;
  return {
    kind: "restore-system",
    term,
    owner: server.node,
    backup: { at: header.at, term: header.position.term, seq, hash },
    replaced: last && {
      term: Math.max(last.term, follows?.term ?? 0),
      seq: Math.max(last.seq, follows?.seq ?? 0),
    },
    server: row,
    certificates,
  };
}
