import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Api, storm } from "../../scripts/demo/api.ts";
import {
  type DemoDevice,
  type DemoServer,
  member,
  runServer,
  waitForDevice,
} from "../../scripts/demo/cast.ts";
import { Stage } from "../../scripts/demo/stage.ts";
import {
  accountNames,
  addAccount,
  adminPassword,
  assertRefused,
  foundSystem,
  initServer,
  joinTo,
  lookAt,
  signInStatus,
  waitForState,
  waitUntil,
} from "./servers.ts";

/** A pair with a device that loses its databases and gets them back from a backup. */

const stage = new Stage();
const device: DemoDevice = { name: "Q01", directory: stage.path("Q01") };
const backup = stage.path("first.gwbackup");
let keyFile: string;
let a: DemoServer;
let b: DemoServer;
let api: Api;

before(async () => {
  [a, b] = [await initServer(stage, "A"), await initServer(stage, "B")];
  await Promise.all([runServer(stage, a), runServer(stage, b)]);
  api = await foundSystem(stage, a);
  await joinTo(api, a, b);
  await waitForState(b, "standby-valid");
  const ca = join(a.directory, "certificates", "authority.pem");
  const own = stage.secretFile("admin", adminPassword);
  await stage.must("login", "admin", "--server", a.url, "--ca", ca, "--password-file", own);
  await stage.must("group", "create", "bay1");
  const password = ["--password-file", stage.secretFile("anna", "Switch-110kV-now")];
  const rest = ["--role", "OPERATOR", "--group", "bay1", "--no-must-change"];
  await stage.must("account", "create", "anna", ...rest, ...password);
  await stage.must("device", "create", device.name, "--group", "bay1");
  await stage.must("device", "package", device.name, "--out", stage.path("package"));
  await stage.must("ied", "init", device.directory, "--package", stage.path("package"));
  await stage.start(device.name, "ied", "run", device.directory);
});
after(async () => {
  api.close();
  await stage.clear();
});

/** The term of the replica that the device holds, once that is good. */
async function deviceSees(term: number): Promise<void> {
  await waitForDevice(stage, device, `a good replica of term ${term}`, (status) => {
    const { replication } = status;
    return member(replication, "status") === "Good" && member(replication, "term") === term;
  });
}

async function isProtected(): Promise<void> {
  await waitForState(b, "standby-valid");
  await waitForState(a, "main-protected");
}

async function restore(...more: readonly string[]): ReturnType<Stage["run"]> {
  return stage.run("backup", "restore", backup, "--key-file", keyFile, ...more);
}

test("[HS12] without a recovery key there is no backup; it counts when it was typed back", async () => {
  const order = ["backup", "create", "--local", a.directory, "--out", backup];
  assertRefused(await stage.run(...order), 7, "backup.no-key");
  const made = await stage.must("backup", "key", "create");
  assert.equal(made["counts"], false);
  assertRefused(await stage.run(...order), 7, "backup.no-key");
  const spelt = String(made["recovery_key"]);
  const wrong = stage.secretFile(
    "mistyped",
    spelt.replace(/.$/, (end) => (end === "0" ? "1" : "0")),
  );
  const confirm = ["backup", "key", "confirm", "--local", a.directory, "--key-file"];
  assertRefused(await stage.run(...confirm, wrong), 2, "backup.mistyped-key");
  keyFile = stage.secretFile("recovery-key", spelt);
  await stage.must(...confirm, keyFile);
  assertRefused(await stage.run(...confirm, keyFile), 6, "backup.key-unchanged");
});

