import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { get } from "node:https";
import { connect } from "node:tls";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../scripts/demo/stage.ts";

/** A device from its package to the replica, as processes, over real TLS. */

const gridward = join(import.meta.dirname, "../../bin/gridward");
const place = mkdtempSync(join(tmpdir(), "gridward-device-"));
const at = (name: string): string => join(place, name);
const environment = { ...process.env, GRIDWARD_HOME: at("home") };
const running: ChildProcess[] = [];
let httpsOfDevice = 0;
let server: ChildProcess;

interface Ran {
  readonly exit: number | null;
  readonly json: unknown;
  readonly talk: string;
}

async function run(words: string): Promise<Ran> {
  const child = spawn(process.execPath, [gridward, ...words.split(" "), "-o", "json"], {
    env: environment,
  });
  let [data, talk] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (data += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => void (talk += text));
  const exit = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { exit, talk, json: data === "" ? undefined : JSON.parse(data) };
}

async function must(words: string): Promise<unknown> {
  const ran = await run(words);
  assert.equal(ran.exit, 0, `${words}: ${ran.talk}`);
  return ran.json;
}

/** A device that renewed makes its connections anew; it is asked when it is there again. */
async function onceConnected(words: string): Promise<unknown> {
  for (let look = 0; look < 40; look++) {
    const ran = await run(words);
    if (member(ran.json, "error", "code") !== "device.not-connected") {
      assert.equal(ran.exit, 0, `${words}: ${ran.talk}`);
      return ran.json;
    }
    await sleep(500);
  }
  throw new Error(`${words}: the device does not connect`);
}

/** Starts a program and waits for its one line. */
async function start(
  words: string,
): Promise<{ readonly child: ChildProcess; readonly line: unknown }> {
  const child = spawn(process.execPath, [gridward, ...words.split(" ")], {
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.push(child);
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`${words} ended with ${code}`)));
  });
  return { child, line: JSON.parse(line) };
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  return new Promise((resolve) => child.once("exit", resolve));
}

function member(value: unknown, ...keys: readonly string[]): unknown {
  let found: unknown = value;
  for (const key of keys) {
    found = Object.entries(found ?? {}).find(([name]) => name === key)?.[1];
  }
  return found;
}

function secret(name: string, text: string): string {
  writeFileSync(at(name), `${text}\n`);
  return at(name);
}

async function page(
  path: string,
  method = "GET",
): Promise<readonly [status: number, body: string]> {
  return new Promise((resolve, reject) => {
    const options = { method, rejectUnauthorized: false };
    get(`https://127.0.0.1:${httpsOfDevice}${path}`, options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => void (body += text));
      response.once("end", () => resolve([response.statusCode ?? 0, body]));
    }).once("error", reject);
  });
}

before(async () => {
  const [https, link] = [await freePort(), await freePort()];
  httpsOfDevice = await freePort();
  const ports = `--https ${https} --link ${link} --ldaps 0`;
  await must(`server init ${at("A")} --name A --listen 127.0.0.1 ${ports}`);
  server = (await start(`server run ${at("A")}`)).child;
  const made = await must(`system create --local ${at("A")} --base dc=example,dc=org --site Hill`);
  const code = secret("code", String(member(made, "data", "code")));
  const to = `--server https://127.0.0.1:${https} --ca ${at("A")}/certificates/authority.pem`;
  const own = secret("admin", "Hilltop-river-2026");
  await must(`login admin ${to} --code-file ${code}`);
  await must(`password change --password-file ${own}`);
  await must(`login admin ${to} --password-file ${own}`);
  await must("group create bay1");
  const password = secret("password", "Switch-110kV-now");
  const account = `--password-file ${password} --no-must-change`;
  await must(`account create anna --role OPERATOR --group bay1 ${account}`);
  await must(`account create egon --role ENGINEER ${account}`);
  await must("device create Q01 --group bay1");
  await must(`device package Q01 --cost A=3 --out ${at("Q01.package")}`);
});

after(async () => {
  for (const child of running) child.kill("SIGKILL");
  await Promise.all(running.map(exitOf));
  rmSync(place, { recursive: true });
});

