import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { day } from "@gridward/core/base/time";
import { systemClock } from "@gridward/runtime/os/clock";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { keyToPem } from "@gridward/runtime/trust/x509/keys";
import { type DemoServer, initServer, member, runServer } from "../../scripts/demo/cast.ts";
import { type Ended, Stage, until } from "../../scripts/demo/stage.ts";
import { adminPassword, foundSystem } from "../faults/servers.ts";

/** An administrator who changes what decides whether he comes in (CS17), at a real server. */

const stage = new Stage();
const now = systemClock().now();
let server: DemoServer;
let here: readonly string[] = [];
let proof: readonly string[] = [];

before(async () => {
  server = await initServer(stage, "A");
  await runServer(stage, server);
  (await foundSystem(stage, server)).close();
  here = ["--local", server.directory];
  proof = ["--password-file", stage.secretFile("password", adminPassword)];
  await signInAs("admin");
  const roles = ["--role", "SECAUD", "--no-must-change", ...proof];
  await stage.must("account", "create", "auditor", ...roles);
});
after(async () => stage.clear());

async function signInAs(name: string): Promise<void> {
  const where = ["--server", server.url, "--ca", stage.path("A", "certificates", "authority.pem")];
  await stage.must("login", name, ...where, ...proof);
}

async function valueOf(key: string): Promise<unknown> {
  const { settings } = await stage.must("security", "show", ...here);
  assert.ok(Array.isArray(settings));
  return member(
    settings.find((setting) => member(setting, "key") === key),
    "value",
  );
}

/** What the audit trail says was undone by the end of the server, the last first. */
async function undone(): Promise<readonly string[]> {
  await signInAs("auditor");
  const { data, stderr } = await stage.run("event", "list");
  await signInAs("admin");
  assert.ok(Array.isArray(data), stderr);
  const cause = "taken back, this server ended before an administrator signed in under it: ";
  const details = data.map((row) => String(member(row, "detail")));
  return details.flatMap((detail) => (detail.startsWith(cause) ? detail.slice(cause.length) : []));
}

function codeOf({ exit, error }: Ended): readonly unknown[] {
  return [exit, error?.code];
}

test("[CLI24][CS17] who cannot come in under his change is told when it goes back, and it does", async () => {
  const change = ["security", "set", "temporary=true", "--yes"] as const;
  const tried = await stage.run(...change, "--dry-run");
  assert.match(tried.stderr, /asked to sign in anew under it, or it is taken back after 60 s/);
  const ended = await stage.run(...change, ...proof);
  assert.equal(ended.exit, 11);
  assert.match(ended.stderr, /Not signed in under the change: The server's certificate is not tr/);
  const at = String(member(ended.data, "unconfirmed", "taken_back_at"));
  assert.match(ended.stderr, new RegExp(`It is taken back at ${at}\\. To keep it: gridward sec`));
  assert.deepEqual(codeOf(await stage.run("whoami")), [8, "client.untrusted-server"]);
  const alarms = member(await stage.must("server", "status", server.directory), "alarms");
  assert.match(JSON.stringify(alarms), /"security.unconfirmed".*may shut administrators out/);
  const isBack = () => !/^temporary = true$/m.test(stage.readText("A", "server.toml"));
  await until("the change is taken back", 90_000, async () => isBack() || undefined);
  await stage.must("whoami");
});

test("[CLI24][CS17] an old session keeps no change, a new sign-in does, also for the next start", async () => {
  const first = await stage.run("security", "set", "tls-min=1.3", "--yes");
  assert.equal(first.exit, 11, "nobody could be asked for a password");
  const next = await stage.run("security", "set", "revocation=hard", "--yes");
  assert.deepEqual(codeOf(next), [7, "security.trial-under-way"]);
  assert.deepEqual(codeOf(await stage.run("security", "confirm")), [2, "client.wrong-use"]);
  const kept = await stage.must("security", "confirm", ...proof);
  assert.equal(kept["confirmed"], "tls-min 1.2 -> 1.3");
  const done = await stage.must("security", "set", "revocation=hard", "--yes", ...proof);
  assert.equal(done["unconfirmed"], null);
  await stage.end(server.name, "SIGKILL");
  await runServer(stage, server);
  assert.deepEqual([await valueOf("tls-min"), await valueOf("revocation")], ["1.3", "hard"]);
});

test("[CLI24][CS17] a server that is killed within the trial has taken the change back; at the machine none is made", async () => {
  await stage.run("security", "set", "map-clients=true", "--yes");
  assert.equal(await valueOf("map-clients"), true);
  await stage.end(server.name, "SIGKILL");
  await runServer(stage, server);
  assert.equal(await valueOf("map-clients"), false);
  assert.deepEqual(await undone(), ["map-clients true -> false"]);
  const local = await stage.must("security", "set", "map-clients=true", ...here);
  assert.deepEqual([local["unconfirmed"], local["sign_in"]], [null, []]);
});

test("[OC6][CS17] a certificate on trial is gone with a server that is killed, and the audit trail says so", async () => {
  const utility = testAuthority("Utility", now - day);
  const issued = utility.issue({ profile: "temporary", hosts: ["127.0.0.1"], now: now - day });
  const file = String(issued.certificate) + keyToPem(issued.key).reveal();
  const web = stage.secretFile("web.pem", file);
  const added = await stage.run("security", "certificates", "add", web);
  assert.equal(added.exit, 11, added.stderr);
  await stage.end(server.name, "SIGKILL");
  await runServer(stage, server);
  const { rows } = await stage.must("security", "certificates", "list", ...here);
  assert.ok(Array.isArray(rows) && !JSON.stringify(rows).includes("imported"));
  const fingerprint = String(member(added.data, "certificate", "fingerprint"));
  assert.match((await undone())[0] ?? "", new RegExp(`^certificate added: .*, ${fingerprint}$`));
});
