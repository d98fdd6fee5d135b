import { join } from "node:path";
import { ok, type Result } from "@gridward/core/base/result";
import { rfc3339 } from "@gridward/core/base/time";
import type { BackupHeader } from "@gridward/core/codec/backup/header";
import type { BackupView } from "@gridward/core/api/backup-routes";
import { comparePositions } from "@gridward/core/domain/entry";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import { readBackupHeader } from "@gridward/runtime/backup/read-backup";
import { listDirectory } from "@gridward/runtime/os/directory";
import { errorCode, removePath } from "@gridward/runtime/os/files";
import { isPartial } from "@gridward/runtime/os/piece-file";

const backupEnding = ".gwbackup";

/** Files looked at in one directory; one with more is not ours to tidy. */
const filesMost = 10_000;

export interface BackupFile {
  readonly path: string;
  readonly header: BackupHeader;
}

/** `<site>-<server>-<time>-<sequence>.gwbackup`: sorts by time, and names what it is. */
export function backupFileName(header: Omit<BackupHeader, "fileKey">): string {
  const time = rfc3339(header.at).replaceAll(/[-:]|\.\d+/g, "");
  return `${beginningOf(header)}${time}-${header.position.seq}${backupEnding}`;
}

function beginningOf({ site, server }: Pick<BackupHeader, "site" | "server">): string {
  const plain = (text: string): string => text.replaceAll(/[^A-Za-z0-9._]+/g, "_").slice(0, 64);
  return `${plain(site)}-${plain(server.name)}-`;
}

/** All backups of a directory, newest first. What is none is left out. */
export async function listBackups(directory: string): Promise<readonly BackupFile[]> {
  const files: BackupFile[] = [];
  const names = namesIn(directory).filter((name) => name.endsWith(backupEnding));
  for (const name of names.slice(0, filesMost)) {
    const path = join(directory, name);
    const header = await readBackupHeader(path);
    if (header.ok) files.push({ path, header: header.value });
  }
  return files.toSorted((left, right) => right.header.at - left.header.at);
}

/** A directory that cannot be read shows none; writing there says what is wrong. */
function namesIn(directory: string): readonly string[] {
  try {
    return listDirectory(directory);
  } catch (error) {
    if (errorCode(error) === "") throw error;
    return [];
  }
}

/** Whose backups: one server of one system. A directory may hold those of others. */
export interface BackupOwner {
  readonly systemId: string;
  readonly server: string;
}

/** Those of one server, the furthest in its history first: no clock that went wrong counts here. */
export async function listOwnBackups(
  directory: string,
  { systemId, server }: BackupOwner,
): Promise<readonly BackupFile[]> {
  const files = await listBackups(directory);
  return files
    .filter(({ header }) => header.systemId === systemId && header.server.id === server)
    .toSorted(({ header: left }, { header: right }) =>
      comparePositions(right.position, left.position),
    );
}

/**
 * Removes the oldest of one server beyond so many, and what a crash of it left unfinished; what
 * others wrote stays. To be called while it writes none.
 */
export async function keepNewest(
  directory: string,
  keep: number,
  of: BackupOwner,
): Promise<Result<readonly string[], Refusal>> {
  const own = await listOwnBackups(directory, of);
  const [newest] = own;
  const begin = newest === undefined ? undefined : beginningOf(newest.header);
  const unfinished = namesIn(directory)
    .filter((name) => begin !== undefined && name.startsWith(begin) && isPartial(name))
    .map((name) => join(directory, name));
  const old = own.slice(keep).map(({ path }) => path);
  try {
    for (const path of [...unfinished, ...old]) removePath(path);
  } catch (error) {
    if (errorCode(error) === "") throw error;
    return refuse("backup.bad-file", `${directory}: old backups cannot be removed`);
  }
  return ok(old);
}

/** A backup as people and programs see it. */
export function viewBackup({
  path,
  header,
}: {
  readonly path: string;
  readonly header: Omit<BackupHeader, "fileKey">;
}): BackupView {
  const { systemId, site, server, position, accounts, version, at, recoveryKey } = header;
  return {
    file: path,
    at: rfc3339(at),
    system_id: systemId,
    site,
    server: server.name,
    term: position.term,
    sequence: position.seq,
    accounts,
    version,
    recovery_key: recoveryKey.slice(0, 8),
  };
}
