import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { nodeId, systemId } from "@gridward/core/base/identity";
import { err, ok } from "@gridward/core/base/result";
import { hour, minute } from "@gridward/core/base/time";
import type { BackupRecord } from "@gridward/core/codec/backup/record";
import type { ArbitrationMode } from "@gridward/core/domain/arbitration-mode";
import { blankControl } from "@gridward/core/domain/control-record";
import { digestOf } from "@gridward/core/domain/digest";
import { origin } from "@gridward/core/domain/entry";
import { type BackupOrder, writeBackup } from "@gridward/runtime/backup/write-backup";
import { anEntry } from "@gridward/runtime/journal/fixtures";
import { sha256 } from "@gridward/runtime/os/hash";
import {
  freshRecoveryKey,
  openRecoveryKey,
  type RecoveryKey,
} from "@gridward/runtime/os/recovery-key";
import { initServer, readServerDirectory } from "@gridward/runtime/trust/server-directory";
import { aSystem } from "../a-system.ts";
import { pairingKeyText } from "@gridward/runtime/trust/x509/keys";
import { KnownServers } from "../known-servers.ts";
import { OwnIdentity } from "../own-identity.ts";
import { backupOf, type Moment } from "./backup-content.ts";
import { openBackups, type BackupParts, type Backups } from "./open-backups.ts";
import { prepareRestore, readContent } from "./prepare-restore.ts";
import { previewRestore } from "./preview-restore.ts";

const place = mkdtempSync(join(tmpdir(), "gridward-backups-"));
after(() => rmSync(place, { recursive: true }));

const start = Date.UTC(2026, 5, 1, 12);
const recovery = aKey();

function aKey(): RecoveryKey {
  const opened = openRecoveryKey(freshRecoveryKey());
  assert.ok(opened.ok);
  return opened.value;
}

/** A server with a database, at a time of its own; files go below a directory of its own. */
function aWorld(config: Partial<BackupParts["config"]> = {}) {
  const directory = join(mkdtempSync(join(place, "w-")), "A");
  const ports = { https: 0, link: 0, ldaps: 0 };
  const made = initServer(directory, { name: "A", listen: "127.0.0.1", ports, now: start });
  const found = readServerDirectory(directory);
  assert.ok(made.ok && found.ok);
  const system = aSystem(start);
  const identity = new OwnIdentity(directory, found.value);
  Object.defineProperty(identity, "systemKey", { value: system.systemKey });
  const world = { now: start, hasKey: true, isWhole: true };
  const moment = (): Moment | undefined => {
    const state = system.front.state();
    const digest = digestOf(state, sha256);
    const position = { ...origin, term: 2, start: 1, seq: 3 };
    const earlier = [{ ...origin, term: 1, start: 4, seq: 2 }];
    return world.isWhole ? { state, digest, position, earlier, entry: undefined } : undefined;
  };
  const stop = new AbortController();
  const parts: BackupParts = {
    directory,
    config: { every: null, keep: 2, directory: "backups", ...config },
    identity,
    moment,
    hasRecoveryKey: () => world.hasKey,
    clock: {
      now: () => world.now,
      monotonic: () => world.now,
      sleep: async (ms) => {
        world.now += ms;
        if (world.now > start + 10 * hour) stop.abort();
      },
    },
    record: () => {},
  };
  const key = { kind: "set-recovery-key", publicKey: recovery.publicKey } as const;
  const takeKey = (): void => system.order(key);
  const backups = openBackups(parts);
  const keepSchedule = async (): Promise<void> => backups.keepSchedule(stop.signal);
  return { world, parts, backups, system, identity, moment, takeKey, keepSchedule, directory };
}

function codesOf(backups: Backups): readonly string[] {
  return backups.alarms().map(({ code }) => code);
}

test("[BS1][BS12][HS12] a backup is one committed moment, and is read back as that", async () => {
  const { backups, moment, takeKey, directory, world } = aWorld();
  takeKey();
  const file = join(directory, "one.gwbackup");
  const made = await backups.create(file);
  assert.ok(made.ok);
  const before = moment();
  const rows: string[] = [];
  const read = await readContent(file, recovery, (more) => {
    rows.push(...more.map(({ table, key }) => `${table} ${key}`));
  });
  assert.ok(read.ok);
  assert.equal(read.value.header.digest, before?.digest);
  assert.deepEqual(read.value.earlier, before?.earlier);
  assert.equal(rows.length, read.value.header.rows);
  world.isWhole = false;
  const none = await backups.create(join(directory, "two.gwbackup"));
  assert.deepEqual(none, err({ code: "backup.not-complete", detail: "A" }));
});

