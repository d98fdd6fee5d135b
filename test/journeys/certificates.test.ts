import assert from "node:assert/strict";
import { createPublicKey, type X509Certificate } from "node:crypto";
import { after, before, test } from "node:test";
import { connect } from "node:tls";
import { day } from "@gridward/core/base/time";
import { systemClock } from "@gridward/runtime/os/clock";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { keyToPem } from "@gridward/runtime/trust/x509/keys";
import { type DemoServer, initServer, member, runServer } from "../../scripts/demo/cast.ts";
import { Stage, type Ended } from "../../scripts/demo/stage.ts";
import { foundSystem, adminPassword } from "../faults/servers.ts";

/** The certificates of a real server, as its administrator handles them. */

const stage = new Stage();
const now = systemClock().now();
const utility = testAuthority("Utility", now - day);
// Of ten years, so that it ends after the server's own.
const issued = utility.issue({ profile: "temporary", hosts: ["127.0.0.1"], now: now - day });
const whole = String(issued.certificate) + keyToPem(issued.key).reveal();
let server: DemoServer;
let password = "";

before(async () => {
  server = await initServer(stage, "A");
  await runServer(stage, server);
  (await foundSystem(stage, server)).close();
  password = stage.secretFile("password", adminPassword);
  const ca = stage.path("A", "certificates", "authority.pem");
  const words = ["--server", server.url, "--ca", ca, "--password-file", password];
  const signedIn = await stage.run("login", "admin", ...words);
  assert.equal(signedIn.exit, 0, signedIn.stderr);
});
after(async () => stage.clear());

async function certificates(...words: readonly string[]): Promise<Ended> {
  return stage.run("security", "certificates", ...words);
}

/** Where each certificate is in use, by its origin. */
async function inUse(...words: readonly string[]): Promise<unknown> {
  const listed = await certificates("list", ...words);
  assert.equal(listed.exit, 0, listed.stderr);
  const rows = member(listed.data, "rows");
  assert.ok(Array.isArray(rows));
  return rows.map((row) => [member(row, "origin"), member(row, "in_use")]);
}

async function shownAt(port: number): Promise<X509Certificate | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<X509Certificate | undefined>();
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
    resolve(socket.getPeerX509Certificate());
    socket.destroy();
  });
  socket.on("error", reject);
  return promise;
}

const own = [
  ["authority", ["link", "clients"]],
  ["temporary", []],
];

test("[CLI18][CS5] what is given is judged, shown at once, and taken away again", async () => {
  const file = stage.secretFile("utility.pem", whole);
  assert.deepEqual(await inUse(), own);
  const tried = await certificates("add", file, "--dry-run");
  assert.equal(tried.exit, 0, tried.stderr);
  assert.deepEqual(member(tried.data, "certificate", "in_use"), ["clients"]);
  assert.deepEqual(await inUse("--local", server.directory), own);
  // Who sees it next must believe its issuer too, and comes in anew under it (CS17).
  const anchors =
    stage.readText("A", "certificates", "authority.pem") + String(utility.certificate);
  const trust = ["--ca", stage.secretFile("both.pem", anchors)] as const;
  const added = await certificates("add", file, ...trust, "--password-file", password);
  assert.equal(added.exit, 0, added.stderr);
  assert.match(added.stderr, /HTTPS and LDAPS show it/);
  const fingerprint = String(member(added.data, "certificate", "fingerprint"));
  const shown = await shownAt(Number(new URL(server.url).port));
  assert.equal(shown?.fingerprint256.replaceAll(":", "").toLowerCase(), fingerprint);
  assert.ok(shown.publicKey.equals(createPublicKey(issued.key)));
  assert.deepEqual(await inUse("--local", server.directory), [
    ["authority", ["link"]],
    ["imported", ["clients"]],
    ["temporary", []],
  ]);
  const removed = await certificates("remove", shown.fingerprint256, "--local", server.directory);
  assert.equal(removed.exit, 0, removed.stderr);
  assert.deepEqual(await inUse(), own);
});

test("[CLI18][CS5] what cannot be shown is refused with its reason", async () => {
  const bag = new URL("../../packages/runtime/src/trust/test-pkcs12/aes.p12", import.meta.url);
  const closed = await certificates("add", bag.pathname);
  assert.equal(closed.error?.code, "server-certificate.passphrase-required");
  const wrong = stage.secretFile("wrong", "falsch");
  const refused = await certificates("add", bag.pathname, "--passphrase-file", wrong);
  assert.equal(refused.error?.code, "server-certificate.passphrase-wrong");
  const right = stage.secretFile("right", "geheim");
  const local = ["--local", server.directory];
  const opened = await certificates("add", bag.pathname, "--passphrase-file", right, ...local);
  assert.equal(opened.exit, 0, opened.stderr);
  assert.deepEqual(member(opened.data, "certificate", "in_use"), []);
  const absent = await certificates("add", stage.path("nothing"));
  assert.equal(absent.error?.code, "client.file");
  const unknown = await certificates("remove", "00".repeat(32));
  assert.equal(unknown.exit, 5);
  assert.equal(unknown.error?.code, "server-certificate.not-found");
});

test("[CLI18][PK7] a change of authority is started, shown, and not taken further than it may be", async () => {
  const rollOver = async (...words: readonly string[]): Promise<Ended> =>
    stage.run("ca", "roll-over", ...words);
  const standing = async (): Promise<unknown> => {
    const { data } = await rollOver("show");
    assert.ok(Array.isArray(data));
    return data.map((row) => [member(row, "standing"), member(row, "holders")]);
  };
  assert.deepEqual(await standing(), [["issuing", 1]]);
  const none = await rollOver("switch", "--yes");
  assert.deepEqual([none.exit, none.error?.code], [7, "authority.no-next"]);
  assert.equal((await rollOver("start", "--dry-run")).exit, 0);
  assert.deepEqual(await standing(), [["issuing", 1]]);
  const started = await rollOver("start", "--yes");
  assert.equal(started.exit, 0, started.stderr);
  assert.deepEqual(await standing(), [
    ["issuing", 1],
    ["next", 0],
  ]);
  const early = await rollOver("finish", "--yes");
  assert.deepEqual([early.exit, early.error?.code], [6, "authority.no-former"]);
  const anchors = stage.path("anchors.pem");
  assert.equal((await stage.run("ca", "export", "--out", anchors)).exit, 0);
  assert.equal(stage.readText("anchors.pem").match(/BEGIN CERTIFICATE/g)?.length, 2);
});
