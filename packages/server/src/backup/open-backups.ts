import { isAbsolute, join, resolve } from "node:path";
import type { BackupView } from "@gridward/core/api/backup-routes";
import { ok, type Result } from "@gridward/core/base/result";
import { minute, type Instant, type Millis } from "@gridward/core/base/time";
import type { ServerConfig } from "@gridward/core/codec/server-config";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import { singleKey } from "@gridward/core/domain/state";
import type { Alarm } from "@gridward/core/domain/server-status";
import { writeBackup } from "@gridward/runtime/backup/write-backup";
import type { Clock } from "@gridward/runtime/os/clock";
import { makeDirectory } from "@gridward/runtime/os/files";
import type { PieceFileFault } from "@gridward/runtime/os/piece-file";
import type { OwnIdentity } from "../own-identity.ts";
import { backupOf, type Moment } from "./backup-content.ts";
import {
  backupFileName,
  keepNewest,
  listBackups,
  listOwnBackups,
  viewBackup,
} from "./backup-directory.ts";
import { scheduleAlarms, type ScheduleMemory } from "./schedule-alarms.ts";

export interface BackupParts {
  readonly directory: string;
  readonly config: ServerConfig["backup"];
  readonly identity: OwnIdentity;
  /** The committed database of this moment; undefined where it is not whole. */
  readonly moment: () => Moment | undefined;
  readonly hasRecoveryKey: () => boolean;
  readonly clock: Pick<Clock, "now" | "monotonic" | "sleep">;
  readonly record: (outcome: Result<BackupView, Refusal>) => void;
}

/** The backups that this server makes, on order and by its schedule. */
export interface Backups {
  /** `path` null: under a name of its own in the backup directory. */
  readonly create: (path: string | null) => Promise<Result<BackupView, Refusal>>;
  readonly list: () => Promise<readonly BackupView[]>;
  readonly alarms: () => readonly Alarm[];
  /** Makes backups when they are due, until it is stopped. */
  readonly keepSchedule: (stop: AbortSignal) => Promise<void>;
}

/** A look whether a backup is due costs nothing. */
const lookEvery: Millis = minute;

export function openBackups(parts: BackupParts): Backups {
  const { config, clock } = parts;
  const place = resolve(parts.directory, config.directory);
  const memory: ScheduleMemory = { startedAt: clock.now(), newestAt: null, failure: null };
  const running: { isBusy: boolean; list: Promise<readonly BackupView[]> | undefined } = {
    isBusy: false,
    list: undefined,
  };
  const create: Backups["create"] = async (path) => {
    if (running.isBusy) return refuse("backup.busy", "");
    running.isBusy = true;
    try {
      const made = await write(parts, path, place);
      parts.record(made);
      if (made.ok && path === null) memory.newestAt = Date.parse(made.value.at);
      return made;
    } finally {
      running.isBusy = false;
    }
  };
  return {
    create,
    list: async () => {
      running.list ??= lookAt(place).finally(() => (running.list = undefined));
      return running.list;
    },
    alarms: () => {
      const { every } = config;
      if (every === null || parts.moment() === undefined) return [];
      return scheduleAlarms(memory, { every, hasKey: parts.hasRecoveryKey(), now: clock.now() });
    },
    keepSchedule: async (stop) => {
      if (config.every === null) return;
      let isRead = false;
      while (!stop.aborted) {
        // Whose backups are ours is known only with the database.
        if (!isRead && parts.moment() !== undefined) {
          memory.newestAt ??= await newestOf(parts, place);
          isRead = true;
        }
        if (isDue(memory, config.every, clock.now())) await makeDue(parts, memory, create, place);
        await clock.sleep(lookEvery, stop);
      }
    },
  };
}

/** Asked once at a time: a disk that hangs shall not hold all of Node's threads, and sign-ins. */
async function lookAt(place: string): Promise<readonly BackupView[]> {
  return (await listBackups(place)).map(viewBackup);
}

/** Of this server alone: what others wrote into the same directory is no backup of ours. */
async function newestOf({ identity, moment }: BackupParts, place: string): Promise<Instant | null> {
  const systemId = moment()?.state.tables.system.get(singleKey)?.id;
  if (systemId === undefined) return null;
  const [newest] = await listOwnBackups(place, { systemId, server: identity.node });
  return newest?.header.at ?? null;
}

/** A time in the future is of a clock that went wrong: it must not keep backups from being made. */
function isDue({ newestAt, failure }: ScheduleMemory, every: Millis, now: Instant): boolean {
  if (failure !== null && now >= failure.at && now - failure.at < retryAfter) return false;
  return newestAt === null || newestAt > now || now - newestAt >= every;
}

/** After a failure: a full disk does not get emptier within a minute. */
const retryAfter: Millis = 10 * minute;

async function makeDue(
  { config, identity, clock, hasRecoveryKey, moment }: BackupParts,
  memory: ScheduleMemory,
  create: Backups["create"],
  place: string,
): Promise<void> {
  // Without a key there is an alarm; without a whole database its own state says what is wrong.
  if (!hasRecoveryKey() || moment() === undefined) return;
  const made = await create(null);
  if (!made.ok) {
    if (made.error.code === "backup.busy") return;
    memory.failure = { at: clock.now(), refusal: made.error };
    return;
  }
  memory.failure = null;
  const of = { systemId: made.value.system_id, server: identity.node };
  const kept = await keepNewest(place, config.keep, of);
  if (!kept.ok) memory.failure = { at: clock.now(), refusal: kept.error };
}

async function write(
  { identity, moment, clock }: BackupParts,
  wanted: string | null,
  place: string,
): Promise<Result<BackupView, Refusal>> {
  if (wanted !== null && !isAbsolute(wanted)) return refuse("backup.bad-file", wanted);
  const now = moment();
  if (now === undefined) return refuse("backup.not-complete", identity.name);
  const order = backupOf(now, identity, clock.now());
  if (!order.ok) return order;
  const path = wanted ?? join(place, backupFileName(order.value.header));
  try {
    if (wanted === null) makeDirectory(place);
  } catch {
    return refuse("backup.bad-file", place);
  }
  const written = await writeBackup(path, order.value);
  if (!written.ok) return refuse(codeOf(written.error), path);
  const { header } = order.value;
  return ok(viewBackup({ path, header }));
}

function codeOf(fault: PieceFileFault | "not a key"): Refusal["code"] {
  switch (fault) {
    case "exists":
      return "backup.file-exists";
    case "no room":
      return "backup.disk-full";
    case "cannot be used":
      return "backup.bad-file";
    case "not a key":
      return "backup.bad-key";
  }
}
