import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import type { Api } from "../../scripts/demo/api.ts";
import { type DemoServer, member, runServer } from "../../scripts/demo/cast.ts";
import { Stage, until } from "../../scripts/demo/stage.ts";
import {
  addAccount,
  adminPassword,
  foundSystem,
  initServer,
  joinTo,
  lookAt,
  signInStatus,
  waitForState,
  waitUntil,
} from "./servers.ts";

/** A Main that may open few files and sockets, and clients that take them all. */

const descriptors = 256;
const isHere = spawnSync("prlimit", ["--version"]).status === 0;
const skip = isHere ? false : "no prlimit: apt-get install util-linux";
const stage = new Stage();
const held: Socket[] = [];
let main: DemoServer;
let standby: DemoServer;
let api: Api;

before(async () => {
  if (skip !== false) return;
  [main, standby] = [await initServer(stage, "A"), await initServer(stage, "B")];
  stage.enclose(main.name, "prlimit", `--nofile=${descriptors}:${descriptors}`, "--");
  await Promise.all([runServer(stage, main), runServer(stage, standby)]);
  api = await foundSystem(stage, main);
  await joinTo(api, main, standby);
  await waitForState(main, "main-protected");
});
after(async () => {
  for (const socket of held) socket.destroy();
  if (skip === false) api.close();
  await stage.clear();
});

/** Opens so many connections and keeps those that it is let have. */
async function hold(port: number, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect({ port, host: "127.0.0.1" });
      held.push(socket);
      await new Promise<void>((done) => {
        socket.on("error", () => done()).once("connect", () => done());
      });
    }),
  );
}

function codesOf(status: Awaited<ReturnType<typeof lookAt>>): readonly string[] {
  const alarms: unknown = status?.["alarms"];
  return Array.isArray(alarms) ? alarms.map((alarm) => String(member(alarm, "code"))) : [];
}

test(
  "[GF9][HS8] F26 clients that take every connection keep pair, local socket and other doors as they were",
  { skip },
  async () => {
    assert.ok(codesOf(await lookAt(main)).includes("server.few-descriptors"));
    // More than there are descriptors, at one door and then at both.
    await hold(main.ldaps, 300);
    await waitUntil(main, "LDAPS is full", (status) =>
      codesOf(status).includes("server.ldaps-full"),
    );
    const status = await lookAt(main);
    assert.equal(status?.["state"], "main-protected", "the local socket answers, the pair goes on");
    assert.equal(await signInStatus(stage, main, adminPassword), 200);
    assert.equal((await addAccount(api, main, "while-full"))?.status, 200);
    await hold(main.https, 300);
    await waitUntil(main, "HTTPS is full", (seen) => codesOf(seen).includes("server.https-full"));
    // The link to the Standby comes back through all of it.
    await stage.end(standby.name, "SIGKILL");
    await runServer(stage, standby);
    await waitForState(standby, "standby-valid");
    await waitForState(main, "main-protected");
    for (const socket of held.splice(0)) socket.destroy();
    await until("a sign-in is accepted again", 10_000, async () =>
      (await signInStatus(stage, main, adminPassword)) === 200 ? true : undefined,
    );
  },
);
