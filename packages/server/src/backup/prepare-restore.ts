import { err, ok, type Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import type { BackupHeader } from "@gridward/core/codec/backup/header";
import type { ControlRecord } from "@gridward/core/domain/control-record";
import { termAfterRestore } from "@gridward/core/domain/restore-term";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import type { RowChange, ServerRow } from "@gridward/core/domain/types";
import { readBackup, type ReadBackupFault } from "@gridward/runtime/backup/read-backup";
import { ControlStore } from "@gridward/runtime/journal/control-store";
import { readWhatFollows, type WhatFollows } from "@gridward/runtime/journal/what-follows";
import { directoryOwner } from "@gridward/runtime/os/directory-lock";
import type { RecoveryKey } from "@gridward/runtime/os/recovery-key";
import type { SystemKey } from "@gridward/runtime/os/seal";
import { readServerDirectory, type ServerIdentity } from "@gridward/runtime/trust/server-directory";
import { KnownServers } from "../known-servers.ts";
import { type BackupFrame, ContentCheck } from "./backup-content.ts";
import { refuseControl } from "../refuse-control.ts";

export interface RestoreOrder {
  readonly file: string;
  readonly directory: string;
  readonly recovery: RecoveryKey;
  /** A term that somebody remembers, when neither backup nor server does; 0: none. */
  readonly above: number;
  readonly user: string;
  readonly now: Instant;
}

/** The whole backup read and proved, and what it meets here. Nothing is changed yet. */
export interface Prepared {
  readonly header: BackupHeader;
  readonly systemKey: SystemKey;
  /** The servers of the backup. */
  readonly servers: readonly ServerRow[];
  readonly server: ServerIdentity;
  /** False: none of the servers that this one remembers signed it. */
  readonly isFromKnown: boolean;
  /** null: there is none, or none that can be read. */
  readonly record: ControlRecord | null;
  /** Of the database that is here now; undefined where there is none that can be read. */
  readonly follows: WhatFollows | undefined;
  /** Highest term that backup, server or operator remember. */
  readonly highest: number;
  readonly term: number;
}

export async function prepareRestore(order: RestoreOrder): Promise<Result<Prepared, Refusal>> {
  const { directory, file, above } = order;
  const server = readServerDirectory(directory);
  if (!server.ok) return server;
  const record = readRecord(directory, server.value);
  if (!record.ok) return record;
  const servers: ServerRow[] = [];
  const content = await readContent(file, order.recovery, (rows) => {
    for (const change of rows) {
      if (change.table === "servers" && change.row !== null) servers.push(change.row);
    }
  });
  if (!content.ok) return content;
  const { header, systemKey } = content.value;
  const here = record.value;
  const barred = findBar(header, here) ?? findPermanent(directory, servers, server.value);
  if (barred) return err(barred);
  const isInUse = directoryOwner(directory) !== undefined;
  const follows =
    here === null || here.incarnation === null
      ? undefined
      : readWhatFollows(directory, here.incarnation, header.position, isInUse);
  const known = [here?.term, here?.highest.term, header.position.term, follows?.term, above];
  const highest = Math.max(...known.map((term) => term ?? 0));
  const term = termAfterRestore(highest);
  return ok({
    header,
    systemKey,
    servers,
    server: server.value,
    isFromKnown: isFromKnown(directory, header),
    record: here,
    follows,
    highest,
    term,
  });
}

function findBar(
  { site, systemId }: BackupHeader,
  here: ControlRecord | null,
): Refusal | undefined {
  const ours = here?.systemId ?? systemId;
  return ours === systemId
    ? undefined
    : { code: "backup.other-system", detail: `${site}, ${systemId}` };
}

/** HS14: also where the backup is older than its joining, and does not know it. */
function findPermanent(
  directory: string,
  servers: readonly ServerRow[],
  { node, config }: ServerIdentity,
): Refusal | undefined {
  const known = [...servers, ...new KnownServers(directory).rows];
  const isPermanent = known.some(({ id, kind }) => id === node && kind === "permanent");
  return isPermanent ? { code: "pair.permanent", detail: config.name } : undefined;
}

/** Whoever has a backup can make another for the same recovery key: the signature tells them apart. */
function isFromKnown(directory: string, { server }: BackupHeader): boolean {
  const { rows } = new KnownServers(directory);
  return rows.length === 0 || rows.some(({ pairingKey }) => pairingKey === server.pairingKey);
}

/** Reads a backup to its end; its rows go to `take` before the end has proved them. */
export async function readContent(
  file: string,
  recovery: RecoveryKey,
  take: (rows: readonly RowChange[]) => void,
): Promise<Result<BackupFrame & { readonly header: BackupHeader }, Refusal>> {
  const check = new ContentCheck(take);
  const read = await readBackup(file, {
    recovery,
    onRecords: (records) => check.onRecords(records),
  });
  if (!read.ok) return err(refusalOf(read.error, file));
  const frame = check.finish(read.value);
  return frame.ok ? ok({ ...frame.value, header: read.value }) : frame;
}

export function refusalOf(fault: ReadBackupFault, file: string): Refusal {
  switch (fault) {
    case "absent":
    case "unreadable":
      return { code: "backup.bad-file", detail: `${file}: ${fault}` };
    case "not a backup":
      return { code: "backup.not-a-backup", detail: file };
    case "of another format":
      return { code: "backup.other-format", detail: file };
    case "cut short":
      return { code: "backup.cut-short", detail: file };
    case "damaged":
      return { code: "backup.damaged", detail: file };
    case "wrong key":
      return { code: "backup.wrong-key", detail: file };
  }
}

/** A damaged record is no hindrance: what it would say is said by the backup and the operator. */
function readRecord(
  directory: string,
  { node }: ServerIdentity,
): Result<ControlRecord | null, Refusal> {
  const control = ControlStore.open(directory);
  if (!control.ok) {
    return control.error === "unsupported" ? refuseControl(directory, control.error) : ok(null);
  }
  const { record } = control.value;
  if (record.nodeId === node) return ok(record);
  return refuse("config.foreign-directory", `${directory} was made by server ${record.nodeId}`);
}
