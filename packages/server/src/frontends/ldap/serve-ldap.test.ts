import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { after, test } from "node:test";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { nodeId } from "@gridward/core/base/identity";
import { LdapFramer } from "@gridward/core/codec/ldap/framer";
import { encodeRequest } from "@gridward/core/codec/ldap/request";
import { decodeResponse, type LdapAnswer } from "@gridward/core/codec/ldap/response";
import { defaultSecurity } from "@gridward/core/base/security-settings";
import { systemClock } from "@gridward/runtime/os/clock";
import { createTemporary } from "@gridward/runtime/trust/temporary";
import { createTlsKey } from "@gridward/runtime/trust/x509/keys";
import { LiveConnections } from "../../security/live-connections.ts";
import { anLdapServer, ldapIdentity } from "./an-ldap-server.ts";
import { anna, anyClient, rootDse, Talk } from "./fixtures.ts";
import type { LdapIdentity, LdapOptions, LdapServer } from "./serve-ldap.ts";

function anIdentity(): LdapIdentity {
  const key = createTlsKey();
  const certificate = createTemporary({
    key,
    node: nodeId("A"),
    name: "A",
    hosts: ["localhost"],
    now: Date.now(),
  });
  return ldapIdentity({ key, certificate });
}

const notes: string[] = [];
const servers: LdapServer[] = [];
after(async () => {
  await Promise.all(servers.map((server) => server.close()));
});

async function aServer(
  changes: Partial<LdapOptions> = {},
  frontEnd = new Talk().frontEnd,
): Promise<LdapServer> {
  const server = await anLdapServer(frontEnd, {
    identity: anIdentity(),
    note: (_, detail) => void notes.push(detail),
    ...changes,
  });
  servers.push(server);
  return server;
}

async function dial(server: LdapServer, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const { port } = server;
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options });
  await once(socket, "secureConnect");
  return socket;
}

/** The answers up to the end of the connection, or to as many as were asked for. */
async function read(socket: TLSSocket, count = Number.POSITIVE_INFINITY): Promise<LdapAnswer[]> {
  const framer = new LdapFramer();
  const answers: LdapAnswer[] = [];
  for await (const chunk of socket) {
    assert.ok(chunk instanceof Uint8Array);
    const frames = framer.push(chunk);
    assert.ok(frames.ok);
    for (const frame of frames.value) {
      const answer = decodeResponse(frame);
      assert.ok(answer.ok);
      answers.push(answer.value);
    }
    if (answers.length >= count) break;
  }
  return answers;
}

function noticeOf(answers: readonly LdapAnswer[]): unknown {
  const [first] = answers;
  assert.ok(first?.response.kind === "extended");
  return [answers.length, first.id, first.response.oid, first.response.result];
}

const request = encodeRequest({ id: 1, request: rootDse("supportedLDAPVersion"), controls: [] });

test("[LDS22] TLS 1.2 and 1.3 are spoken, and no session is ever resumed", async () => {
  const server = await aServer();
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    const versions = { minVersion: version, maxVersion: version };
    const first = await dial(server, versions);
    const sessions: Buffer[] = [];
    first.on("session", (ticket: Buffer) => sessions.push(ticket));
    first.write(request);
    assert.equal((await read(first, 2)).length, 2);
    const session = sessions.at(-1) ?? first.getSession();
    const again = await dial(server, { ...versions, ...(session && { session }) });
    assert.equal(again.isSessionReused(), false, version);
    assert.equal(again.getProtocol(), version);
    again.destroy();
  }
  const old = dial(server, {
    minVersion: "TLSv1",
    maxVersion: "TLSv1.1",
    ciphers: "ALL:@SECLEVEL=0",
  });
  await assert.rejects(old);
});

test("[LDS22] a handshake that does not end is ended", async () => {
  const server = await aServer({ patience: { handshake: 50, idle: 10_000 } });
  const socket = connectTcp(server.port, "127.0.0.1");
  socket.on("error", () => {}); // A reset is as good as an end.
  await once(socket, "close");
  assert.ok(notes.some((note) => note.startsWith("no TLS")));
});

