import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { devicePackage } from "@gridward/core/api/device-package";
import {
  adminPassword,
  aServer,
  member,
  type TestServer,
} from "@gridward/server/frontends/https/a-server";
import { lockDirectory } from "@gridward/runtime/os/directory-lock";
import { freePort } from "../../scripts/demo/stage.ts";
import { runCli, type Ran } from "./run-cli.ts";

/** The real program, as a person or a script runs it, against a server on real TLS. */

const home = mkdtempSync(join(tmpdir(), "gridward-cli-"));
let server: TestServer;
let url = "";

async function gridward(
  words: string,
  input: string | Uint8Array = "",
  state = home,
): Promise<Ran> {
  return runCli(words, { input, state });
}

function file(name: string, text: string): string {
  const path = join(home, name);
  writeFileSync(path, text);
  return path;
}

before(async () => {
  server = await aServer();
  url = `https://127.0.0.1:${server.port}`;
});
after(async () => {
  await server.close();
  rmSync(home, { recursive: true });
});

test("[CLI2] an unknown server is sent nothing, and its fingerprint is shown", async () => {
  const code = file("code", `${server.desk.firstCode.reveal()}\n`);
  const entries = server.desk.entries().length;
  const refused = await gridward(`login admin --server ${url} --code-file ${code} -o json`);
  assert.equal(refused.exit, 8);
  assert.equal(member(refused.json, "error", "code"), "client.untrusted-server");
  assert.ok(refused.data.includes(server.fingerprint.replaceAll(":", "").toLowerCase()));
  const wrong = `--fingerprint ${"0".repeat(64)}`;
  const other = await gridward(`login admin --server ${url} --code-file ${code} ${wrong}`);
  assert.equal(other.exit, 8);
  assert.equal(server.desk.entries().length, entries);
});

test("[CLI3] from the first code to a session under the CA", async () => {
  const pinned = `--server ${url} --fingerprint ${server.fingerprint}`;
  const code = join(home, "code");
  const first = await gridward(`login admin ${pinned} --code-file ${code} -o json`);
  assert.equal(first.exit, 0, first.talk);
  assert.match(first.talk, /gridward password change/);
  assert.doesNotMatch(first.data, /gws1\./);
  const kept = join(home, "login.json");
  assert.equal(statSync(kept).mode & 0o777, 0o600);
  const early = await gridward("account list");
  assert.equal(early.exit, 3);
  const password = `--password-file -`;
  const changed = await gridward(`password change ${password}`, `${adminPassword}\n`);
  assert.equal(changed.exit, 0, changed.talk);
  const again = await gridward(`login admin --server ${url} ${password}`, adminPassword);
  assert.equal(again.exit, 0, again.talk);
  assert.ok(!readFileSync(kept, "utf8").includes(adminPassword));
  const who = await gridward("whoami -o json");
  assert.equal(member(who.json, "data", "account", "name"), "admin");
});

test("[CLI15][HS2] who knows one server learns of the others by the next command", async () => {
  const kept = join(home, "login.json");
  const login = readFileSync(kept, "utf8");
  const other = url.replace("127.0.0.1", "localhost");
  const named = "https://127.0.0.1:8443"; // As the system names the server.
  const askOver = async (...servers: readonly string[]): Promise<string> => {
    writeFileSync(kept, JSON.stringify({ ...JSON.parse(login), servers }));
    assert.equal((await gridward("whoami")).exit, 0);
    return readFileSync(kept, "utf8");
  };
  assert.ok((await askOver(other)).includes(named));
  // Whoever knows two does not ask again each time.
  assert.ok(!(await askOver(other, "https://b.example")).includes(named));
  writeFileSync(kept, login);
});