test("[IN2][PK3][PK4] a device enrols with its own key; wrong packages leave no device", async () => {
  const sound = readFileSync(at("Q01.package"), "utf8");
  writeFileSync(at("wrong"), sound.replace(/"code": ?"..../, '"code":"0000'));
  const rejected = await run(`ied init ${at("Q01")} --package ${at("wrong")}`);
  assert.deepEqual(
    [rejected.exit, member(rejected.json, "error", "code")],
    [3, "enrolment.rejected"],
  );
  assert.deepEqual(readdirSync(at("Q01")), []);
  writeFileSync(at("wrong"), sound.slice(0, -20));
  const cut = await run(`ied init ${at("Q02")} --package ${at("wrong")}`);
  assert.deepEqual([cut.exit, existsSync(at("Q02"))], [2, false]);

  const https = `--https ${httpsOfDevice}`;
  await must(`ied init ${at("Q01")} --package ${at("Q01.package")} ${https}`);
  assert.equal(statSync(join(at("Q01"), "device.key")).mode & 0o777, 0o600);
  const twice = await run(`ied init ${at("Q01")} --package ${at("Q01.package")}`);
  assert.equal(twice.exit, 6);
});

test("[IN3] run says when all is open, holds its directory, and the replica comes", async () => {
  const stopped = await run(`ied login ${at("Q01")} anna --password-file ${at("password")}`);
  assert.deepEqual([stopped.exit, member(stopped.json, "error", "code")], [8, "ied.not-running"]);
  const { child, line } = await start(`ied run ${at("Q01")}`);
  const ports = { https: httpsOfDevice };
  assert.deepEqual(line, { ready: true, pid: child.pid, ports });
  const second = await run(`ied run ${at("Q01")}`);
  assert.equal(second.exit, 6);
  const good = await must(`ied wait ${at("Q01")} --state replica-good --timeout 30`);
  assert.equal(member(good, "data", "replication", "accounts"), 1);
  assert.equal(statSync(join(at("Q01"), "socket")).mode & 0o777, 0o600);
});

test("[IN4][DV4][DV8] the verbs answer in their shapes and with their exit codes", async () => {
  const signIn = `ied login ${at("Q01")}`;
  const anna = await must(`${signIn} anna --password-file ${at("password")}`);
  const told = ["account", "source", "fresh", "event"].map((name) => member(anna, "data", name));
  assert.deepEqual(told, ["anna", "main", true, 1110]);
  assert.deepEqual(member(anna, "data", "roles"), [{ role: "OPERATOR", area: "*" }]);
  const wrong = secret("wrong-password", "Not-the-password-7");
  const refused = await run(`${signIn} nobody --password-file ${wrong}`);
  assert.deepEqual([refused.exit, member(refused.json, "error", "event")], [3, 1130]);

  assert.equal((await run(`ied check ${at("Q01")} anna Control-Basic`)).exit, 0);
  const no = await run(`ied check ${at("Q01")} anna Config-Basic`);
  assert.deepEqual([no.exit, member(no.json, "error", "code")], [7, "access.no-right"]);
  const status = await must(`ied status ${at("Q01")}`);
  assert.deepEqual(member(status, "data", "servers"), [
    { name: "A", state: "Online", cause: null, cost: 3 },
  ]);
  assert.deepEqual(member(status, "data", "athstat"), { usrblked: false, loggedon: true });
  await must(`ied set ${at("Q01")} replica-interval=1440`);
  assert.equal((await run(`ied set ${at("Q01")} replica-interval=1441`)).exit, 2);
  assert.equal((await run(`ied set ${at("Q01")} replication=on`)).exit, 2);
  await must(`ied logout ${at("Q01")}`);
  assert.equal((await run(`ied wait ${at("Q01")} --state offline --timeout 1`)).exit, 10);
});

test("[IN9][CS3] a cost comes with the package, is set on the running device, and stays", async () => {
  const stranger = await run(`device package Q01 --cost A=1,C=2 --out ${at("stranger")}`);
  assert.equal(member(stranger.json, "error", "code"), "pair.server-not-found");
  assert.equal(existsSync(at("stranger")), false);
  const set = await must(`ied set ${at("Q01")} cost=A=9`);
  assert.deepEqual(member(set, "data", "servers"), [{ name: "A", cost: 9 }]);
  const kept: unknown = JSON.parse(readFileSync(join(at("Q01"), "ied.json"), "utf8"));
  assert.equal(member(member(kept, "servers"), "0", "cost"), 9);
  for (const [value, code, exit] of [
    ["A=0", "ied.wrong-use", 2],
    ["A=1,A=2", "ied.wrong-use", 2],
    ["A=1,B=2", "device.no-such-server", 5],
  ] as const) {
    const refused = await run(`ied set ${at("Q01")} cost=${value}`);
    assert.deepEqual([refused.exit, member(refused.json, "error", "code")], [exit, code]);
  }
  const status = await must(`ied status ${at("Q01")}`);
  assert.equal(member(member(status, "data", "servers"), "0", "cost"), 9);
});

test("[IN5][DV9] HTTPS shows the outputs and takes nothing", async () => {
  const [, athstat] = await page("/athstat");
  assert.equal(member(JSON.parse(athstat), "usrblked"), false);
  const [, status] = await page("/status");
  assert.equal(member(JSON.parse(status), "mode"), "Central");
  const [, metrics] = await page("/metrics");
  assert.match(metrics, /^gridward_ied_loggedon 0$/m);
  for (const path of ["/", "/athstat/", "/device.key", "/__proto__"]) {
    assert.equal((await page(path))[0], 404);
  }
  assert.equal((await page("/athstat", "POST"))[0], 404);
  const inFile = (): string => readFileSync(join(at("Q01"), "athstat.json"), "utf8").trim();
  for (let look = 0; look < 100 && inFile() !== athstat; look++) await sleep(50);
  assert.equal(inFile(), athstat);
});

test("[IN6][PK8] a running device renews for a new key, shows it at once, and nobody is signed out", async () => {
  const file = (name: string): string => readFileSync(join(at("Q01"), name), "utf8");
  const shown = async (): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect({ port: httpsOfDevice, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerX509Certificate()?.toString() ?? "");
        socket.destroy();
      }).once("error", reject);
    });
  await must(`ied login ${at("Q01")} anna --password-file ${at("password")}`);
  const old = { key: file("device.key"), certificate: file("device.pem") };
  const renewed = await must(`ied renew ${at("Q01")}`);
  const young = { key: file("device.key"), certificate: file("device.pem") };
  assert.notEqual(young.key, old.key);
  assert.ok(new X509Certificate(young.certificate).checkPrivateKey(createPrivateKey(young.key)));
  assert.equal(await shown(), young.certificate);
  const told = new X509Certificate(young.certificate).fingerprint256.replaceAll(":", "");
  assert.equal(member(renewed, "data", "fingerprint"), told.toLowerCase());
  assert.equal(statSync(join(at("Q01"), "device.key")).mode & 0o777, 0o600);
  const status = await must(`ied status ${at("Q01")}`);
  assert.equal(member(status, "data", "athstat", "loggedon"), true);
  // A package is the way back where a certificate has ended; before, it works as well.
  await must(`device package Q01 --out ${at("Q01.again")}`);
  await must(`ied renew ${at("Q01")} --package ${at("Q01.again")}`);
  assert.notEqual(file("device.pem"), young.certificate);
  assert.equal((await run(`ied renew ${at("Q01")} --package ${at("Q01.again")}`)).exit, 3);
  await must(`ied wait ${at("Q01")} --state online --timeout 30`);
  await must(`ied logout ${at("Q01")}`);
});

