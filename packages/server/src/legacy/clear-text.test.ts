import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { after, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { type Bytes, concat } from "@gridward/core/base/bytes";
import { defaultSecurity } from "@gridward/core/base/security-settings";
import { LdapFramer } from "@gridward/core/codec/ldap/framer";
import { encodeRequest, type LdapRequest } from "@gridward/core/codec/ldap/request";
import { decodeResponse, type LdapResponse } from "@gridward/core/codec/ldap/response";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { aBind, annaDn, aTown, base, rootDse, Talk, whoAmI } from "../frontends/ldap/fixtures.ts";
import type { ClearOptions } from "../frontends/ldap/serve-clear.ts";
import type { LiveConnection, LiveRegister } from "../security/live-connections.ts";
import { anLdapServer, ldapIdentity } from "../frontends/ldap/an-ldap-server.ts";

const authority = testAuthority("Hill", Date.now());
const own = authority.issue({ profile: "server", hosts: ["127.0.0.1"] });
const startTls = { kind: "extended", oid: "1.3.6.1.4.1.1466.20037", value: null } as const;
const closers: (() => Promise<void>)[] = [];
after(async () => Promise.all(closers.map(async (close) => close())));

const nobodyKept: LiveRegister = { enter: () => () => undefined };

async function aHouse(isLegacy: ClearOptions["isLegacy"], live = nobodyKept) {
  const talk = new Talk(aTown());
  const noted: string[] = [];
  const server = await anLdapServer(talk.frontEnd, {
    port: null,
    clear: { port: 0, isLegacy, noteSignIn: (address, name) => noted.push(`${address} ${name}`) },
    identity: ldapIdentity(own),
    live,
  });
  closers.push(async () => server.close());
  const socket = connect({ host: "127.0.0.1", port: server.clearPort });
  await once(socket, "connect");
  return { talk, noted, server, socket };
}

let id = 1;
function encode(request: LdapRequest): Bytes {
  return encodeRequest({ id: id++, request, controls: [] });
}

/** The last answer to one request; the connection may be plain or TLS. */
async function ask(socket: Socket, request: LdapRequest | Bytes): Promise<LdapResponse> {
  const framer = new LdapFramer();
  const found = new Promise<LdapResponse>((resolve) => {
    socket.on("data", function read(chunk: Bytes) {
      const frames = framer.push(chunk);
      assert.ok(frames.ok);
      for (const frame of frames.value) {
        const answer = decodeResponse(frame);
        assert.ok(answer.ok);
        if (answer.value.response.kind === "entry") continue;
        socket.off("data", read);
        resolve(answer.value.response);
      }
    });
  });
  socket.write(request instanceof Uint8Array ? request : encode(request));
  return found;
}

function codeOf(response: LdapResponse): number {
  return "result" in response ? response.result.code : -1;
}

async function codeFor(socket: Socket, request: LdapRequest): Promise<number> {
  return codeOf(await ask(socket, request));
}

const external: LdapRequest = {
  kind: "bind",
  version: 3,
  name: "",
  credential: { kind: "sasl", mechanism: "EXTERNAL", initial: null },
};

test("[LE1][CS7] with the box clear every bind is 13, and no password is looked at", async () => {
  const { talk, noted, socket } = await aHouse(() => false);
  for (const bind of [aBind(annaDn, "right"), aBind(annaDn, "wrong"), aBind("", ""), external]) {
    assert.equal(await codeFor(socket, bind), 13);
  }
  assert.deepEqual([talk.attempts, noted], [[], []]);
  assert.equal(await codeFor(socket, rootDse()), 0);
  assert.equal(await codeFor(socket, { ...rootDse(), base }), 50);
  socket.destroy();
});

test("[LE1][LE2][CS7] a listed peer signs in, and is out when it is listed no more", async () => {
  let isListed = true;
  const { talk, noted, socket } = await aHouse(() => isListed);
  assert.equal(await codeFor(socket, aBind(annaDn, "right")), 0);
  // The pipeline is told, as administrators never come in like that.
  assert.equal(talk.attempts[0]?.isClear, true);
  assert.deepEqual(noted, ["127.0.0.1 anna"]);
  assert.equal(await codeFor(socket, aBind(annaDn, "wrong")), 49);
  assert.equal(noted.length, 1);
  assert.equal(await codeFor(socket, aBind(annaDn, "right")), 0);
  assert.equal(await codeFor(socket, external), 48);
  assert.equal(await codeFor(socket, aBind(annaDn, "right")), 0);
  isListed = false;
  assert.equal(await codeFor(socket, { ...rootDse(), base }), 50);
  socket.destroy();
});

test("[LE1][LE5][CS7][CS8] what a proposed setting would end is counted among them", async () => {
  const judges: LiveConnection["judge"][] = [];
  const live = {
    enter: ({ judge }: LiveConnection) => {
      judges.push(judge);
      return () => undefined;
    },
  };
  const { socket } = await aHouse((_, settings) => settings?.legacy ?? true, live);
  const judged = () => judges.map((judge) => judge(defaultSecurity) === null);
  assert.equal(await codeFor(socket, rootDse()), 0);
  assert.deepEqual(judged(), [true], "nobody signed in");
  assert.equal(await codeFor(socket, aBind(annaDn, "right")), 0);
  assert.deepEqual(judged(), [false]);
  assert.equal(judges[0]?.({ ...defaultSecurity, legacy: true }), null);
  socket.destroy();
});

test("[LE3][FE1] StartTLS leads to TLS and forgets who signed in", async () => {
  const { talk, socket } = await aHouse(() => true);
  assert.equal(await codeFor(socket, aBind(annaDn, "right")), 0);
  assert.equal(await codeFor(socket, startTls), 0);
  const secure = connectTls({ socket, ca: authority.certificate.toString(), host: "127.0.0.1" });
  await once(secure, "secureConnect");
  assert.equal(secure.authorized, true);
  const who = await ask(secure, whoAmI);
  assert.equal(who.kind === "extended" && who.value?.length, 0);
  assert.equal(await codeFor(secure, aBind(annaDn, "right")), 0);
  assert.equal(talk.attempts.at(-1)?.isClear, false);
  assert.equal(await codeFor(secure, startTls), 1);
  secure.destroy();
});

test("[LE3] what comes in clear text behind a StartTLS request ends the connection", async () => {
  for (const more of [encode(aBind(annaDn, "right")), encode(whoAmI).subarray(0, 5)]) {
    const { talk, socket } = await aHouse(() => true);
    const ended = once(socket, "close");
    assert.equal(codeOf(await ask(socket, concat([encode(startTls), more]))), 2);
    await ended;
    assert.deepEqual(talk.attempts, []);
  }
});

test("[LE3] the root DSE offers StartTLS where there is a port for it", async () => {
  const { socket } = await aHouse(() => false);
  const chunks: Bytes[] = [];
  socket.on("data", (chunk: Bytes) => chunks.push(chunk));
  await ask(socket, rootDse("supportedExtension"));
  assert.match(Buffer.from(concat(chunks)).toString("latin1"), /1\.3\.6\.1\.4\.1\.1466\.20037/);
  socket.destroy();
});
