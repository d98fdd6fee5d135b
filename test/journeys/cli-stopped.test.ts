import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { member } from "@gridward/server/frontends/https/a-server";
import { lockDirectory } from "@gridward/runtime/os/directory-lock";
import { runCli, type Ran } from "./run-cli.ts";

/** The real program, beside a server that does not run. */

const home = mkdtempSync(join(tmpdir(), "gridward-stopped-"));
after(() => rmSync(home, { recursive: true }));

async function gridward(words: string): Promise<Ran> {
  return runCli(words, { input: "", state: home });
}

test("[CLI11] a server that does not run is stopped, and is waited for up to a time", async () => {
  const directory = join(home, "server");
  const made = await gridward(`server init ${directory} --name B --listen 127.0.0.1 -o json`);
  assert.equal(made.exit, 0, made.talk);
  const status = await gridward(`server status ${directory} -o json`);
  assert.deepEqual([status.exit, member(status.json, "data", "state")], [0, "stopped"]);
  assert.equal(member(status.json, "data", "name"), "B");
  assert.equal((await gridward(`server wait ${directory} --state stopped`)).exit, 0);
  const waited = await gridward(`server wait ${directory} --state lone --timeout 0.1`);
  assert.equal(waited.exit, 10);
  const create = `system create --local ${directory} --base dc=example --site Hill -o json`;
  const created = await gridward(create);
  assert.equal(member(created.json, "error", "code"), "config.not-running");
  assert.equal(created.exit, 8);
  assert.equal((await gridward(`server status ${home}/nowhere`)).exit, 5);
  const examined = await gridward(`doctor ${directory} -o jsonl`);
  assert.equal(examined.exit, 0, examined.data);
  chmodSync(join(directory, "keys", "tls.pem"), 0o644);
  const open = await gridward(`doctor ${directory} -o jsonl`);
  assert.equal(open.exit, 12, open.data);
  assert.equal((await gridward(`server init ${directory} --name B`)).exit, 6);
});

test("[CLI14][CLI27][HS13] people read first what is the matter, and programs every member", async () => {
  const directory = join(home, "server");
  const shown = (await gridward(`server status ${directory}`)).data.split("\n");
  assert.match(shown[1] ?? "", /^state +■ Stopped \(stopped\)$/);
  assert.match(shown[3] ?? "", /^cause +No program runs here\. It had no database\.$/);
  assert.match(shown[4] ?? "", /^remedy +Run `gridward server run .*`\.$/);
  const [, explain = ""] =
    /^explained +gridward (server states stopped)$/.exec(shown[5] ?? "") ?? [];
  const explained = (await gridward(explain)).data;
  assert.match(explained, /^icon +■ Stopped \(grey\)$/m);
  assert.match(explained, /^means +No process answers in the data directory\.$/m);
  assert.equal((await gridward("server states broken")).exit, 2);
  const { json } = await gridward(`server status ${directory} -o json`);
  assert.equal(member(json, "data", "cause", "code"), "config.not-running");
  // A program that has begun and does not answer yet is not stopped.
  const lock = lockDirectory(directory);
  assert.ok(lock.ok);
  const held = await gridward(`server status ${directory} -o json`);
  lock.value.release();
  assert.equal(member(held.json, "data", "state"), "starting");
  assert.match(member(held.json, "data", "cause", "text"), /^Process \d+ holds this directory/);
});
