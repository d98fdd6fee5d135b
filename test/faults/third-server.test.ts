import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Api, type Change, storm } from "../../scripts/demo/api.ts";
import { type DemoServer, member, runServer } from "../../scripts/demo/cast.ts";
import { Stage, until } from "../../scripts/demo/stage.ts";
import {
  accountNames,
  addAccount,
  adminPassword,
  assertNoneLost,
  foundSystem,
  initServer,
  joinTo,
  lookAt,
  orderLocally,
  promote,
  signInStatus,
  type Status,
  waitForAckSet,
  waitUntil,
} from "./servers.ts";

/** A, B and C may be Main, D is a permanent Standby; the Main is killed under load. */

const stage = new Stage();
let servers: readonly [DemoServer, DemoServer, DemoServer, DemoServer];
let api: Api;

before(async () => {
  const a = await initServer(stage, "A");
  const b = await initServer(stage, "B");
  const c = await initServer(stage, "C");
  const d = await initServer(stage, "D");
  servers = [a, b, c, d];
  await Promise.all(servers.map((server) => runServer(stage, server)));
  api = await foundSystem(stage, a);
  await joinTo(api, a, b);
  await joinTo(api, a, c);
  const { code, status } = await invite(a, { name: "D", permanent: true });
  assert.equal(status, 200);
  const joined = await orderLocally(d, "/local/join", { code });
  assert.equal(joined?.status, 200, JSON.stringify(joined));
  await areFollowing(a, "A", "B", "C");
});
after(async () => {
  await stage.clear();
  api.close();
});

async function invite(
  main: DemoServer,
  body: unknown,
): Promise<{ readonly status: number; readonly code: unknown }> {
  const invited = await api.call(main.url, { method: "POST", path: "/v1/pair/invites", body });
  const refusal = member(invited?.body, "error", "code");
  return { status: invited?.status ?? 0, code: refusal ?? member(invited?.body, "data", "code") };
}

/** Every change waits for just these, and D is valid beside them. */
async function areFollowing(main: DemoServer, ...names: readonly string[]): Promise<void> {
  await waitForAckSet(main, ...names);
  for (const server of servers) {
    if (server === main || !stage.isRunning(server.name)) continue;
    await waitUntil(server, "it is valid", ({ state }) => state === "standby-valid");
  }
}

function codeOf(answered: unknown): unknown {
  return member(answered, "body", "error", "code");
}

function brief({ state, kind, icon, promotable }: Status): readonly unknown[] {
  return [state, kind, member(icon, "word"), member(promotable, "code")];
}

test("[HS14] a permanent Standby says what it is, answers sign-ins, and passes changes on", async () => {
  const [a, , , d] = servers;
  const shown = await lookAt(d);
  const word = ["standby-valid", "permanent", "Permanent Standby", "pair.permanent"];
  assert.deepEqual(shown && brief(shown), word);
  assert.equal(await signInStatus(stage, d, adminPassword), 200);
  assert.equal(await signInStatus(stage, d, "wrong"), 401);
  const made = await addAccount(api, d, "proxied");
  assert.equal(made?.status, 200, JSON.stringify(made));
  for (const server of [d, a]) {
    assert.ok((await accountNames(api, server)).includes("proxied"), server.name);
  }
});

test("[HS14] a permanent Standby is no target and is not promoted beside a Main that works", async () => {
  const [a, , , d] = servers;
  assert.equal(codeOf(await promote(d, true)), "pair.permanent");
  const order = { method: "POST", path: "/v1/pair/changeover", body: { to: "D" } };
  assert.equal(codeOf(await api.call(a.url, order)), "pair.permanent");
});

test("[HS14] no fourth server that may be promoted is invited, and no second of a name", async () => {
  const [a] = servers;
  assert.equal((await invite(a, { name: "E" })).code, "pair.too-many-promotable");
  assert.equal((await invite(a, { name: "D", permanent: true })).code, "pair.name-taken");
  assert.equal((await invite(a, { name: "E", permanent: true })).status, 200);
});

test("[HS14][HS8] the Main of three is killed under load: the others follow the promoted one, nothing is lost", async () => {
  const [a, b, c, d] = servers;
  let meanwhile: Promise<unknown> | undefined;
  const order = { prefix: "load", count: 200, atOnce: 8 };
  let urls = [a.url, b.url];
  const changes = await storm(
    api,
    () => urls,
    order,
    (done) => {
      if (done < 20) return;
      meanwhile ??= (async () => {
        await stage.end(a.name, "SIGKILL");
        // Nobody is left who may be Main by itself; D least of all.
        assert.equal(codeOf(await promote(d, true)), "pair.permanent");
        assert.equal(await signInStatus(stage, d, adminPassword), 200);
        await until("B is promoted", 20_000, async () => {
          const answered = await promote(b, false);
          return answered?.status === 200 ? true : undefined;
        });
        urls = [b.url, c.url];
      })();
    },
  );
  await meanwhile;
  await areFollowing(b, "B", "C");
  const done = changes.filter(({ sequence }: Change) => sequence !== null);
  assert.ok(done.length > 20, String(done.length));
  for (const server of [b, c, d]) assertNoneLost(done, await accountNames(api, server));
  const partners = member(await lookAt(c), "partners");
  assert.ok(Array.isArray(partners) && partners.some((one) => member(one, "name") === "D"));
});

test("[HS14] the old Main returns as a Standby, and a restarted permanent Standby is what it was", async () => {
  const [a, b, , d] = servers;
  await stage.end(d.name, "SIGKILL");
  await Promise.all([runServer(stage, a), runServer(stage, d)]);
  await areFollowing(b, "A", "B", "C");
  assert.equal((await lookAt(d))?.["kind"], "permanent");
  assert.equal(codeOf(await promote(d, true)), "pair.permanent");
});
