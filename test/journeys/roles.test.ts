import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  adminPassword,
  aServer,
  member,
  type TestServer,
} from "@gridward/server/frontends/https/a-server";
import { runCli, type Ran } from "./run-cli.ts";

/** Roles, maps and why somebody may not: the real program against a server on real TLS. */

const home = mkdtempSync(join(tmpdir(), "gridward-roles-"));
const ruthsHome = mkdtempSync(join(tmpdir(), "gridward-ruth-"));
const station = join(import.meta.dirname, "../../examples/station.scd");
let server: TestServer;

/** As SECADM. */
async function admin(words: string, input = ""): Promise<Ran> {
  return runCli(words, { input, state: home });
}

/** As RBACMNT and nothing else. */
async function ruth(words: string, input = ""): Promise<Ran> {
  return runCli(words, { input, state: ruthsHome });
}

async function must(ran: Promise<Ran>): Promise<Ran> {
  const done = await ran;
  assert.equal(done.exit, 0, done.talk);
  return done;
}

before(async () => {
  server = await aServer();
  const pinned = `--server https://127.0.0.1:${server.port} --fingerprint ${server.fingerprint}`;
  const code = join(home, "code");
  writeFileSync(code, `${server.desk.firstCode.reveal()}\n`);
  await must(admin(`login admin ${pinned} --code-file ${code}`));
  await must(admin("password change --password-file -", `${adminPassword}\n`));
  const create = "account create ruth --role RBACMNT --password-file - --no-must-change";
  await must(admin(create, "Orchard-with-4-bees"));
  await must(ruth(`login ruth ${pinned} --password-file -`, "Orchard-with-4-bees"));
  await must(admin("group create bay1"));
  await must(admin(`device import-scl ${station} --group bay1`));
});
after(async () => {
  await server.close();
  for (const path of [home, ruthsHome]) rmSync(path, { recursive: true });
});

test("[CLI28][AM2] who may do what is shown as a matrix and changed by RBACMNT alone", async () => {
  const shown = await must(ruth("role rights show"));
  assert.match(
    shown.talk,
    /^default, revision 1, as the template relion-670; devices that follow it: \d+/,
  );
  assert.match(shown.data, /Security-Advanced +- +- +- +- +X +- +- +X/);
  const set = "role rights set default Control-Basic INSTALLER full";
  assert.equal((await admin(set)).exit, 4);
  assert.equal((await ruth(`${set} --dry-run`)).exit, 0);
  const done = await must(ruth(`${set} -o json`));
  assert.match(done.data, /"revision": ?2/);
  const twice = await ruth(set);
  assert.equal(twice.exit, 6);
  for (const [words, exit] of [
    ["default Control INSTALLER full", 5],
    ["default Control-Basic FITTER full", 5],
    ["default Control-Basic 7 full", 7],
    ["REL67O Control-Basic OPERATOR none", 5],
    ["default Control-Basic INSTALLER some", 2],
  ] as const) {
    const bad = await ruth(`role rights set ${words}`);
    assert.equal(bad.exit, exit, `${words}: ${bad.talk}`);
  }
  const unknown = await ruth("role rights set REL67O Control-Basic OPERATOR none");
  assert.match(unknown.talk, /known are default, /);
});

