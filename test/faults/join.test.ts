import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { decodeJoinCode, encodeJoinCode, type JoinCode } from "@gridward/core/codec/join-code";
import { sha256 } from "@gridward/runtime/os/hash";
import type { Api } from "../../scripts/demo/api.ts";
import { type DemoServer, member, runServer } from "../../scripts/demo/cast.ts";
import { type Ended, Stage } from "../../scripts/demo/stage.ts";
import {
  assertRefused,
  foundSystem,
  initServer,
  invite,
  lookAt,
  orderLocally,
  waitForState,
} from "./servers.ts";

/** Codes that do not admit, servers that must not join, and systems that exist already. */

const stage = new Stage();
let a: DemoServer;
let b: DemoServer;
let namesake: DemoServer;
let api: Api;
let code = "";

before(async () => {
  a = await initServer(stage, "A");
  b = await initServer(stage, "B");
  await Promise.all([runServer(stage, a), runServer(stage, b)]);
  api = await foundSystem(stage, a);
  code = await invite(api, a, "B");
});
after(async () => {
  api.close();
  await stage.clear();
});

async function join(server: DemoServer, text: string): Promise<Ended> {
  const file = stage.secretFile("join-code", text);
  return stage.run("server", "join", server.directory, "--code-file", file);
}

/** The same without a process for each: the code of the refusal. */
async function joinQuickly(server: DemoServer, text: string): Promise<unknown> {
  const answered = await orderLocally(server, "/local/join", { code: text });
  return member(answered?.body, "error", "code");
}

function forged(change: (code: JoinCode) => Partial<JoinCode>): string {
  const decoded = decodeJoinCode(code, sha256);
  assert.ok(decoded.ok);
  return encodeJoinCode({ ...decoded.value, ...change(decoded.value) }, sha256);
}

function flipped(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes, (byte, index) => (index === 0 ? byte ^ 1 : byte));
}

test("[HS10] a code that is none, one with a typing error and one of a stranger are told apart", async () => {
  assertRefused(await join(b, "let me in"), 2, "invite.malformed");
  const other = code[8] === "7" ? "8" : "7";
  assertRefused(await join(b, `${code.slice(0, 8)}${other}${code.slice(9)}`), 2, "invite.mistyped");
  const stranger = forged(({ pairingHash }) => ({ pairingHash: flipped(pairingHash) }));
  assertRefused(await join(b, stranger), 8, "security.untrusted-server");
  assert.equal(
    await joinQuickly(
      b,
      forged(() => ({ port: 1 })),
    ),
    "invite.unreachable",
  );
  assert.equal((await lookAt(b))?.["state"], "blank");
});

test("[HS10] a wrong secret is refused, and the fifth one uses the code up", async () => {
  const wrong = forged(({ secret }) => ({ secret: flipped(secret) }));
  assertRefused(await join(b, wrong), 3, "invite.rejected");
  for (let tried = 1; tried < 5; tried++) {
    assert.equal(await joinQuickly(b, wrong), "invite.rejected");
  }
  assert.equal(await joinQuickly(b, code), "invite.spent");
  assert.equal((await lookAt(b))?.["state"], "blank");
});

test("[HS10] only the newest code of a name admits, and it admits once", async () => {
  const older = await invite(api, a, "B");
  code = await invite(api, a, "B");
  assert.equal(await joinQuickly(b, older), "invite.rejected");
  assert.equal((await join(b, code)).exit, 0);
  await waitForState(b, "standby-valid");
  namesake = { ...(await initServer(stage, "C")), name: "C" };
  await runServer(stage, namesake);
  assertRefused(await join(namesake, code), 3, "invite.rejected");
  assert.equal((await lookAt(namesake))?.["state"], "blank");
});

test("[HS10] a name that a server of the system has is not given twice", async () => {
  const order = { method: "POST", path: "/v1/pair/invites", body: { name: "B" } };
  const invited = await api.call(a.url, order);
  assert.equal(member(invited?.body, "error", "code"), "pair.name-taken");
  const forC = await invite(api, a, "D");
  assert.equal(await joinQuickly(namesake, forC), "invite.rejected");
});

test("[HS10] a server that belongs to a system joins no other and founds none", async () => {
  const next = await invite(api, a, "B2");
  assertRefused(await join(b, next), 6, "system.exists");
  const order = ["--base", "dc=other,dc=example", "--site", "Other"];
  for (const { directory } of [a, b]) {
    const refused = await stage.run("system", "create", "--local", directory, ...order);
    assertRefused(refused, 6, "system.exists");
  }
  assert.equal((await lookAt(a))?.["state"], "main-protected");
  assert.equal((await lookAt(b))?.["state"], "standby-valid");
});