test("[CLI1] data, talk and exit code of an answer and of a refusal", async () => {
  const made = await gridward("group create bay1 -o json");
  assert.deepEqual([made.exit, made.talk], [0, ""]);
  assert.equal(member(made.json, "meta", "server"), "A");
  const twice = await gridward("group create bay1");
  assert.deepEqual([twice.exit, twice.data], [6, ""]);
  const [happened = "", doing = ""] = twice.talk.split("\n");
  assert.match(happened, /exists/);
  assert.match(doing, /\[group\.exists, id \w+\]$/);
  const none = await gridward("account show nobody -o json -q");
  assert.deepEqual([none.exit, none.talk], [5, ""]);
  assert.equal(member(none.json, "error", "code"), "account.not-found");
  const bad = await gridward("group create BAY_1!");
  assert.equal(bad.exit, 7);
  const audit = await gridward("event list");
  assert.equal(audit.exit, 4);
  const wrong = await gridward("login admin --password-file -", "wrong");
  assert.equal(wrong.exit, 3);
});

test("[CLI8] every form shows a list that has several pages", async () => {
  const order = { kind: "account", id: "01ADMIN0000000000000000000" } as const;
  const actor = { ...order, name: "admin", door: "https", source: "" } as const;
  const { accountId } = await import("@gridward/core/base/identity");
  for (let number = 0; number < 620; number++) {
    server.desk.order(actor, {
      kind: "create-account",
      id: accountId(`id-${number}`),
      name: `person-${String(number).padStart(3, "0")}`,
      displayName: "",
      roles: [],
      groups: [],
      policy: "utility",
      password: null,
      mustChange: false,
    });
  }
  const lines = async (form: string): Promise<number> =>
    (await gridward(`account list -o ${form} --search person`)).data.trimEnd().split("\n").length;
  assert.equal(await lines("jsonl"), 620);
  assert.equal(await lines("csv"), 621);
  assert.equal(await lines("table"), 621);
  const some = await gridward("account list -o jsonl --sort -name --search person --limit 2");
  assert.match(some.data, /person-619.*\n.*person-618/);
});

test("[CLI4] a dead server is passed over, a Standby leads to the Main", async () => {
  const port = await freePort();
  const { desk } = server;
  const state: typeof desk.front.state = () => {
    const now = desk.front.state();
    const main = now.tables.servers.first();
    assert.ok(main);
    const ports = { ...main.ports, https: server.port };
    const servers = now.tables.servers.set("A", { ...main, ports });
    return { ...now, tables: { ...now.tables, servers } };
  };
  const front: typeof desk.front = {
    ...desk.front,
    state,
    condition: () => ({ ...desk.front.condition(), duty: "standby", state: "standby-valid" }),
    submit: async () => ({ ok: false, error: { code: "pair.not-main", detail: "" } }),
  };
  const standby = await aServer({ desk: { ...desk, front } });
  const ca = file("both.pem", server.ca + standby.ca);
  const servers = `--server https://127.0.0.1:${port} --server https://127.0.0.1:${standby.port}`;
  const made = await gridward(`group create bay2 ${servers} --ca ${ca} -o json`);
  assert.equal(made.exit, 0, made.talk);
  const read = await gridward(`group list ${servers} --ca ${ca} -o json`);
  assert.equal(read.exit, 0, read.talk);
  await standby.close();
});

