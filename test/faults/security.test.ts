import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connect } from "node:tls";
import type { Answered, Api } from "../../scripts/demo/api.ts";
import { type DemoServer, member, runServer } from "../../scripts/demo/cast.ts";
import { Stage } from "../../scripts/demo/stage.ts";
import {
  adminPassword,
  assertRefused,
  foundSystem,
  initServer,
  joinTo,
  lookAt,
  orderLocally,
  signIn,
  type Status,
  waitForState,
  waitUntil,
} from "./servers.ts";

/** Settings of two servers in contradiction: said on both, healed by setting them back. */

const stage = new Stage();
let a: DemoServer;
let b: DemoServer;
let api: Api;

/** Both servers must say it so soon (CS9). */
const saidWithinMs = 10_000;

before(async () => {
  a = await initServer(stage, "A");
  b = await initServer(stage, "B");
  await Promise.all([runServer(stage, a), runServer(stage, b)]);
  api = await foundSystem(stage, a);
  await joinTo(api, a, b);
  await areWell();
});
after(async () => {
  api.close();
  await stage.clear();
});

async function areWell(): Promise<void> {
  await waitForState(b, "standby-valid");
  await waitForState(a, "main-protected");
  for (const server of [a, b]) {
    await waitUntil(server, "both directions pass", ({ partners }) =>
      ["dial", "accept"].every((way) => member(first(partners), way, "verdict") === "ok"),
    );
  }
}

function first(list: unknown): unknown {
  return Array.isArray(list) ? list[0] : undefined;
}

function conflictOf({ partners }: Status): readonly unknown[] {
  const conflict = member(first(partners), "conflict");
  return [member(conflict, "code"), member(conflict, "refused_by")];
}

async function set(
  server: DemoServer,
  settings: Readonly<Record<string, string>>,
  confirm = false,
): Promise<Answered> {
  const body = { settings, confirm, dry_run: false };
  const answered = await orderLocally(server, "/local/security/settings", body);
  assert.equal(answered?.status, 200, JSON.stringify(answered));
  return answered;
}

/** Within the time since the change was ordered, its answer included. */
async function bothSay(code: string, refuser: string, orderedAt: number): Promise<void> {
  for (const server of [a, b]) {
    await waitUntil(server, `says ${code}`, (status) =>
      [code, refuser].every((word, index) => conflictOf(status)[index] === word),
    );
  }
  const saidAfter = performance.now() - orderedAt;
  assert.ok(saidAfter < saidWithinMs, `${Math.round(saidAfter)} ms`);
}

test("[CS1][CS4][CS8][CS9] a Main set to its temporary certificate: both say T01, and setting it back heals", async () => {
  const pids = [a.pid, b.pid];
  const orderedAt = performance.now();
  await set(a, { temporary: "true" }, true);
  await bothSay("T01", "B", orderedAt);
  const standby = await waitForState(b, "standby-security-conflict");
  assert.equal(member(standby, "cause", "code"), "T01");
  assert.equal(member(standby, "icon", "colour"), "magenta");
  const main = await waitForState(a, "main-exposed");
  assert.equal(member(main, "cause", "code"), "T01");
  assert.equal(member(main, "changeover", "ok"), false);
  assert.ok(alarmsOf(main).includes("security.temporary"));
  const shown = await stage.must("security", "show", "--local", a.directory);
  assert.equal(member(first(shown["settings"]), "value"), true);
  await set(a, { temporary: "false" });
  await areWell();
  assert.deepEqual(alarmsOf(await waitForState(a, "main-protected")), []);
  assert.deepEqual([a.pid, b.pid], pids);
});

function alarmsOf({ alarms }: Status): readonly unknown[] {
  return Array.isArray(alarms) ? alarms.map((alarm) => member(alarm, "code")) : [];
}

async function orderChangeover(): Promise<Answered | null> {
  return api.call(a.url, { method: "POST", path: "/v1/pair/changeover", body: { to: "B" } });
}

