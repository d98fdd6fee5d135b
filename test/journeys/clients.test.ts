import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { keyToPem } from "@gridward/runtime/trust/x509/keys";
import { type DemoServer, initServer, member, runServer } from "../../scripts/demo/cast.ts";
import { Stage, type Ended } from "../../scripts/demo/stage.ts";
import { adminPassword, foundSystem } from "../faults/servers.ts";
import { runCli, type Ran } from "./run-cli.ts";

/** Who signs in by certificate at a real server, and who is served without any (CS7, CS13, CS14). */

const stage = new Stage();
let server: DemoServer;
let where: readonly string[] = [];
const adminFile = stage.path("admin.pem");
/** Where a sign-in may be asked for (CS17). */
let proof: readonly string[] = [];

before(async () => {
  server = await initServer(stage, "A");
  await runServer(stage, server);
  (await foundSystem(stage, server)).close();
  const password = stage.secretFile("password", adminPassword);
  proof = ["--password-file", password];
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
  await done("security", "set", "map-clients=true", ...proof);
  const required = ["security", "set", "require-client-certificates=true"];
  const shutOut = await stage.run(...required);
  assert.deepEqual([shutOut.exit, shutOut.error?.code], [7, "security.shuts-you-out"]);
  const signedIn = await done("login", ...where, "--certificate", adminFile);
  assert.equal(member(signedIn.data, "account", "name"), "admin");
  await done(...required, "--yes");
  const who = await done("whoami");
  assert.match(String(member(who.data, "certificate")), /^[0-9a-f]{64}$/);
});

/** As a person reads it: what is printed, and what is said beside it. */
async function read(words: string, state = stage.path("home")): Promise<Ran> {
  return runCli(words, { state });
}

/** Refused with this exit and code, which people read as well. */
async function isRefused(words: string, exit: number, code: string): Promise<void> {
  const ran = await read(words);
  assert.deepEqual([ran.exit, ran.data], [exit, ""], `${words}: ${ran.talk}`);
  assert.ok(ran.talk.includes(`[${code}`), `${words}: ${ran.talk}`);
}

/** The lines of a table below its head, cut where more than one blank is. */
function linesOf({ exit, data, talk }: Ran): readonly (readonly string[])[] {
  assert.equal(exit, 0, talk);
  const [, ...lines] = data.trimEnd().split("\n");
  return lines.map((line) => line.trimEnd().split(/ {2,}/));
}

test("[CLI21][CS7] a legacy peer is listed with who answers for it, and served no more", async () => {
  const allow = "security legacy allow";
  const owned = "--owner Anna";
  const day = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
  await isRefused(
    `${allow} 192.0.2.7 ${owned} --reason old-relay --until soon`,
    2,
    "client.wrong-use",
  );
  await isRefused(`${allow} 192.0.2.7 ${owned} --until ${day}`, 2, "client.wrong-use");
  await isRefused(
    `${allow} relay.example.org ${owned} --reason old --until ${day}`,
    7,
    "legacy.bad-address",
  );
  await isRefused(
    `${allow} 192.0.2.7 ${owned} --reason old --until 2020-01-01`,
    7,
    "legacy.bad-end",
  );
  assert.deepEqual(linesOf(await read("security legacy list")), []);
  await read(`${allow} 192.0.2.7 ${owned} --reason old-relay --until ${day}`);
  await isRefused(
    `${allow} 192.0.2.7 ${owned} --reason old-relay --until ${day}`,
    6,
    "legacy.unchanged",
  );
  const listed = await read("security legacy list");
  assert.match(listed.data, /^ADDRESS +SERVED +OWNER +UNTIL /);
  const [row = []] = linesOf(listed);
  assert.deepEqual(row.slice(0, 4), ["192.0.2.7", "false", "Anna", `${day}T23:59:59.000Z`]);
  assert.equal(listed.talk, "A: legacy is false: none is served\n");
  await done("security", "set", "legacy=true", "--yes");
  const served = await read("security legacy list");
  assert.deepEqual(linesOf(served)[0]?.slice(0, 3), ["192.0.2.7", "true", "Anna"]);
  assert.equal(served.talk, "A: the listed ones are served\n");
  await done("security", "set", "legacy=false");
  await done("security", "legacy", "remove", "192.0.2.7");
  assert.deepEqual(linesOf(await read("security legacy list")), []);
  await isRefused("security legacy remove 192.0.2.7", 5, "legacy.not-found");
});