test("[BS2][HS12] one at a time, and none without a key or outside a full path", async () => {
  const { backups, takeKey, directory } = aWorld();
  const keyless = await backups.create(null);
  assert.equal(!keyless.ok && keyless.error.code, "backup.no-key");
  takeKey();
  const relative = await backups.create("here.gwbackup");
  assert.equal(!relative.ok && relative.error.code, "backup.bad-file");
  const both = await Promise.all([
    backups.create(join(directory, "1.gwbackup")),
    backups.create(join(directory, "2.gwbackup")),
  ]);
  assert.deepEqual(
    both.map((made) => (made.ok ? "made" : made.error.code)),
    ["made", "backup.busy"],
  );
});

test("[BS3][HS12] a schedule makes what is due and keeps as many as it was told", async () => {
  const { backups, takeKey, keepSchedule, directory, world } = aWorld({ every: 3 * hour, keep: 2 });
  takeKey();
  await keepSchedule();
  const listed = await backups.list();
  assert.deepEqual(
    listed.map(({ at }) => (Date.parse(at) - start) / hour),
    [9, 6],
  );
  const foreign = join(directory, "backups", "not-ours.gwbackup");
  writeFileSync(foreign, "no backup");
  world.now = start;
  await keepSchedule();
  assert.ok(readdirSync(join(directory, "backups")).includes("not-ours.gwbackup"));
  assert.deepEqual(codesOf(backups), []);
});

/** Changes the header and nothing else: for a directory, whose files are only listed. */
async function writeAs(
  { moment, identity, directory }: ReturnType<typeof aWorld>,
  name: string,
  change: (header: BackupOrder["header"]) => Partial<BackupOrder["header"]>,
): Promise<void> {
  const now = moment();
  assert.ok(now !== undefined);
  const order = backupOf(now, identity, start);
  assert.ok(order.ok);
  mkdirSync(join(directory, "backups"), { recursive: true });
  const header = { ...order.value.header, ...change(order.value.header) };
  const written = await writeBackup(join(directory, "backups", name), { ...order.value, header });
  assert.ok(written.ok);
}

test("[BS3] what other servers and systems wrote there stays, and counts for nothing", async () => {
  const world = aWorld({ every: 3 * hour, keep: 1 });
  world.takeKey();
  const at = start - minute;
  await writeAs(world, "server.gwbackup", ({ server }) => ({ at, server: { ...server, id: "B" } }));
  await writeAs(world, "system.gwbackup", () => ({ at, systemId: "other" }));
  const own = world.identity.name;
  writeFileSync(join(world.directory, "backups", `Hill-${own}-1.gwbackup.x.partial`), "ours");
  writeFileSync(join(world.directory, "backups", "Hill-B-1.gwbackup.x.partial"), "of B");
  await world.keepSchedule();
  const listed = await world.backups.list();
  const hours = listed.map((each) => (Date.parse(each.at) - start) / hour);
  assert.deepEqual(hours.slice(0, 1), [9], "the first was due at once, not after three hours");
  assert.equal(listed.length, 3);
  const partial = readdirSync(join(world.directory, "backups")).filter((name) =>
    name.endsWith(".partial"),
  );
  assert.deepEqual(partial, ["Hill-B-1.gwbackup.x.partial"], "only what a crash of ours left");
});

test("[BS3] backups of a clock that went wrong do not push out those made since", async () => {
  const world = aWorld({ every: 3 * hour, keep: 1 });
  world.takeKey();
  const at = start + 10_000 * hour;
  const position = { ...origin, term: 1, start: 1, seq: 2 };
  await writeAs(world, "future.gwbackup", () => ({ at, position }));
  await world.keepSchedule();
  const listed = await world.backups.list();
  assert.deepEqual(
    listed.map((each) => (Date.parse(each.at) - start) / hour),
    [9],
  );
});

test("[BS2] a pipe in the backup directory, or four looks at once, hold nobody up", async () => {
  const world = aWorld();
  world.takeKey();
  assert.ok((await world.backups.create(null)).ok);
  const pipe = join(world.directory, "backups", "pipe.gwbackup");
  assert.equal(spawnSync("mkfifo", [pipe]).status, 0);
  const both = await Promise.all([world.backups.list(), world.backups.list()]);
  assert.deepEqual(
    both.map((list) => list.length),
    [1, 1],
  );
  assert.equal(both[0], both[1], "read once");
});

test("[BS4][HS12] a schedule that is not kept is an alarm; no schedule is none", async () => {
  const unset = aWorld();
  unset.world.hasKey = false;
  assert.deepEqual(codesOf(unset.backups), []);
  const keyless = aWorld({ every: hour });
  keyless.world.hasKey = false;
  assert.deepEqual(codesOf(keyless.backups), ["backup.no-key"]);
  await keyless.keepSchedule();
  assert.deepEqual(await keyless.backups.list(), []);
  const blocked = aWorld({ every: hour });
  blocked.takeKey();
  writeFileSync(join(blocked.directory, "backups"), "a file where the directory should be");
  await blocked.keepSchedule();
  assert.deepEqual(codesOf(blocked.backups), ["backup.failed", "backup.old"]);
  for (const { text, remedy } of blocked.backups.alarms()) assert.ok(text !== "" && remedy !== "");
  blocked.world.isWhole = false;
  assert.deepEqual(codesOf(blocked.backups), [], "its own state says what is wrong");
});