test("[CS2][CS9][CS10] a Standby that shows no certificate when it dials: both say T09, until it does", async () => {
  const orderedAt = performance.now();
  await set(b, { "client-certificate": "disabled" }, true);
  await bothSay("T09", "A", orderedAt);
  // The link goes on over the other direction, which a changeover would not survive.
  await waitForState(a, "main-protected");
  await waitUntil(
    a,
    "follows",
    ({ partners }) => member(first(partners), "state") === "standby-valid",
  );
  const refused = await orderChangeover();
  assert.equal(member(refused?.body, "error", "code"), "pair.direction-refused");
  await set(b, { "client-certificate": "automatic" });
  await areWell();
});

test("[CS2][CS4] a Standby that does not validate follows a Main with a temporary certificate", async () => {
  await set(b, { "validate-partner": "false" });
  await set(a, { temporary: "true" });
  await areWell();
  assert.ok(alarmsOf((await lookAt(b)) ?? {}).includes("security.validation-off"));
  await set(a, { temporary: "false" });
  await set(b, { "validate-partner": "true" });
  await areWell();
});

/** What becomes of a handshake of an old client. */
async function oldHandshake(port: number): Promise<"taken" | "refused"> {
  const socket = connect({ port, maxVersion: "TLSv1.2", rejectUnauthorized: false });
  const outcome = await new Promise<"taken" | "refused">((resolve) => {
    socket.once("secureConnect", () => resolve("taken"));
    socket.once("error", () => resolve("refused"));
  });
  socket.destroy();
  return outcome;
}

test("[CS1][CS8][HS16] the oldest TLS is set over HTTPS, and holds on every port from the next handshake on", async () => {
  const link = Number(/^link = (\d+)$/m.exec(stage.readText(a.name, "server.toml"))?.[1]);
  const shakeAll = async () => Promise.all([a.https, a.ldaps, link].map(oldHandshake));
  const order = async (value: string, query = ""): Promise<Answered | null> => {
    const path = `/v1/security/settings${query}`;
    const body = { settings: { "tls-min": value }, confirm: false };
    return api.call(a.url, { method: "POST", path, body });
  };
  const tried = await order("1.3", "?dry_run=true");
  const change = { key: "tls-min", before: "1.2", after: "1.3" };
  assert.deepEqual(member(tried?.body, "data", "changes"), [change]);
  assert.deepEqual(await shakeAll(), ["taken", "taken", "taken"]);
  const done = await order("1.3");
  assert.equal(done?.status, 200, JSON.stringify(done));
  await signInUnderIt();
  assert.deepEqual(await shakeAll(), ["refused", "refused", "refused"]);
  assert.match(stage.readText(a.name, "server.toml"), /^tls_min = "1\.3"$/m);
  await areWell();
  const again = await order("1.3");
  assert.equal(member(again?.body, "error", "code"), "security.unchanged");
  const copy = { key: "security.tls_min", to: "B" };
  const copied = await api.call(a.url, {
    method: "POST",
    path: "/v1/pair/settings/copies",
    body: copy,
  });
  assert.equal(member(copied?.body, "data", "in_force"), "now");
  await waitUntil(b, "has it too", (seen) => member(seen, "security", "tls-min") === "1.3");
  await set(b, { "tls-min": "1.2" });
  assert.equal((await order("1.2"))?.status, 200);
  assert.deepEqual(await shakeAll(), ["taken", "taken", "taken"]);
});

/** CS17: a change over HTTPS that may shut administrators out stays when one of them comes in anew. */
async function signInUnderIt(): Promise<void> {
  const fresh = await signIn(a, stage.readText(a.name, "certificates", "authority.pem"), {
    name: "admin",
    password: adminPassword,
  });
  const proved = await fresh.call(a.url, { method: "POST", path: "/v1/security/trial" });
  fresh.close();
  assert.equal(proved?.status, 200, JSON.stringify(proved));
}

