import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  adminPassword,
  aServer,
  member,
  type TestServer,
} from "@gridward/server/frontends/https/a-server";
import type { Ran } from "./run-cli.ts";
import { runHere } from "./run-here.ts";

/** Accounts by the file: the verbs of the program against a server on real TLS. */

const home = mkdtempSync(join(tmpdir(), "gridward-account-files-"));
let server: TestServer;

async function gridward(words: string): Promise<Ran> {
  return runHere(words, home);
}

/** As `gridward`, for what must end well. */
async function done(words: string): Promise<Ran> {
  const ran = await gridward(words);
  assert.equal(ran.exit, 0, ran.talk);
  return ran;
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(home, name);
  writeFileSync(path, content);
  return path;
}

const rowPattern = /"line":(\d+|null),"name":"([^"]*)","outcome":"(\w+)"/g;

function rowsOf({ data }: Ran): readonly string[] {
  return Array.from(data.matchAll(rowPattern), ([, ...members]) => members.join(" "));
}

before(async () => {
  server = await aServer();
  const code = file("code", `${server.desk.firstCode.reveal()}\n`);
  const url = `--server https://127.0.0.1:${server.port} --fingerprint ${server.fingerprint}`;
  await done(`login admin ${url} --code-file ${code}`);
  const password = file("password", `${adminPassword}\n`);
  await done(`password change --password-file ${password}`);
  await done(`login admin ${url} --password-file ${password}`);
  await done("group create bay1");
});
after(async () => {
  await server.close();
  rmSync(home, { recursive: true });
});

const table = [
  "name;display_name;roles;groups;valid_until",
  'anna;"Berg; Anna";OPERATOR@Hill/Q01;bay1;2027-12-31',
  "berta;=2+3;VIEWER;none;never",
].join("\r\n");

test("[CLI31][AM6] a table is tried line by line, imported at once, and undone", async () => {
  const path = file("people.csv", `\ufeff${table}\r\n`);
  const entries = server.desk.entries().length;
  const tried = await done(`account import ${path} --dry-run -o json`);
  assert.deepEqual(rowsOf(tried), ["2 anna create", "3 berta create"]);
  assert.equal(server.desk.entries().length, entries);
  const codes = join(home, "codes.csv");
  const imported = await done(`account import ${path} --codes ${codes} -o json`);
  assert.equal(server.desk.entries().length, entries + 1);
  assert.match(imported.talk, /create 2/);
  assert.equal(statSync(codes).mode & 0o777, 0o600);
  const [, line = ""] = readFileSync(codes, "utf8").split("\r\n");
  const [name, code = ""] = line.split(",");
  assert.equal(name, "anna");
  assert.ok(!imported.data.includes(code) && !imported.talk.includes(code));
  const shown = await done("account show anna -o json");
  assert.equal(member(shown.json, "data", "display_name"), "Berg; Anna");
  assert.match(shown.data, /"area":"Hill\/Q01".*"not_after":"2028-01-01T00:00:00.000Z"/);
  const again = await done(`account import ${path} -o json`);
  assert.deepEqual(rowsOf(again), ["2 anna skipped", "3 berta skipped"]);
  const [, set = ""] = /account undo (\w+)/.exec(imported.talk) ?? [];
  assert.equal((await gridward(`account undo ${set}`)).exit, 2, "not confirmed");
  await done(`account undo ${set} --yes`);
  assert.equal((await gridward("account show anna")).exit, 5);
  assert.equal((await gridward(`account undo ${set} --yes`)).exit, 6);
  assert.match((await done("account change-sets")).data, /import/);
});

test("[CLI32][AM6] bad lines are all told with number and reason, and nothing is imported", async () => {
  const path = file(
    "bad.csv",
    "name,roles,enabled\ncarl,OPERATOR,true\nd ora,,\nemil,CHIEF,\nfritz,VIEWER,perhaps\n",
  );
  const entries = server.desk.entries().length;
  const tried = await gridward(`account import ${path} --dry-run -o json`);
  assert.equal(tried.exit, 12);
  assert.deepEqual(rowsOf(tried), [
    "2 carl create",
    "3 d ora refused",
    "4 emil refused",
    "5 fritz refused",
  ]);
  const refused = await gridward(`account import ${path} -o json`);
  assert.equal(refused.exit, 7);
  assert.equal(member(refused.json, "error", "code"), "account.bad-rows");
  for (const text of [
    /^line 3, d ora: /m,
    /^line 4, emil: .*CHIEF/m,
    /^line 5, fritz: enabled: /m,
  ]) {
    assert.match(refused.talk, text);
  }
  assert.equal(server.desk.entries().length, entries);
});