test("[HS12] a backup is made while changes go on, on the Main and on the Standby, and verifies", async () => {
  let seen = 0;
  let made: Promise<unknown> | undefined;
  const changes = await storm(
    api,
    () => [a.url],
    { prefix: "load", count: 64, atOnce: 8 },
    (done) => {
      if (done === 16) {
        seen = done;
        const out = ["--out", stage.path("load.gwbackup")];
        made = stage.must("backup", "create", "--local", a.directory, ...out);
      }
    },
  );
  await made;
  assert.equal(changes.filter(({ sequence }) => sequence === null).length, 0);
  assert.equal(seen, 16);
  await stage.must("backup", "create", "--local", b.directory, "--out", backup);
  assert.equal(statSync(backup).mode & 0o777, 0o600);
  for (const file of [stage.path("load.gwbackup"), backup]) {
    const verified = await stage.must("backup", "verify", file, "--key-file", keyFile);
    assert.match(String(verified["verified"]), /every row/);
    assert.ok(Number(verified["accounts"]) >= 3 + seen, JSON.stringify(verified));
    await stage.must("backup", "verify", file, "--without-key");
  }
  const again = ["backup", "create", "--local", a.directory, "--out", backup];
  assertRefused(await stage.run(...again), 6, "backup.file-exists");
});

test("[HS12] a wrong key, a running server and a foreign system's server are refused", async () => {
  const other = await stage.must("backup", "key", "create");
  const wrong = stage.secretFile("other-key", String(other["recovery_key"]));
  assertRefused(
    await stage.run("backup", "verify", backup, "--key-file", wrong),
    7,
    "backup.wrong-key",
  );
  assertRefused(await restore("--into", a.directory, "--yes"), 6, "config.already-running");
  const c = await initServer(stage, "C");
  await runServer(stage, c);
  (await foundSystem(stage, c)).close();
  await stage.end(c.name, "SIGTERM");
  assertRefused(await restore("--into", c.directory, "--yes"), 7, "backup.other-system");
});

test("[HS12] a disk that is full leaves no half of a backup, and the server goes on", async (context) => {
  const small = stage.path("small");
  mkdirSync(small);
  const isRoot = process.platform === "linux" && process.getuid?.() === 0;
  const mount = ["-t", "tmpfs", "-o", "size=16k", "tmpfs", small];
  if (!isRoot || spawnSync("mount", mount).status !== 0) {
    context.skip("a small disk can only be mounted as root on Linux");
    return;
  }
  try {
    const out = ["--out", join(small, "full.gwbackup")];
    const full = await stage.run("backup", "create", "--local", a.directory, ...out);
    assertRefused(full, 1, "backup.disk-full");
    assert.deepEqual(readdirSync(small), []);
    assert.equal((await addAccount(api, a, "after-the-full-disk"))?.status, 200);
  } finally {
    spawnSync("umount", [small]);
  }
});

test("[HS12] restored on a server whose database is lost: devices go on, the partner follows", async () => {
  await isProtected();
  await deviceSees(1);
  assert.equal((await addAccount(api, a, "lost-by-the-restore"))?.status, 200);
  await stage.end(b.name, "SIGKILL");
  await waitForState(a, "main-exposed");
  await stage.end(a.name, "SIGKILL");
  const look = ["backup", "restore", backup, "--key-file", keyFile, "--into", a.directory];
  const preview = await stage.must(...look, "--dry-run");
  assert.ok(Number(preview["changes_lost"]) >= 2, JSON.stringify(preview));
  assert.deepEqual([preview["new_term"], preview["servers_kept"]], [1_000, ["B"]]);
  assertRefused(await restore("--into", a.directory), 2, "client.not-confirmed");

  rmSync(join(a.directory, "generations"), { recursive: true });
  const restored = await restore("--into", a.directory, "--yes");
  assert.equal(restored.exit, 0, restored.stderr);
  await runServer(stage, a);
  const status = await waitUntil(a, "Main again", ({ duty }) => duty === "main");
  assert.equal(member(status, "position", "term"), 1_000);
  assert.equal(await signInStatus(stage, a, adminPassword), 200);
  await deviceSees(1_000);

  await runServer(stage, b);
  await isProtected();
  const names = await accountNames(api, a);
  assert.ok(names.includes("load0001") && !names.includes("lost-by-the-restore"), names.join(" "));
  assert.deepEqual((await accountNames(api, b)).toSorted(), names.toSorted());
  const [left, right] = [await lookAt(a), await lookAt(b)];
  assert.deepEqual(member(left, "position"), member(right, "position"));
});