test("[LDS22] who asks nothing for too long is told goodbye", async () => {
  const server = await aServer({ patience: { handshake: 10_000, idle: 50 } });
  const answers = await read(await dial(server));
  assert.deepEqual(noticeOf(answers), [
    1,
    0,
    "1.3.6.1.4.1.1466.20036",
    { code: 80, matchedDn: "", message: "nothing was asked for too long" },
  ]);
});

test("[LDS22] stopping says goodbye to everybody", async () => {
  const server = await aServer();
  const sockets = [await dial(server), await dial(server)];
  const reading = Promise.all(sockets.map((socket) => read(socket)));
  await server.close();
  for (const answers of await reading) {
    assert.deepEqual(noticeOf(answers), [
      1,
      0,
      "1.3.6.1.4.1.1466.20036",
      { code: 52, matchedDn: "", message: "this server is stopping" },
    ]);
  }
});

test("[LDS22] a new certificate serves the next connection", async () => {
  const server = await aServer();
  const before = (await dial(server)).getPeerCertificate().fingerprint256;
  server.useIdentity(anIdentity());
  const then = (await dial(server)).getPeerCertificate().fingerprint256;
  assert.notEqual(then, before);
});

test("[LDS22] a port that is taken is the caller's error to tell", async () => {
  const server = await aServer();
  await assert.rejects(aServer({ port: server.port }), { code: "EADDRINUSE" });
});

test("[LC1][CS8] a change that ends a connection says so in a notice, and leaves the others", async () => {
  const standing = { now: defaultSecurity };
  const live = new LiveConnections({
    settings: () => standing.now,
    clock: systemClock(),
    stop: new AbortController().signal,
    onClosed: () => {},
  });
  const server = await aServer({ live });
  const old = await dial(server, { maxVersion: "TLSv1.2" });
  const young = await dial(server);
  for (const socket of [old, young]) socket.write(request);
  await Promise.all([once(old, "readable"), once(young, "readable")]);
  standing.now = { ...defaultSecurity, tls_min: "1.3" };
  await live.recheck("settings");
  const notice = (await read(old)).slice(2);
  const message = "closed by this server: it speaks TLS 1.2, and 1.3 is the oldest that is taken";
  assert.deepEqual(noticeOf(notice), [
    1,
    0,
    "1.3.6.1.4.1.1466.20036",
    { code: 52, matchedDn: "", message },
  ]);
  young.write(request);
  assert.equal((await read(young, 4)).length, 4);
});

test("[LDS24] a source signs in by certificate 20 times at once and then twice a second, on any connection", async (t) => {
  const world = { at: 0 };
  const talk = new Talk();
  const client = { fingerprint: "0".repeat(64), names: [], text: "CN=anna", account: anna };
  const clients = { ...anyClient, judge: () => ({ verdict: "ok", client }) as const };
  const clock = { ...systemClock(), monotonic: () => world.at };
  const server = await aServer({ clients, clock }, talk.frontEnd);
  const credential = { kind: "sasl", mechanism: "EXTERNAL", initial: null } as const;
  const bind = { kind: "bind", version: 3, name: "", credential } as const;
  const busyOf = async (times: number, localAddress = "127.0.0.1") => {
    const { port } = server;
    const below = connectTcp({ port, host: "127.0.0.1", localAddress });
    const socket = await dial(server, { socket: below });
    t.after(() => socket.destroy());
    for (let id = 1; id <= times; id++) {
      socket.write(encodeRequest({ id, request: bind, controls: [] }));
    }
    const answers = await read(socket, times);
    return answers.filter(({ response }) => "result" in response && response.result.code === 51);
  };
  assert.deepEqual(await busyOf(15), []);
  assert.equal((await busyOf(10)).length, 5);
  assert.equal(talk.attempts.length, 20, "what is too much is not judged");
  assert.deepEqual(await busyOf(1, "127.0.0.2"), []);
  world.at += 1_000;
  assert.equal((await busyOf(5)).length, 3);
});
