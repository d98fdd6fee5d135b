import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { keyToPem } from "@gridward/runtime/trust/x509/keys";
import { type DemoServer, initServer, member, runServer } from "../../scripts/demo/cast.ts";
import { Stage, type Ended } from "../../scripts/demo/stage.ts";
import { adminPassword, foundSystem } from "../faults/servers.ts";

/** Who signs in by certificate at a real server, and who is served without any (CS7, CS13, CS14). */

const stage = new Stage();
let server: DemoServer;
let where: readonly string[] = [];
const adminFile = stage.path("admin.pem");

before(async () => {
  server = await initServer(stage, "A");
  await runServer(stage, server);
  (await foundSystem(stage, server)).close();
  const password = stage.secretFile("password", adminPassword);
  where = ["--server", server.url, "--ca", stage.path("A", "certificates", "authority.pem")];
  await done("login", "admin", ...where, "--password-file", password);
});
after(async () => stage.clear());

async function done(...words: readonly string[]): Promise<Ended> {
  const ended = await stage.run(...words);
  assert.equal(ended.exit, 0, `${words.join(" ")}: ${ended.stderr}`);
  return ended;
}

test("[CLI20][CS3][CS13] a certificate signs in, and is presented by every command that follows", async () => {
  const mail = ["--email", "admin@example.org"];
  const order = ["--profile", "person", ...mail, "--out", adminFile, "--no-password"];
  await done("ca", "issue", "Admin", ...order);
  const nobody = await stage.run("login", ...where, "--certificate", adminFile);
  assert.equal(nobody.error?.code, "client-certificate.not-mapped");
  await done("account", "certificate", "add", "admin", "--san", "email:admin@example.org");
  await done("security", "set", "map-clients=true");
  const required = ["security", "set", "require-client-certificates=true"];
  const shutOut = await stage.run(...required);
  assert.deepEqual([shutOut.exit, shutOut.error?.code], [7, "security.shuts-you-out"]);
  const signedIn = await done("login", ...where, "--certificate", adminFile);
  assert.equal(member(signedIn.data, "account", "name"), "admin");
  await done(...required, "--yes");
  const who = await done("whoami");
  assert.match(String(member(who.data, "certificate")), /^[0-9a-f]{64}$/);
});

test("[CLI21][CS7][CS14] legacy peers and approvals are listed and settled", async () => {
  const entry = ["--owner", "Anna", "--reason", "a relay of 2009"];
  const words = ["security", "legacy", "allow", "192.0.2.7", ...entry];
  const day = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
  assert.equal((await stage.run(...words, "--until", "soon")).exit, 2);
  await done(...words, "--until", day);
  const listed = await done("security", "legacy", "list");
  const [row] = listOf(member(listed.data, "rows"));
  assert.deepEqual(
    [member(row, "address"), member(row, "owner"), member(row, "until")],
    ["192.0.2.7", "Anna", `${day}T23:59:59.000Z`],
  );
  const waiting = await done("security", "approvals", "list");
  assert.deepEqual(listOf(member(waiting.data, "rows")), []);
  const none = await stage.run("security", "approvals", "reject", "00:11:22:33");
  assert.deepEqual([none.exit, none.error?.code], [5, "approval.not-found"]);
});

function listOf(rows: unknown): readonly unknown[] {
  assert.ok(Array.isArray(rows));
  return rows;
}

test("[CLI20] a certificate that cannot be presented is refused before anything is sent", async () => {
  const { key, certificate } = testAuthority("Other", Date.now()).issue({ profile: "person" });
  const other = testAuthority("Another", Date.now()).issue({ profile: "person" });
  const files = {
    "bare.pem": String(certificate),
    "key.pem": keyToPem(key).reveal(),
    "foreign.pem": String(certificate) + keyToPem(other.key).reveal(),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(stage.path(name), text);
  for (const name of [...Object.keys(files), "absent.pem"]) {
    const refused = await stage.run("login", ...where, "--certificate", stage.path(name));
    assert.deepEqual([refused.exit, refused.error?.code], [2, "client.file"], name);
  }
});
