import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { createServer, type Server } from "node:tls";
import { type DemoServer, initServer, member, runServer } from "../../scripts/demo/cast.ts";
import { type Ended, Stage, until } from "../../scripts/demo/stage.ts";
import { adminPassword, foundSystem } from "../faults/servers.ts";

/** A change of authority to its end, at a real server whose clock was two hours behind at first. */

const [clockLibrary] = globSync("/usr/lib/*/faketime/libfaketimeMT.so.1");
const skip = clockLibrary === undefined ? "no libfaketime: apt-get install faketime" : false;
const earlier = [
  `LD_PRELOAD=${clockLibrary ?? ""}`,
  "FAKETIME=-2h",
  "FAKETIME_DONT_FAKE_MONOTONIC=1",
] as const;

const stage = new Stage();
let server: DemoServer;
let proof: readonly string[] = [];
let foreign: Server | undefined;

before(async () => {
  if (skip !== false) return;
  server = await initServer(stage, "A");
  stage.enclose(server.name, "env", ...earlier);
  await runServer(stage, server);
  (await foundSystem(stage, server)).close();
  proof = ["--password-file", stage.secretFile("password", adminPassword)];
  await signIn();
  await stage.must("ca", "roll-over", "start", "--yes");
  await stage.end(server.name, "SIGTERM");
  stage.enclose(server.name);
  await runServer(stage, server);
  await signIn();
});
after(async () => {
  foreign?.close();
  await stage.clear();
});

async function signIn(): Promise<void> {
  const ca = stage.path("A", "certificates", "authority.pem");
  await stage.must("login", "admin", "--server", server.url, "--ca", ca, ...proof);
}

async function finish(...words: readonly string[]): Promise<Ended> {
  return stage.run("ca", "roll-over", "finish", ...words);
}

/** Each authority with how many are known by it. */
async function standings(): Promise<readonly string[]> {
  const { data, stderr } = await stage.run("ca", "roll-over", "show");
  assert.ok(Array.isArray(data), stderr);
  const lines = data.map(
    (row) => `${String(member(row, "standing"))} ${String(member(row, "holders"))}`,
  );
  return lines.toSorted((left, right) => left.localeCompare(right));
}

/** Another server of what the present authority issued, under an address that is believed. */
async function serveForeign(): Promise<string> {
  const file = stage.path("web.pem");
  const what = ["--profile", "file-transfer", "--host", "127.0.0.1"] as const;
  await stage.must("ca", "issue", "web", ...what, "--no-password", "--out", file);
  const pem = readFileSync(file);
  const listening = createServer({ key: pem, cert: pem });
  foreign = listening;
  listening.on("tlsClientError", () => {}); // It is hung up on.
  await new Promise<void>((resolve) => {
    listening.listen(0, "127.0.0.1", resolve);
  });
  const { port } = portOf(listening.address());
  return `https://127.0.0.1:${port}`;
}

function portOf(address: AddressInfo | string | null): AddressInfo {
  assert.ok(address !== null && typeof address !== "string");
  return address;
}

test(
  "[CLI25][CS17][PK7] a former authority is given up by who comes in without it, at every server, and by nobody else",
  { skip },
  async () => {
    const other = await serveForeign();
    const none = await finish("--yes", ...proof);
    assert.deepEqual([none.exit, none.error?.code], [6, "authority.no-former"]);
    await stage.must("ca", "roll-over", "switch", "--yes");
    await until("the server has renewed itself", 60_000, async () =>
      String(await standings()) === "former 0,issuing 1" ? true : undefined,
    );
    const both = ["--server", server.url, "--server", other] as const;
    const lost = await finish(...both, "--yes", ...proof);
    assert.deepEqual([lost.exit, lost.error?.code], [7, "client.only-by-former"]);
    assert.match(lost.stderr, new RegExp(`${new URL(other).host} presents SHA-256`));
    const unproved = await finish("--yes");
    assert.deepEqual([unproved.exit, unproved.error?.code], [2, "client.wrong-use"]);
    const wrong = stage.secretFile("wrong", "Not-The-Password-7");
    const stranger = await finish("--yes", "--password-file", wrong);
    assert.equal(stranger.exit, 3, stranger.stderr);
    assert.match(stranger.stderr, /Not signed in without the former authority/);
    const tried = await finish("--dry-run");
    assert.equal(tried.exit, 0, tried.stderr);
    assert.match(tried.stderr, /You will be asked to sign in anew/);
    assert.equal((await standings()).length, 2);
    const done = await finish("--yes", ...proof);
    assert.equal(done.exit, 0, done.stderr);
    assert.match(done.stderr, /Signed in anew without the former authority/);
    assert.deepEqual(await standings(), ["issuing 1"]);
    const gone = await stage.run("whoami", "--server", other);
    assert.equal(gone.error?.code, "client.untrusted-server", "it is believed here no longer");
  },
);