test("[CLI23][CS3] the cheapest server is asked first, of equals the Main; none is believed for it", async (t) => {
  const { desk } = server;
  const condition: typeof desk.front.condition = () => ({
    ...desk.front.condition(),
    duty: "standby",
    state: "standby-valid",
  });
  const standby = await aServer({ desk: { ...desk, front: { ...desk.front, condition } } });
  t.after(async () => standby.close());
  const other = `https://127.0.0.1:${standby.port}`;
  const kept = join(home, "login.json");
  const saved = readFileSync(kept, "utf8");
  const ca = `--ca ${file("both.pem", server.ca + standby.ca)} -o json`;
  const again = `login admin --server ${url} --server ${other} --password-file - ${ca}`;
  const asks = async (words = ca): Promise<readonly unknown[]> => {
    const { json, data, exit, talk } = await gridward(`whoami ${words}`);
    assert.equal(exit, 0, talk);
    const [, first, cost] = /"servers":\[\{"url":"([^"]+)","cost":(\d+)/.exec(data) ?? [];
    return [member(json, "meta", "duty"), first, Number(cost)];
  };

  assert.equal((await gridward(`${again} --cost ${other}=1`, adminPassword)).exit, 0);
  assert.deepEqual(await asks(), ["standby", other, 1]);
  // It is not proved without its CA, so it is passed over.
  assert.deepEqual(await asks("-o json"), ["lone", other, 1]);
  assert.equal((await gridward(again, adminPassword)).exit, 0);
  assert.deepEqual(await asks(), ["standby", other, 1]);

  const chosen = readFileSync(kept, "utf8");
  for (const [cost, expected] of [
    [`${other}=0`, /a cost is a whole number from 1 to 99/],
    ["C=1", /no server of the system; it has A/],
  ] as const) {
    const refused = await gridward(`${again} --cost ${cost}`, adminPassword);
    assert.deepEqual([refused.exit, readFileSync(kept, "utf8")], [2, chosen]);
    assert.match(refused.talk, expected);
  }

  const equal = { servers: [other, url], costs: {}, main: null };
  writeFileSync(kept, JSON.stringify({ ...JSON.parse(chosen), ...equal }));
  assert.deepEqual(await asks(), ["standby", other, 6]);
  assert.equal((await asks(`--server ${url} ${ca}`))[0], "lone");
  assert.deepEqual(await asks(), ["lone", url, 6]);
  writeFileSync(kept, saved);
});

test("[CLI5] no server is 8, a Standby alone is 9", async () => {
  const nobody = await gridward("whoami --server https://127.0.0.1:1 -o json");
  assert.deepEqual([nobody.exit, member(nobody.json, "error", "code")], [8, "client.no-server"]);
  server.desk.become({ duty: "standby", state: "standby-valid" });
  const alone = await gridward("group create bay9 -o json");
  server.desk.become({ duty: "lone", state: "lone" });
  assert.deepEqual([alone.exit, member(alone.json, "error", "code")], [9, "client.only-standby"]);
});

test("[CLI5] a server that says nothing is 10 or passed over", async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const address = silent.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const waited = await gridward(`whoami --server https://127.0.0.1:${port} --timeout 0.3`);
  assert.equal(waited.exit, 8);
  silent.close();
});

test("[CLI6] a secret is never an argument, and is demanded where nobody can be asked", async () => {
  const asked = await gridward(`login admin --server ${url}`);
  assert.equal(asked.exit, 2);
  assert.match(asked.talk, /--password-file/);
  const absent = await gridward(`login admin --server ${url} --password-file ${home}/absent`);
  assert.equal(absent.exit, 2);
});

test("[CLI7] deleting is confirmed, a dry run changes nothing", async () => {
  const made = await gridward("account create anna --role OPERATOR@Hill/Q01 --group bay1 -o json");
  assert.equal(made.exit, 0, made.talk);
  assert.match(member(made.json, "data", "code"), /^[0-9A-Z-]{30}$/);
  assert.equal((await gridward("account delete anna")).exit, 2);
  assert.equal((await gridward("account delete anna --dry-run")).exit, 0);
  assert.equal((await gridward("account show anna")).exit, 0);
  assert.equal((await gridward("account delete anna --yes")).exit, 0);
  assert.equal((await gridward("account show anna")).exit, 5);
});

test("[CLI7] what cannot be only tried is refused under --dry-run, and not done", async () => {
  const made = join(home, "not-made");
  const there = join(home, "there");
  assert.equal((await gridward(`server init ${there} --name T --listen 127.0.0.1`)).exit, 0);
  const entries = server.desk.entries().length;
  const signedIn = ["pair changeover --to B", "pair promote --force", "pair maintenance on"];
  const key = file("recovery", "05XA-R2N0-1QD1-MNH4-01MV-YQ2S-6XPN-3AHC");
  const local = [
    ...signedIn.slice(1),
    "backup create",
    `backup key confirm --key-file ${key}`,
    "system create --base dc=example --site Hill",
    "pair resync",
  ].map((words) => `${words} --local ${there}`);
  const others = [
    `server init ${made} --name N`,
    `server join ${there} --code-file ${key}`,
    `server first-code ${there}`,
    `server unlock ${there} anna`,
    "backup create",
  ];
  for (const words of [...signedIn, ...local, ...others]) {
    const tried = await gridward(`${words} --dry-run -o json`);
    assert.deepEqual(
      [tried.exit, member(tried.json, "error", "code")],
      [2, "client.wrong-use"],
      words,
    );
  }
  assert.ok(!existsSync(made));
  assert.equal(server.desk.entries().length, entries);
});

