import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type DemoServer, initServer, runServer } from "../../scripts/demo/cast.ts";
import { Stage } from "../../scripts/demo/stage.ts";
import { assertSaid, foundSystem, lookAt, startRefused, waitForState } from "./servers.ts";

/** What a start refuses, in which words, and that it touches nothing. */

const stage = new Stage();
let a: DemoServer;
let b: DemoServer;

before(async () => {
  [a, b] = await Promise.all([initServer(stage, "A"), initServer(stage, "B")]);
});
after(async () => stage.clear());

/** Starts A under another configuration, which it must refuse; then everything is as before. */
async function startWith(change: (text: string) => string) {
  const path = join(a.directory, "server.toml");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, change(text));
  try {
    return await startRefused(a.directory);
  } finally {
    writeFileSync(path, text);
  }
}

test("[HS11] a key or a value that does not exist is named, with its file and the nearest key", async () => {
  const unknown = await startWith((text) => text.replace("first_pass_rate", "first_pass_rat"));
  assertSaid(
    unknown,
    2,
    "config.unknown-key",
    /server\.toml: pair\.first_pass_rat .*first_pass_rate/,
  );
  const bad = await startWith((text) => text.replace(/https = \d+/, "https = 70000"));
  assertSaid(bad, 2, "config.bad-value", /server\.toml: ports\.https: /);
  const broken = await startWith((text) => text.replace("[ports]", "[ports"));
  assertSaid(broken, 2, "config.unreadable", /server\.toml: line \d+: /);
  const elsewhere = await startWith((text) => text.replace(/listen = .*/, 'listen = "192.0.2.1"'));
  assertSaid(elsewhere, 2, "config.bad-value", /listen: 192\.0\.2\.1 /);
});

test("[HS11] a port on which another program listens is named, and no port stays open", async () => {
  const other = createServer().listen(a.ldaps, "127.0.0.1");
  await new Promise((done) => other.once("listening", done));
  const refused = await startRefused(a.directory);
  assertSaid(refused, 1, "config.port-in-use", new RegExp(`127\\.0\\.0\\.1:${a.ldaps}`));
  await new Promise((done) => other.close(done));
});

test("[HS11] a directory without a server, and one that has a server, are not confused", async () => {
  assertSaid(await startRefused(stage.path("nowhere")), 5, "config.not-initialised");
  const again = await stage.run("server", "init", a.directory, "--name", "A");
  assert.deepEqual([again.exit, again.error?.code], [6, "config.already-initialised"]);
});

test("[HS11] one process to a directory; what a killed one leaves does not stand in the way", async () => {
  await runServer(stage, a);
  const api = await foundSystem(stage, a);
  api.close();
  const second = await startRefused(a.directory);
  assertSaid(second, 6, "config.already-running", new RegExp(`process ${a.pid}`));
  assert.equal((await lookAt(a))?.["state"], "lone");
  const killed = a.pid;
  await stage.end("A", "SIGKILL");
  assert.equal(stage.readText("A", "pid").trim(), String(killed));
  await runServer(stage, a);
  await waitForState(a, "lone");
  await stage.end("A", "SIGTERM");
});

test("[HS11] a control record of another server is refused and stays as it is", async () => {
  const swapped = stage.path("swapped");
  cpSync(a.directory, swapped, { recursive: true });
  cpSync(join(b.directory, "node-id"), join(swapped, "node-id"));
  const control = readFileSync(join(swapped, "control.a"));
  assertSaid(await startRefused(swapped), 7, "config.foreign-directory");
  assert.deepEqual(readFileSync(join(swapped, "control.a")), control);
});