test("[CLI33][AM6] files that cannot be read are one sentence, and change nothing", async () => {
  const entries = server.desk.entries().length;
  const wrong: readonly (readonly [string | Uint8Array, RegExp])[] = [
    ["", /no accounts|empty/],
    ["name,roles\n", /no accounts/],
    ["a,b\n1,2\n", /no column is the login name/],
    ["name,roles\nanna\n", /line 2/],
    ['name\n"anna\n', /[Qq]uote/],
    ["name,name\nanna,b\n", /twice/],
    [new Uint8Array([0x6e, 0xff, 0x0a]), /neither UTF-8 nor UTF-16/],
    ["dn: uid=a\nchangetype: delete\n", /line 2: only entries/],
    [`name\n${"anna\n".repeat(10_001)}`, /more than 10000 lines/],
  ];
  for (const [content, says] of wrong) {
    const ran = await gridward(`account import ${file("wrong", content)}`);
    assert.equal(ran.exit, 2, ran.talk);
    assert.match(ran.talk, says);
  }
  const path = file("people.csv", table);
  for (const words of [
    "--format xml",
    "--map name",
    "--map nix=name",
    "--missing delete",
    "--on-existing replace",
    "--update code",
    "--role OPERATOR,until=soon",
  ]) {
    assert.equal((await gridward(`account import ${path} ${words}`)).exit, 2, words);
  }
  assert.equal(server.desk.entries().length, entries);
});

test("[CLI34][AM6] exports of Active Directory are read: Export-Csv in UTF-16, and ldifde", async () => {
  const rows = [
    "#TYPE Selected.Microsoft.ActiveDirectory.Management.ADUser",
    '"DistinguishedName","Enabled","Name","ObjectClass","SamAccountName","SID"',
    '"CN=Gerd,DC=corp","False","Gerd Müller","user","Gerd.M","S-1-5"',
    '"CN=PC1,DC=corp","True","PC1","computer","PC1$","S-1-6"',
  ];
  const bytes = Buffer.from(`\ufeff${rows.join("\r\n")}\r\n`, "utf16le");
  const path = file("ad.csv", bytes);
  const ran = await done(`account import ${path} --role VIEWER --group bay1 -o json`);
  assert.deepEqual(rowsOf(ran), ["3 gerd.m create", "4 PC1$ skipped"]);
  assert.match(ran.talk, /not read: distinguishedname, sid/);
  const gerd = await done("account show gerd.m -o json");
  assert.equal(member(gerd.json, "data", "display_name"), "Gerd Müller");
  assert.equal(member(gerd.json, "data", "state"), "disabled");
  const ldif = [
    "dn: CN=Hans,DC=corp",
    "changetype: add",
    "objectClass: user",
    "sAMAccountName: hans",
    "displayName:: SGFucyBIw7ZsbA==",
    "userAccountControl: 512",
    "unicodePwd:: AAAA",
    "accountExpires: 134116992000000000",
    "",
  ].join("\r\n");
  await done(`account import ${file("ad.ldf", ldif)} --role VIEWER`);
  const hans = await done("account show hans -o json");
  assert.equal(member(hans.json, "data", "display_name"), "Hans Höll");
  assert.match(hans.data, /"password":null/);
  assert.match(hans.data, /"not_after":"2026-01-01T00:00:00.000Z"/);
});

test("[CLI35][AM6] what is exported is imported without a change, formula or not, with no secret", async () => {
  await done(
    "account create ida --display-name =1+1 --role ENGINEER@Hill --valid-until 2027-06-30",
  );
  for (const format of ["csv", "ldif"]) {
    const out = join(home, `out.${format}`);
    await done(`account export --out ${out} --format ${format}`);
    const text = readFileSync(out, "utf8");
    assert.doesNotMatch(text, /argon2|password|verifier|,=|^=/im);
    assert.equal(statSync(out).mode & 0o777, 0o600);
    const back = await done(`account import ${out} --on-existing update --dry-run -o json`);
    for (const row of rowsOf(back)) assert.match(row, / unchanged$/);
    assert.equal((await gridward(`account export --out ${out}`)).exit, 2, "it is there already");
  }
});

test("[CLI36][AM6] several accounts are changed at once, by name or by group and role", async () => {
  const path = file("three.csv", "name\nkarl\nlena\nmona\n");
  await done(`account import ${path} --role OPERATOR --group bay1`);
  const off = await done("account disable karl lena -o json");
  assert.deepEqual(rowsOf(off), ["null karl disable", "null lena disable"]);
  const on = await done("account enable --of-group bay1 --of-role OPERATOR -o json");
  assert.deepEqual(rowsOf(on), ["null karl update", "null lena update", "null mona unchanged"]);
  await done("account update --of-role OPERATOR --add-role ENGINEER@Hill --valid-until 2027-12-31");
  assert.match(
    (await done("account show mona -o json")).data,
    /"ENGINEER","area":"Hill".*2028-01-01/,
  );
  assert.equal((await gridward("account disable")).exit, 2);
  assert.equal((await gridward("account disable karl --of-group bay1")).exit, 2);
  assert.equal((await gridward("account disable karl nobody")).exit, 7);
  assert.equal((await gridward("account delete karl lena")).exit, 2, "not confirmed");
  await done("account delete karl lena --yes");
  const missing = file("mona.csv", "name\nmona\n");
  assert.equal((await gridward(`account import ${missing} --missing disable`)).exit, 2);
  const rest = await done(`account import ${missing} --missing disable --yes -o json`);
  assert.ok(rowsOf(rest).includes("null admin kept"), rest.data);
  assert.ok(rowsOf(rest).includes("null hans disable"), rest.data);
});