test("[BS4] an alarm goes when a backup was made, and one of the future counts as none", async () => {
  const { backups, takeKey, world, keepSchedule } = aWorld({ every: hour });
  takeKey();
  world.now = start + 9 * hour + 30 * minute;
  assert.deepEqual(codesOf(backups), ["backup.old"]);
  assert.ok((await backups.create(null)).ok);
  assert.deepEqual(codesOf(backups), []);
  world.now = start;
  await keepSchedule();
  assert.ok((await backups.list()).length > 1, "the clock had been wrong");
});

test("[BS9] a backup that no known server signed is a warning before it is restored", async () => {
  const { backups, takeKey, directory, identity, system } = aWorld();
  takeKey();
  const file = join(directory, "one.gwbackup");
  assert.ok((await backups.create(file)).ok);
  const order = { file, directory, recovery, above: 0, user: "anna", now: start };
  const preview = async () => {
    const prepared = await prepareRestore(order);
    assert.ok(prepared.ok);
    return previewRestore(prepared.value, order);
  };
  const signer = pairingKeyText(identity.pairingKey);
  const [row] = system.front.state().tables.servers.values();
  assert.ok(row !== undefined && row.pairingKey !== signer);
  const blank = await preview();
  assert.deepEqual([blank.signed_by, blank.warning], [signer, null]);
  new KnownServers(directory).keep([row]);
  assert.match((await preview()).warning ?? "", /No server that is known here signed/);
  new KnownServers(directory).keep([row, { ...row, pairingKey: signer }]);
  assert.equal((await preview()).warning, null);
});

test("[BS13][HS12] a restore names the servers that could take over by themselves meanwhile", async () => {
  const { backups, takeKey, directory, system } = aWorld();
  takeKey();
  const file = join(directory, "others.gwbackup");
  assert.ok((await backups.create(file)).ok);
  const order = { file, directory, recovery, above: 0, user: "anna", now: start };
  const prepared = await prepareRestore(order);
  assert.ok(prepared.ok);
  const [row] = system.front.state().tables.servers.values();
  assert.ok(row !== undefined);
  const here = { ...row, id: prepared.value.server.node };
  const servers = [here, { ...row, id: nodeId("B"), name: "B" }];
  const warningIn = (mode: ArbitrationMode): string | null => {
    const record = { ...blankControl(row.id, systemId("ours")), mode };
    return previewRestore({ ...prepared.value, servers, record }, order).warning;
  };
  assert.match(warningIn("pair") ?? "", /^Stop B before .* \(the mode was pair\), .* two Mains\.$/);
  assert.match(warningIn("witness") ?? "", /the mode was witness/);
  assert.equal(warningIn("manual"), null);
  const unknown = previewRestore({ ...prepared.value, servers, record: null }, order).warning;
  assert.match(unknown ?? "", /unless the mode was manual/);
});

test("[BS5][HS12] a content that is not what the header states is refused", async () => {
  const { identity, moment, takeKey } = aWorld();
  takeKey();
  const now = moment();
  assert.ok(now !== undefined);
  const order = backupOf(now, identity, start);
  assert.ok(order.ok);
  const sound = [...order.value.records];
  const [key, end, first, ...others] = sound;
  assert.ok(key?.kind === "system-key" && end?.kind === "term-end" && first?.kind === "row");
  const wrong: readonly (readonly BackupRecord[])[] = [
    [key, ...others],
    [key, first, first, ...others],
    [key, end, end, first, ...others],
    [key, { ...end, place: now.position }, first, ...others],
    [first, ...others],
    [key, { ...first, key: "other" }, ...others],
    [key, { ...first, table: "nowhere" }, ...others],
    [...sound, { kind: "entry", entry: { seq: 3 } }],
    [...sound, { kind: "entry", entry: { ...anEntry(undefined) } }],
    [key, ...sound],
  ];
  for (const [index, records] of [sound, ...wrong].entries()) {
    const file = join(place, `content-${index}.gwbackup`);
    const written = await writeBackup(file, { ...order.value, records });
    assert.ok(written.ok);
    const read = await readContent(file, recovery, () => {});
    const outcome = read.ok ? ok("read") : err(read.error.code);
    assert.deepEqual(outcome, index === 0 ? ok("read") : err("backup.damaged"), `case ${index}`);
  }
});
