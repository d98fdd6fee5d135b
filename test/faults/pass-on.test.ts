import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Answered, Api, freshRequestId, storm } from "../../scripts/demo/api.ts";
import { type DemoServer, member, runServer } from "../../scripts/demo/cast.ts";
import { Stage, until } from "../../scripts/demo/stage.ts";
import {
  accountNames,
  addAccount,
  adminPassword,
  assertNoneLost,
  assertRefused,
  foundSystem,
  initServer,
  joinTo,
  lookAt,
  type Status,
  waitForState,
  waitUntil,
} from "./servers.ts";

/** Changes that are sent to the Standby, while its Main works, stands still, dies and is gone. */

const stage = new Stage();
const viewerPassword = "Looks-on-and-nothing-7";
let main: DemoServer;
let standby: DemoServer;
let api: Api;

before(async () => {
  [main, standby] = [await initServer(stage, "A"), await initServer(stage, "B")];
  await Promise.all([runServer(stage, main), runServer(stage, standby)]);
  api = await foundSystem(stage, main);
  await joinTo(api, main, standby);
  await isProtected();
  const password = stage.secretFile("admin.password", adminPassword);
  const ca = stage.path(standby.name, "certificates", "authority.pem");
  await stage.must(
    "login",
    "admin",
    "--server",
    standby.url,
    "--ca",
    ca,
    "--password-file",
    password,
  );
});
after(async () => {
  await stage.clear();
  api.close();
});

async function isProtected(): Promise<void> {
  await waitForState(standby, "standby-valid");
  await waitForState(main, "main-protected");
}

async function accountAt(server: DemoServer, name: string): Promise<Answered | null> {
  return api.call(server.url, { method: "GET", path: `/v1/accounts/${name}` });
}

test("[HS17] a change sent to the Standby is on both servers, and read there at once", async () => {
  const body = { name: "vera", password: viewerPassword, must_change: false };
  const roles = [{ role: "VIEWER" }];
  const order = { method: "POST", path: "/v1/accounts", requestId: freshRequestId() };
  const made = await api.call(standby.url, { ...order, body: { ...body, roles } });
  assert.equal(made?.status, 200, JSON.stringify(made));
  for (const server of [standby, main]) {
    assert.equal((await accountAt(server, "vera"))?.status, 200, server.name);
  }
  for (const server of [main, standby]) {
    const again = await api.call(server.url, { ...order, body: { ...body, roles } });
    assert.equal(member(again, "body", "data", "id"), member(made, "body", "data", "id"));
    assert.equal(
      member(again, "body", "data", "sequence"),
      member(made, "body", "data", "sequence"),
    );
  }
  const other = await api.call(standby.url, { method: "POST", path: "/v1/accounts", body });
  assert.equal(other?.status === 200, false, "what a rule forbids the Main refuses");
});

test("[HS17] a code that the Standby gave out admits at the Main, once", async () => {
  const answered = await addAccount(api, standby, "coded");
  const code = member(answered?.body, "data", "code");
  assert.equal(typeof code, "string", JSON.stringify(answered));
  const ca = stage.readText(main.name, "certificates", "authority.pem");
  const stranger = new Api(ca, "");
  const body = { name: "coded", code };
  const first = await stranger.call(main.url, { method: "POST", path: "/v1/session", body });
  const own = new Api(ca, String(member(first?.body, "data", "token")));
  const changed = await own.call(standby.url, {
    method: "POST",
    path: "/v1/session/password",
    body: { password: "Chosen-at-the-Standby-7" },
  });
  assert.equal(changed?.status, 200, JSON.stringify(changed));
  const used = await stranger.call(standby.url, { method: "POST", path: "/v1/session", body });
  assert.equal(used?.status, 401);
  own.close();
  stranger.close();
});

test("[HS17] a lock-out on the Standby arrives at the Main", async () => {
  const stranger = new Api(stage.readText(standby.name, "certificates", "authority.pem"), "");
  const body = { name: "vera", password: "wrong" };
  for (let each = 0; each < 3; each++) {
    const refused = await stranger.call(standby.url, {
      method: "POST",
      path: "/v1/session",
      body,
    });
    assert.equal(refused?.status, 401);
  }
  stranger.close();
  await until("the Main knows of the lock", 10_000, async () => {
    const shown = member((await accountAt(main, "vera"))?.body, "data", "locked_until");
    return typeof shown === "string" ? true : undefined;
  });
});

test("[HS17] an invitation is the Main's own: its code names the server that made it", async () => {
  const order = { method: "POST", path: "/v1/pair/invites", body: { name: "C" } };
  const refused = await api.call(standby.url, order);
  assert.equal(member(refused?.body, "error", "code"), "pair.not-main");
  assert.deepEqual(member(refused?.body, "error", "next"), [main.url]);
});

