import assert from "node:assert/strict";
import { connect, type TLSSocket } from "node:tls";
import { after, test } from "node:test";
import { ok } from "@gridward/core/base/result";
import { aDesk } from "../../desk/a-desk.ts";
import type { TrialProof } from "../../security/sign-in-trial.ts";
import { adminPassword, aServer, member, type TestServer } from "./a-server.ts";

const closers: (() => Promise<void>)[] = [];
after(async () => Promise.all(closers.map((close) => close())));

/** HTTPS over a desk that notes who signed in on what, and who said that a change may stay. */
async function aHouse() {
  const seen = { signIns: new Array<TrialProof>(), proofs: new Array<TrialProof>() };
  const desk = aDesk();
  const trial = {
    noteSignIn: (proof: TrialProof) => void seen.signIns.push(proof),
    pass: (proof: TrialProof) => {
      seen.proofs.push(proof);
      return ok("tls-min 1.2 -> 1.3");
    },
    keep: () => ok(null),
  };
  const counted = { count: 7 };
  const wired = { ...desk, security: { ...desk.security, trial } };
  const https = await aServer({ desk: wired, trial: counted });
  closers.push(async () => https.close());
  return { ...wired, seen, counted, https };
}

/** A connection that stays open. */
async function dial(https: TestServer): Promise<TLSSocket> {
  const socket = connect({ host: "127.0.0.1", port: https.port, ca: https.ca });
  await new Promise<void>((resolve) => socket.once("secureConnect", () => resolve()));
  closers.push(async () => Promise.resolve(void socket.destroy()));
  return socket;
}

async function post(socket: TLSSocket, path: string, more: { token?: string; body?: object }) {
  const text = more.body === undefined ? "" : JSON.stringify(more.body);
  const lines = [
    `POST ${path} HTTP/1.1`,
    "host: 127.0.0.1",
    `content-length: ${text.length}`,
    ...(text === "" ? [] : ["content-type: application/json"]),
    ...(more.token === undefined ? [] : [`authorization: Bearer ${more.token}`]),
  ];
  const answered = new Promise<string>((resolve) =>
    socket.once("data", (bytes: Buffer) => resolve(bytes.toString())),
  );
  socket.write(`${lines.join("\r\n")}\r\n\r\n${text}`);
  const answer = await answered;
  const json: unknown = JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")));
  return json;
}

test("[API15][CS17] a connection that was open before a change proves nothing of it, whoever signs in on it", async () => {
  const { https, seen, counted } = await aHouse();
  await https.administrator();
  const old = await dial(https);
  counted.count = 8;
  const body = { name: "admin", password: adminPassword };
  seen.signIns.length = 0;
  const first = await post(old, "/v1/session", { body });
  assert.equal(seen.signIns[0]?.begunUnder, 7);
  const fresh = await dial(https);
  const second = await post(fresh, "/v1/session", { body });
  assert.equal(seen.signIns[1]?.begunUnder, 8);
  const token = member(second, "data", "token");
  await post(old, "/v1/security/trial", { token });
  const kept = await post(fresh, "/v1/security/trial", { token });
  assert.equal(member(kept, "data", "confirmed"), "tls-min 1.2 -> 1.3");
  assert.deepEqual(
    seen.proofs.map(({ begunUnder }) => begunUnder),
    [7, 8],
  );
  assert.equal(seen.proofs[0]?.session, seen.signIns[1]?.session);
  assert.notEqual(member(first, "data", "token"), token);
});

test("[API15][CS17] only who may undo a change can keep it: a stranger and an operator cannot", async () => {
  const { https, seen } = await aHouse();
  const token = await https.administrator();
  const made = await https.ask("POST", "/v1/accounts", {
    token,
    body: { name: "otto", roles: [{ role: "OPERATOR" }] },
  });
  const otto = await https.ask("POST", "/v1/session", {
    body: { name: "otto", code: member(made.json, "data", "code") },
  });
  const changed = await https.ask("POST", "/v1/session/password", {
    token: member(otto.json, "data", "token"),
    body: { password: "A-bridge-of-his-own-9" },
  });
  seen.signIns.length = 0;
  const signedIn = await https.ask("POST", "/v1/session", {
    body: { name: "otto", password: "A-bridge-of-his-own-9" },
  });
  assert.equal(changed.status, 200, changed.text);
  assert.equal(signedIn.status, 200, signedIn.text);
  assert.deepEqual(seen.signIns, []);
  for (const bearer of [undefined, "gws1.x.y", member(signedIn.json, "data", "token")]) {
    for (const path of ["/v1/security/trial", "/v1/security/confirmation"]) {
      const answer = await https.ask("POST", path, bearer === undefined ? {} : { token: bearer });
      assert.ok([401, 403].includes(answer.status), `${path}: ${answer.status}`);
    }
  }
  assert.deepEqual(seen.proofs, []);
});