test("[CLI28][AM2] a map is exported, changed in an editor, compared and imported", async () => {
  const devices = await must(ruth("role rights list -o json"));
  assert.equal(member(devices.json, "data", "0", "name"), "default");
  const file = join(ruthsHome, "default.json");
  await must(ruth(`role rights export default --out ${file}`));
  assert.equal((await ruth(`role rights export default --out ${file}`)).exit, 2);
  assert.equal((await ruth(`role rights import ${file}`)).exit, 6);
  const text = readFileSync(file, "utf8");
  assert.match(
    text,
    /^ {4}\{"right":"Config-Basic","full":\["ENGINEER","INSTALLER"\],"read":\[\]\},$/m,
  );
  const write = (content: string): string => {
    const path = join(ruthsHome, "changed.json");
    writeFileSync(path, content);
    return path;
  };
  const changed = text.replace(
    '"right":"Setting-Basic","full":["ENGINEER"',
    '"right":"Setting-Basic","full":["OPERATOR","ENGINEER"',
  );
  assert.notEqual(changed, text);
  const tried = await ruth(`role rights import ${write(changed)} --dry-run`);
  assert.equal(tried.exit, 0, tried.talk);
  await must(ruth(`role rights import ${write(changed)}`));
  const late = await ruth(`role rights import ${write(text)}`);
  assert.equal(late.exit, 6);
  assert.match(late.talk, /rights\.changed-since/);
  for (const bad of [
    "",
    text.slice(0, 200),
    "[]",
    text.replace('"map"', '"maps"'),
    changed.replace("ENGINEER", "ENGINER"),
  ]) {
    const refused = await ruth(`role rights import ${write(bad)}`);
    assert.notEqual(refused.exit, 0, bad.slice(0, 40));
    assert.notEqual(refused.exit, 1, refused.talk);
  }
  await must(ruth("role rights use default relion-670-as-printed"));
  const shown = await must(ruth("role rights show default"));
  assert.match(shown.talk, /revision 4, as the template relion-670-as-printed/);
  await must(ruth("role rights use default relion-670"));
});

test("[CLI28][AM2] a private role has a name, and is given by it", async () => {
  assert.equal((await admin("role create DSO_OPERATOR --id -1")).exit, 4);
  await must(ruth("role create dso_operator --id -1 --description grid"));
  assert.equal((await ruth("role create DSO_OPERATOR --id -2")).exit, 6);
  assert.equal((await ruth("role create X_Y --id 9")).exit, 7);
  assert.equal((await ruth("role create X_Y --id one")).exit, 2);
  await must(ruth("role rights set default Control-Basic DSO_OPERATOR full"));
  const listed = await must(ruth("role list -o csv"));
  assert.match(listed.data, /DSO_OPERATOR,-1,private,.*Control-Basic/);
  await must(admin("account create otto --role DSO_OPERATOR@Hill"));
  assert.match((await must(admin("account list"))).data, /DSO_OPERATOR@Hill/);
  assert.equal((await ruth("role delete DSO_OPERATOR --yes")).exit, 7);
  const shown = await must(ruth("role rights show"));
  assert.match(shown.data, /ADMINISTRATOR +DSO_OPERATOR/);
});

test("[CLI29][AM2] whether an account may do something, and why, in sentences", async () => {
  await must(
    admin(
      "account create anna --role OPERATOR --group bay1 --password-file -",
      "Meadow-under-3-oaks",
    ),
  );
  const explain = "account explain anna --right Control-Basic";
  const first = await admin(explain);
  assert.equal(first.exit, 12, first.talk);
  assert.match(first.talk, /^anna may NOT do what Control-Basic protects everywhere\./);
  assert.match(first.data, /sign-in +against +The password of anna must be changed/);
  assert.match(first.data, /role +for +OPERATOR everywhere has Control-Basic, by the map default/);
  const onDevice = await admin(`${explain} --device E01_BCU -o json`);
  assert.equal(onDevice.exit, 12);
  assert.equal(member(onDevice.json, "data", "device"), "E01_BCU");
  await must(
    admin("account set-password anna --password-file - --no-must-change", "Meadow-under-4-oaks"),
  );
  const may = await must(admin(explain));
  assert.match(may.talk, /^anna may do what/);
  assert.equal((await ruth(explain)).exit, 0);
  for (const [words, exit] of [
    ["account explain nobody --right Control-Basic", 5],
    ["account explain anna --right Fly", 2],
    ["account explain anna --right Control-Basic --device Q99", 5],
    ["account explain anna --right Control-Basic --object Hill//Q01", 7],
    ["account explain anna --right Control-Basic --access-point window", 2],
    ["account explain anna", 2],
  ] as const) {
    const bad = await admin(words);
    assert.equal(bad.exit, exit, `${words}: ${bad.talk}`);
  }
});