test("[HS17][HS8] a Main killed under changes sent to the Standby: each is made exactly once", async () => {
  let meanwhile: Promise<void> | undefined;
  const order = { prefix: "passed", count: 64, atOnce: 8 };
  const changes = await storm(
    api,
    () => [standby.url],
    order,
    (done) => {
      if (done < 16) return;
      meanwhile ??= (async () => {
        await stage.end(main.name, "SIGKILL");
        await runServer(stage, main);
      })();
    },
  );
  await meanwhile;
  assert.deepEqual(
    changes.filter(({ sequence }) => sequence === null),
    [],
  );
  await isProtected();
  for (const server of [main, standby]) assertNoneLost(changes, await accountNames(api, server));
});

test("[HS17] a link that is lost before the answer leaves it unknown; a retry is made once", async () => {
  process.kill(main.pid, "SIGSTOP");
  const requestId = freshRequestId();
  const order = { method: "POST", path: "/v1/groups", body: { name: "cut" }, requestId };
  const asked = api.call(standby.url, order);
  const { position } = (await lookAt(standby)) ?? {};
  await stage.end(main.name, "SIGKILL");
  const unknown = member((await asked)?.body, "error", "code");
  assert.equal(unknown, "pair.unknown-outcome", JSON.stringify(position));
  await runServer(stage, main);
  await isProtected();
  const again = await api.call(standby.url, order);
  assert.equal(again?.status, 200, JSON.stringify(again));
  const sequence = member(again.body, "data", "sequence");
  const third = await api.call(main.url, order);
  assert.equal(member(third?.body, "data", "sequence"), sequence);
});

test("[HS17] through a Standby that reaches no Main nothing is changed, and the exit code is 9", async () => {
  const at = ["--server", standby.url];
  await stage.must("group", "create", "through", ...at);
  await stage.end(main.name, "SIGKILL");
  await waitForState(standby, "standby-connecting");
  const refused = await stage.run("group", "create", "nowhere", ...at);
  assertRefused(refused, 9, "client.only-standby");
  assert.equal((await accountAt(standby, "admin"))?.status, 200);
  await runServer(stage, main);
  await isProtected();
  await stage.must("group", "create", "again", ...at);
});

test("[HS15] a partner whose address does not answer is dialled at its backup, and said to be", async () => {
  const at = ["--server", standby.url];
  const order = ["pair", "partner", "set", standby.name, "--address"];
  // Nothing listens on the second address of the loopback.
  await stage.must(...order, "127.0.0.2", "--backup", "127.0.0.1", ...at);
  const again = await stage.run(...order, "127.0.0.2", "--backup", "127.0.0.1", ...at);
  assertRefused(again, 6, "pair.unchanged");
  await stage.end(standby.name, "SIGKILL");
  await runServer(stage, standby);
  const isOver = (way: string) => (status: Status) => {
    const partners = status["partners"];
    const partner: unknown = Array.isArray(partners) ? partners[0] : undefined;
    const address = String(member(partner, "address"));
    return member(partner, "link") === way && address.startsWith("127.0.0.1:");
  };
  await waitUntil(main, "dials the backup", isOver("backup"));
  await waitUntil(standby, "dials the main address", isOver("main"));
  await isProtected();
  await stage.must(...order, "127.0.0.1", ...at);
});

test("[HS16] settings are shown side by side, and one is copied to the partner", async () => {
  const at = ["--server", main.url];
  const path = join(main.directory, "server.toml");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace("first_pass_rate = 0", "first_pass_rate = 123456"));
  const differing = async (): Promise<ReadonlyMap<unknown, unknown>> => {
    const { data } = await stage.run("pair", "settings", "diff", ...at);
    assert.ok(Array.isArray(data), JSON.stringify(data));
    return new Map(data.map((row) => [member(row, "key"), row]));
  };
  const row = (await differing()).get("pair.first_pass_rate");
  assert.deepEqual(
    ["A", "B", "copies"].map((key) => member(row, key)),
    [123_456, 0, true],
  );
  assert.ok((await differing()).has("ports.https"));
  const old = stage.readText(standby.name, "server.toml");
  const copy = ["pair", "settings", "copy"];
  assertRefused(
    await stage.run(...copy, "ports.https", "--to", standby.name, ...at),
    7,
    "pair.own-setting",
  );
  const { security } = await stage.must("server", "status", main.directory);
  const shown = `client-certificate=${String(member(security, "fingerprint"))}`;
  await stage.must("security", "set", shown, "--local", main.directory);
  const named = (await differing()).get("security.client_certificate");
  assert.deepEqual(member(named, "copies"), false, "the partner has no such key");
  assertRefused(
    await stage.run(...copy, "security.client_certificate", "--to", standby.name, ...at),
    7,
    "pair.own-certificate",
  );
  await stage.must("security", "set", "client-certificate=automatic", "--local", main.directory);
  await isProtected();
  await stage.must(...copy, "pair.first_pass_rate", "--to", standby.name, ...at);
  assert.equal((await differing()).has("pair.first_pass_rate"), false);
  const changed = stage.readText(standby.name, "server.toml");
  assert.equal(changed, old.replace("first_pass_rate = 0", "first_pass_rate = 123456"));
  await stage.end(standby.name, "SIGKILL");
  const silent = await stage.run(...copy, "backup.keep", "--to", standby.name, ...at);
  assertRefused(silent, 8, "pair.partner-silent");
  await runServer(stage, standby);
  await isProtected();
});