test("[IN7][PK6] certificates of a device are read back, replaced and deleted from afar; without one it has a state with a name", async () => {
  const rowsIn = (json: unknown): readonly unknown[] => {
    const rows: unknown = member(json, "data");
    assert.ok(Array.isArray(rows));
    return rows.map((row: unknown) => row);
  };
  const rowsOf = async (words: string): Promise<readonly unknown[]> => rowsIn(await must(words));
  const uses = (rows: readonly unknown[]): readonly unknown[] =>
    rows.map((row) => member(row, "use"));
  const replaced = await onceConnected("device certificates replace Q01");
  // The one before counts until the server saw the device with the new one.
  const list = async () => rowsOf("device certificates list Q01");
  for (let look = 0; look < 20 && uses(await list()).includes("earlier"); look++) await sleep(500);
  const [current, earlier, ...older] = await list();
  assert.equal(member(current, "use"), "current");
  assert.deepEqual([...new Set(uses([earlier, ...older]))], ["none"]);
  assert.ok(older.length >= 2, "all that it ever had are listed");
  assert.equal(member(current, "serial"), member(replaced, "data", "serial"));
  const held = rowsIn(await onceConnected("device certificates read Q01"));
  assert.deepEqual(uses(held), ["device", "anchor"]);
  assert.ok(held.every((row) => member(row, "known") === true));
  assert.equal(member(held[0], "serial"), member(current, "serial"));
  const [here] = await rowsOf(`ied certificates ${at("Q01")}`);
  assert.equal(member(here, "fingerprint"), member(held[0], "fingerprint"));

  const remove = async (row: unknown): Promise<unknown> =>
    must(`device certificates delete Q01 ${String(member(row, "serial"))} --yes`);
  assert.equal(member(await remove(earlier), "data", "reason"), "superseded");
  assert.equal(member(await remove(current), "data", "reason"), "cessationOfOperation");
  const shown = await must("device show Q01");
  assert.equal(member(shown, "data", "status"), "invalid certificate");
  const told = await must(`ied wait ${at("Q01")} --state invalid-certificate --timeout 30`);
  assert.equal(member(told, "data", "certificate", "reason"), "revoked");
  await must(`device package Q01 --out ${at("Q01.anew")}`);
  await must(`ied renew ${at("Q01")} --package ${at("Q01.anew")}`);
  await must(`ied wait ${at("Q01")} --state replica-good --timeout 40`);
});

test("[IN3][DV1][DV2] without servers members sign in, also after a restart; SIGTERM ends in order", async () => {
  server.kill("SIGKILL");
  await must(`ied wait ${at("Q01")} --state offline --timeout 30`);
  const anna = await must(`ied login ${at("Q01")} anna --password-file ${at("password")}`);
  assert.equal(member(anna, "data", "source"), "replica");
  const egon = await run(`ied login ${at("Q01")} egon --password-file ${at("password")}`);
  assert.deepEqual([egon.exit, member(egon.json, "error", "event")], [3, 1130]);
  const device = running.at(-1);
  assert.ok(device !== undefined);
  device.kill("SIGTERM");
  assert.equal(await exitOf(device), 0);
  const stopped = await must(`ied status ${at("Q01")}`);
  assert.equal(member(stopped, "data", "replication", "accounts"), 1);
  await start(`ied run ${at("Q01")}`);
  const again = await must(`ied login ${at("Q01")} anna --password-file ${at("password")}`);
  assert.equal(member(again, "data", "source"), "replica");
});