test("[HS20][HS11] a Standby with an unusable database says the way back, which leads back", async () => {
  await stage.end(b.name, "SIGTERM");
  const [generation = ""] = readdirSync(join(b.directory, "generations"));
  truncateSync(join(b.directory, "generations", generation, "journal.db"), 8_192);
  await runServer(stage, b);
  const alone = await waitForState(b, "invalid-database");
  const way = await waitUntil(b, "hears the Main", ({ remedy }) =>
    /Main answers and/.test(String(remedy)),
  );
  const command = `gridward pair resync --local ${b.directory}`;
  for (const { remedy } of [alone, way]) assert.ok(String(remedy).includes(command));
  assertRefused(await stage.run(...command.split(" ").slice(1)), 6, "config.already-running");
  await stage.end(b.name, "SIGTERM");
  const done = await stage.must(...command.split(" ").slice(1));
  assert.deepEqual(done["from"], ["A"]);
  assert.deepEqual(readdirSync(String(done["replaced"])).includes(generation), true);
  await runServer(stage, b);
  await isProtected();
  await stage.end(b.name, "SIGTERM");
  assertRefused(await stage.run(...command.split(" ").slice(1)), 6, "resync.sound");
});

test("[HS20] a Standby whose control record is damaged gets everything anew as well", async () => {
  for (const slot of ["control.a", "control.b"]) {
    writeFileSync(join(b.directory, slot), "what a dying disk left");
  }
  const command = `gridward pair resync --local ${b.directory}`.split(" ").slice(1);
  const status = await stage.run("server", "status", b.directory);
  assertRefused(status, 1, "control.unreadable");
  const done = await stage.must(...command);
  assert.deepEqual(done["from"], ["A"]);
  await runServer(stage, b);
  await isProtected();
  await stage.end(b.name, "SIGTERM");
});

test("[HS20][HS11] with no Main it names the restore, and a lone server knows nobody to ask", async () => {
  await stage.end(a.name, "SIGTERM");
  const [generation = ""] = readdirSync(join(a.directory, "generations"));
  truncateSync(join(a.directory, "generations", generation, "journal.db"), 8_192);
  await runServer(stage, a);
  const { remedy } = await waitForState(a, "invalid-database");
  assert.match(String(remedy), /No Main answers/);
  assert.ok(String(remedy).includes(`gridward backup restore FILE --into ${a.directory}`));
  await stage.end(a.name, "SIGTERM");
});

test("[HS12][HS20] after the loss of all servers a new one is restored, and another joins it", async () => {
  await Promise.all([a, b].map(({ name }) => stage.end(name, "SIGKILL")));
  await Promise.all([a, b].map(makeAgain));
  const shown = await stage.must("ied", "status", device.directory);
  const term = String(member(shown, "replication", "term"));
  assert.equal(term, "1000", "the device remembers the highest term");
  const restored = await restore("--into", a.directory, "--above", term, "--yes");
  assert.equal(restored.exit, 0, restored.stderr);
  assert.deepEqual(member(restored.data, "servers_removed"), ["A", "B"]);
  await runServer(stage, a);
  await waitForState(a, "lone");
  assert.equal(await signInStatus(stage, a, adminPassword), 200);
  await deviceSees(2_000);
  await runServer(stage, b);
  await joinTo(api, a, b);
  await isProtected();
});

/** A new machine in the place, and at the address, of a lost one. */
async function makeAgain({ name, directory, https, ldaps }: DemoServer): Promise<void> {
  const link = /^link = (\d+)$/m.exec(stage.readText(name, "server.toml"))?.[1] ?? "";
  rmSync(directory, { recursive: true });
  const ports = ["--https", String(https), "--link", link, "--ldaps", String(ldaps)];
  await stage.must("server", "init", directory, "--name", name, "--listen", "127.0.0.1", ...ports);
}