test("[CLI6] bytes that are no text are no secret, from a pipe as from a file", async () => {
  const latin = Buffer.from("Ä-long-passw\u00f6rd-4711\n", "latin1");
  const path = join(home, "latin");
  writeFileSync(path, latin);
  for (const [option, input] of [
    [path, ""],
    ["-", latin],
  ] as const) {
    const words = `account create latin --password-file ${option} -o json`;
    const refused = await gridward(words, input);
    assert.equal(refused.exit, 2, refused.talk);
    assert.match(refused.talk, /not UTF-8/);
  }
});

const station = `<?xml version="1.0"?>
<SCL xmlns="http://www.iec.ch/61850/2003/SCL" version="2007" revision="B">
  <Header id="Hill"/>
  <IED name="Q01" manufacturer="Maker" type="P100"><AccessPoint name="AP1"/></IED>
  <IED name="Q02" manufacturer="Maker" type="P100"><AccessPoint name="AP1"/></IED>
</SCL>
`;

test("[CLI9][AM6] every device of a substation file is reported; a bad file changes nothing", async () => {
  const scd = file("hill.scd", station);
  const tried = await gridward(`device import-scl ${scd} --group bay1 --dry-run -o csv`);
  assert.equal(tried.exit, 0, tried.talk);
  assert.match(tried.data, /Q01,Maker,P100,AP1,,new/);
  assert.equal((await gridward("device list -o jsonl")).data, "");
  assert.equal((await gridward(`device import-scl ${scd} --group bay1`)).exit, 0);
  const again = await gridward(`device import-scl ${scd} --group bay1 -o csv`);
  assert.match(again.data, /Q01.*already there/);
  for (const text of ["", "plain text", "<SCL>", station.slice(0, 200)]) {
    const bad = await gridward(`device import-scl ${file("bad.scd", text)} --group bay1`);
    assert.equal(bad.exit, 2, bad.talk);
    assert.equal(bad.talk.trimEnd().split("\n").length, 2);
  }
});

test("[CLI10][PK3] a package is a file of its owner only", async () => {
  const out = join(home, "q01.json");
  const made = await gridward(`device package Q01 --out ${out} -o json`);
  assert.equal(made.exit, 0, made.talk);
  assert.equal(statSync(out).mode & 0o777, 0o600);
  const content = devicePackage.parse(JSON.parse(readFileSync(out, "utf8")));
  assert.equal(content.device.name, "Q01");
  assert.ok(!made.data.includes(content.enrolment.code));
});

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

test("[CLI14][CLI25][HS13] people read first what is the matter, and programs every member", async () => {
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
  const pair = (await gridward("pair status")).data.split("\n");
  assert.match(pair[1] ?? "", /^state +● Lone \(lone\)$/);
});

test("[CLI12] what is not understood is exit 2", async () => {
  const wrong = [
    "acount list",
    "account",
    "account create",
    "account list --colour",
    "account list -o xml",
    "whoami --timeout soon",
    "whoami --server http://127.0.0.1",
    "login admin --fingerprint 12 --password-file -",
  ];
  for (const words of wrong) assert.equal((await gridward(words)).exit, 2, words);
  assert.equal((await gridward("--help")).exit, 0);
});

test("[CLI3] after logout nobody is signed in", async () => {
  assert.equal((await gridward("logout")).exit, 0);
  const who = await gridward("whoami -o json");
  assert.deepEqual([who.exit, member(who.json, "error", "code")], [3, "client.not-signed-in"]);
});