test("[CS1] what is typed wrong is refused by name, and a try changes nothing", async () => {
  const file = stage.readText(b.name, "server.toml");
  for (const [words, exit, code] of [
    [["validate-partners=false"], 2, "security.unknown-key"],
    [["tls-min=1.0"], 2, "security.bad-value"],
    [["tls-min=1.3", "temporary"], 2, "client.wrong-use"],
    [["tls-min=1.2"], 6, "security.unchanged"],
  ] as const) {
    assertRefused(await stage.run("security", "set", ...words, "--local", b.directory), exit, code);
  }
  const words = ["validate-partner=off", "--dry-run", "--local", b.directory] as const;
  const tried = await stage.must("security", "set", ...words);
  const change = { key: "validate-partner", before: true, after: false };
  assert.deepEqual(tried["changes"], [change]);
  assert.equal(stage.readText(b.name, "server.toml"), file);
});

test("[CLI22][CS11][CS15] what would cut a partner off is foreseen and tried, and asked once more", async () => {
  const here = ["--local", a.directory] as const;
  const checked = await stage.run("security", "check", "temporary=true", ...here);
  assert.equal(checked.exit, 12);
  const rows = member(checked.data, "rows");
  assert.ok(Array.isArray(rows));
  assert.deepEqual(
    rows.map((row) => ["direction", "cause", "refused_by"].map((name) => member(row, name))),
    [
      ["dial", "T01", "B"],
      ["accept", "T01", "B"],
    ],
  );
  const unasked = await stage.run("security", "set", "temporary=true", ...here);
  assertRefused(unasked, 2, "client.not-confirmed");
  assert.match(unasked.stderr, /B, when A dials it: accepted now, then refused \(T01\)/);
  await areWell();
  const ca = stage.path(a.name, "certificates", "authority.pem");
  const explained = await stage.run("security", "explain", `127.0.0.1:${a.ldaps}`, "--ca", ca);
  assert.deepEqual([explained.exit, member(explained.data, "verdict")], [0, "ok"]);
});

test("[CLI17][CS1] the order of an operator is for the server that is named, a Standby too", async () => {
  const file = stage.secretFile("password", adminPassword);
  const ca = stage.path(a.name, "certificates", "authority.pem");
  const who = ["login", "admin", "--password-file", file, "--server", a.url, "--ca", ca] as const;
  await stage.must(...who);
  const order = ["security", "set", "tls-min=1.3", "--server"] as const;
  const nobody = "https://127.0.0.1:1";
  assertRefused(await stage.run(...order, nobody, "--server", b.url), 8, "client.no-server");
  const done = await stage.must(...order, b.url, "--password-file", file);
  assert.deepEqual([done["server"], done["unconfirmed"]], ["B", null]);
  const values = await Promise.all(
    [a, b].map(async ({ url }) => {
      const { settings } = await stage.must("security", "show", "--server", url);
      assert.ok(Array.isArray(settings));
      const found: unknown = settings.find((setting) => member(setting, "key") === "tls-min");
      return member(found, "value");
    }),
  );
  assert.deepEqual(values, ["1.2", "1.3"]);
  await stage.must("security", "set", "tls-min=1.2", "--server", b.url);
  await areWell();
});

test("[CS11] a change that broke the link is taken back by a server that was killed meanwhile", async () => {
  const answered = await set(a, { temporary: "true" });
  const waiting = member(answered.body, "data", "unconfirmed");
  assert.deepEqual(member(waiting, "broken"), ["B"]);
  const left = member(waiting, "taken_back_in_s");
  assert.ok(typeof left === "number" && left > 0 && left <= 60);
  const status = await waitUntil(a, "tells it", (seen) =>
    alarmsOf(seen).includes("security.unconfirmed"),
  );
  assert.match(String(member(status, "security", "unconfirmed")), /taken back in \d+ s/);
  await stage.end(a.name, "SIGKILL");
  await runServer(stage, a);
  await areWell();
  assert.deepEqual(alarmsOf((await lookAt(a)) ?? {}), []);
});

test("[CS11] it stays when it is confirmed with `security confirm`", async () => {
  await set(a, { temporary: "true" });
  const kept = await stage.must("security", "confirm", "--local", a.directory);
  assert.equal(kept["confirmed"], "temporary false -> true");
  const status = (await lookAt(a)) ?? {};
  assert.equal(member(status, "security", "unconfirmed"), undefined);
  assert.equal(member(status, "security", "temporary"), true);
  await set(a, { temporary: "false" });
  await areWell();
});