test("[CLI21][CS14] an unknown client waits, is approved as an account, and signs in; another is rejected", async () => {
  const [nina, nora] = [await issue("Nina"), await issue("Nora")];
  const approvals = "security approvals";
  assert.deepEqual(linesOf(await read(`${approvals} list`)), []);
  for (const { file } of [nina, nora]) assert.equal(await login(file), "client-certificate.nobody");
  const listed = async () => {
    const lines = linesOf(await read(`${approvals} list`));
    return lines.map(([fingerprint = "", state = "", kind = "", , certificate = ""]) => {
      const [subject = ""] = certificate.split(",");
      return `${fingerprint} ${state} ${kind} ${subject}`;
    });
  };
  const both = [
    `${nina.fingerprint} waiting client CN=Nina`,
    `${nora.fingerprint} waiting client CN=Nora`,
  ];
  assert.deepEqual((await listed()).toSorted(), both.toSorted());
  await isRefused(`${approvals} approve ${nina.fingerprint}`, 7, "approval.needs-account");
  await isRefused(
    `${approvals} approve ${nina.fingerprint} --account nobody`,
    5,
    "account.not-found",
  );
  await isRefused(`${approvals} approve 00:11:22:33 --account admin`, 5, "approval.not-found");
  await isRefused(`${approvals} reject 00:11:22:33`, 5, "approval.not-found");
  assert.equal(await login(nina.file), "client-certificate.nobody");
  const approved = await read(`${approvals} approve ${nina.fingerprint} --account admin`);
  assert.equal(approved.exit, 0, approved.talk);
  assert.match(
    approved.data,
    new RegExp(`^fingerprint +${nina.fingerprint}\nkind +client\nas +admin$`, "m"),
  );
  assert.equal(await login(nina.file), "");
  const rejected = await read(`${approvals} reject ${nora.fingerprint}`);
  assert.equal(rejected.exit, 0, rejected.talk);
  assert.match(rejected.data, new RegExp(`^fingerprint +${nora.fingerprint}\nkind +client$`, "m"));
  await isRefused(`${approvals} reject ${nora.fingerprint}`, 6, "approval.rejected-already");
  assert.equal(await login(nora.file), "client-certificate.nobody");
  assert.deepEqual(await listed(), [`${nora.fingerprint} rejected client CN=Nora`]);
});

test("[CLI20][CS13] which certificate leads to an account is said, listed and taken back", async () => {
  const otto = await issue("Otto");
  const certificate = "account certificate";
  const key = `sha256:${otto.fingerprint}`;
  const add = `${certificate} add admin`;
  await isRefused(add, 2, "client.wrong-use");
  await isRefused(`${add} --file ${otto.file} --san email:x@example.org`, 2, "client.wrong-use");
  await isRefused(`${add} --fingerprint 0011`, 7, "mapping.bad-key");
  await isRefused(`${add} --san otto`, 7, "mapping.bad-key");
  await isRefused(`${add} --file ${stage.path("password")}`, 2, "client.file");
  await isRefused(`${certificate} add nobody --file ${otto.file}`, 5, "account.not-found");
  const added = await read(`${add} --file ${otto.file}`);
  assert.equal(added.exit, 0, added.talk);
  assert.match(added.data, new RegExp(`^key +${key}$`, "m"));
  await isRefused(`${add} --fingerprint ${otto.fingerprint}`, 6, "mapping.exists");
  const listed = async () =>
    linesOf(await read(`${certificate} list admin`)).map((line) => line.slice(0, 3).join(" "));
  const own = "email:admin@example.org admin admin";
  const both = await listed();
  assert.ok(both.includes(own) && both.includes(`${key} admin admin`), both.join("\n"));
  assert.equal(await login(otto.file), "");
  await isRefused(`${certificate} remove admin sha256:${"0".repeat(64)}`, 5, "mapping.not-found");
  await isRefused(
    `${certificate} remove admin email:admin@example.org`,
    7,
    "security.shuts-you-out",
  );
  const removed = await read(`${certificate} remove admin ${key}`);
  assert.equal(removed.exit, 0, removed.talk);
  assert.equal(await login(otto.file), "client-certificate.nobody");
  assert.deepEqual(
    await listed(),
    both.filter((line) => !line.startsWith(key)),
  );
});

/** Key and certificate in one file, that lead to nobody. */
async function issue(name: string) {
  const file = stage.path(`${name}.pem`);
  const order = ["--profile", "person", "--email", `${name}@example.org`, "--out", file];
  await done("ca", "issue", name, ...order, "--no-password");
  const { fingerprint256 } = new X509Certificate(stage.readText(`${name}.pem`));
  return { file, fingerprint: fingerprint256.replaceAll(":", "").toLowerCase() };
}

/** Somebody else's sign-in by certificate: the code of its refusal. */
async function login(file: string): Promise<string> {
  const words = ["login", ...where, "--certificate", file, "-o", "json"];
  const { exit, json } = await read(words.join(" "), stage.path("elsewhere"));
  const code = member(member(json, "error"), "code");
  assert.equal(exit === 0, code === undefined);
  return typeof code === "string" ? code : "";
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
