import assert from "node:assert/strict";
import { createPublicKey, type KeyObject, type X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { after, test } from "node:test";
import { TLSSocket } from "node:tls";
import * as fc from "fast-check";
import { deviceId, nodeId } from "@gridward/core/base/identity";
import { Secret } from "@gridward/core/base/secret";
import { day } from "@gridward/core/base/time";
import { systemClock, type Clock } from "../os/clock.ts";
import { enrolOverEst, fetchAnchors, renewOverEst, type EnrolOrder } from "./est-client.ts";
import { testAuthority } from "./test-authority.ts";
import { buildCertificate } from "./x509/certificate.ts";
import { encodeCertsOnly } from "./x509/certs-only.ts";
import { buildCrl } from "./x509/crl.ts";
import { createTlsKey, keyToPem } from "./x509/keys.ts";
import { serialOf } from "./x509/read.ts";
import { readCrl } from "./x509/read-crl.ts";
import type { CertificateName } from "./x509/names.ts";
import { createRequest, verifyRequest } from "./x509/request.ts";

const clock = systemClock();
const authorityKey = createTlsKey();
const anchor = buildCertificate(
  {
    profile: "authority",
    publicKey: authorityKey,
    subject: { commonName: "Ours" },
    hosts: [],
    now: clock.now(),
  },
  { key: authorityKey },
);
const node = nodeId("01ARZ3NDEKTSV4RRFFQ69G5FAV");
const device = { id: "01ARZ3NDEKTSV4RRFFQ69G5FAX", name: "Q01" };
const key = createTlsKey();

function issue(
  profile: "server" | "device",
  name: CertificateName,
  publicKey: KeyObject,
): X509Certificate {
  const subject = { commonName: "leaf" };
  const leaf = { profile, publicKey, subject, name, hosts: [], now: clock.now() };
  return buildCertificate(leaf, { key: authorityKey, certificate: anchor });
}

const ourName = { kind: "device", device: deviceId(device.id) } as const;
const right = issue("device", ourName, key);

interface Heard {
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** Fingerprint of the certificate that the client showed. */
  readonly peer: string | undefined;
}

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close().closeAllConnections();
});

/** A server that answers as `answer` says and remembers what it heard. */
async function anEst(
  answer: (response: ServerResponse) => void,
  identity?: { readonly key: KeyObject; readonly certificate: X509Certificate },
): Promise<{ readonly port: number; readonly heard: readonly Heard[] }> {
  const own = identity ?? serverIdentity();
  const tls = { key: keyToPem(own.key).reveal(), cert: own.certificate.toString() };
  const heard: Heard[] = [];
  const asking = { ...tls, requestCert: true, rejectUnauthorized: false };
  const server = createServer(asking, (request, response) => {
    const { url, headers } = request;
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.once("end", () => {
      const { socket } = request;
      const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
      const body = Buffer.concat(pieces).toString();
      heard.push({ url, headers, body, peer: shown?.fingerprint256 });
      answer(response);
    });
  });
  servers.push(server);
  server.on("tlsClientError", () => {}); // That it was refused is what the client says.
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return { port: address.port, heard };
}

function serverIdentity() {
  const serverKey = createTlsKey();
  return { key: serverKey, certificate: issue("server", { kind: "server", node }, serverKey) };
}

const reply =
  (status: number, body: string | Uint8Array) =>
  (response: ServerResponse): void => {
    response.writeHead(status).end(body);
  };

function issued(...certificates: readonly X509Certificate[]): (response: ServerResponse) => void {
  return reply(200, Buffer.from(encodeCertsOnly(certificates)).toString("base64"));
}

function order(ports: readonly number[], more: Partial<EnrolOrder> = {}): EnrolOrder {
  return {
    places: ports.map((port) => ({ name: "A", address: "127.0.0.1", port })),
    anchors: [anchor.toString()],
    device,
    code: new Secret("SECRET-CODE"),
    request: createRequest(key, "Q01"),
    clock,
    ...more,
  };
}

async function refusalOf(given: EnrolOrder): Promise<{ code: string; detail: string }> {
  const outcome = await enrolOverEst(given);
  assert.ok(!outcome.ok);
  return outcome.error;
}

test("[EN1][PK3][PK4] a device gets the certificate for its key, by name and code", async () => {
  const est = await anEst(issued(right));
  const outcome = await enrolOverEst(order([est.port]));
  assert.ok(outcome.ok && outcome.value.publicKey.equals(createPublicKey(key)));
  const [heard] = est.heard;
  assert.equal(heard?.url, "/.well-known/est/simpleenroll");
  assert.equal(heard?.headers["content-type"], "application/pkcs10");
  const basic = Buffer.from("Q01:SECRET-CODE").toString("base64");
  assert.equal(heard?.headers.authorization, `Basic ${basic}`);
  const sent = verifyRequest(Buffer.from(heard?.body ?? "", "base64"));
  assert.ok(sent.ok && sent.value.equals(createPublicKey(key)));
});

test("[EN2] whoever is no server of the system never hears the code", async () => {
  const stranger = testAuthority("Ours", clock.now());
  const deviceKey = createTlsKey();
  const strangers = [
    stranger.issue({ profile: "server", name: { kind: "server", node } }),
    { key: deviceKey, certificate: issue("device", ourName, deviceKey) },
    stranger.issue({ profile: "temporary", name: { kind: "server", node } }),
  ];
  for (const identity of strangers) {
    const est = await anEst(issued(right), identity);
    const { code, detail } = await refusalOf(order([est.port]));
    assert.equal(code, "enrolment.failed");
    assert.match(detail, /^A at 127\.0\.0\.1: ./);
    assert.equal(est.heard.length, 0);
  }
  const late: Clock = { ...clock, now: () => clock.now() + 3 * 365 * day };
  const est = await anEst(issued(right));
  assert.match((await refusalOf(order([est.port], { clock: late }))).detail, /T03/);
  assert.equal(est.heard.length, 0);
});

test("[EN2][PK5] a server that a list names hears no code and gives no anchors", async () => {
  const identity = serverIdentity();
  const now = clock.now();
  const listed = [
    { serial: serialOf(identity.certificate), at: now, reason: "keyCompromise" } as const,
  ];
  const about = { number: 1, thisUpdate: now, nextUpdate: now + day, listed };
  const list = readCrl(buildCrl(about, { key: authorityKey, certificate: anchor }));
  assert.ok(list.ok);
  const lists = [list.value];
  const est = await anEst(issued(right), identity);
  assert.match((await refusalOf(order([est.port], { lists }))).detail, /T07/);
  const cacerts = await anEst(issued(anchor), identity);
  const anchors = await fetchAnchors(order([cacerts.port], { lists }));
  assert.ok(!anchors.ok && anchors.error.detail.includes("T07"));
  assert.deepEqual([est.heard, cacerts.heard], [[], []]);
  assert.ok((await fetchAnchors(order([cacerts.port]))).ok);
});

test("[EN3] a certificate that is not for this key, this device and from the anchor is not taken", async () => {
  const otherKey = createTlsKey();
  const other = { kind: "device", device: deviceId("01ARZ3NDEKTSV4RRFFQ69G5FAZ") } as const;
  const foreign = testAuthority("Ours", clock.now()).issue({ profile: "device", name: ourName });
  const cases: readonly (readonly [(response: ServerResponse) => void, RegExp, Uint8Array?])[] = [
    [issued(), /no certificate for this device's key/],
    [issued(issue("device", ourName, otherKey)), /no certificate for this device's key/],
    [issued(issue("device", other, key)), /names another device/],
    [issued(issue("server", { kind: "server", node }, key)), /T05/],
    [issued(foreign.certificate), /T02/, createRequest(foreign.key, "x")],
    [reply(200, ""), /not a CMS/],
    [reply(200, "hello"), /not a CMS/],
    [reply(200, "A".repeat(65 * 1024)), /too large|aborted/],
  ];
  for (const [answer, says, request] of cases) {
    const est = await anEst(answer);
    const given = order([est.port], request === undefined ? {} : { request });
    const { code, detail } = await refusalOf(given);
    assert.equal(code, "enrolment.failed");
    assert.match(detail, says);
  }
});

test("[EN4] the next place is tried where one does not answer, and not where one refuses", async () => {
  const standby = await anEst(reply(503, "Not the Main.\n"));
  const cut = await anEst((response) => response.socket?.destroy());
  const main = await anEst(issued(right));
  assert.ok((await enrolOverEst(order([1, standby.port, cut.port, main.port]))).ok);
  const none = await refusalOf(order([1, standby.port]));
  assert.equal(none.code, "enrolment.failed");
  assert.match(none.detail, /ECONNREFUSED.*; A at 127\.0\.0\.1: status 503: Not the Main\.$/);
  for (const [status, code] of [
    [401, "enrolment.rejected"],
    [403, "enrolment.rejected"],
    [400, "enrolment.bad-request"],
  ] as const) {
    const refusing = await anEst(reply(status, "No.\u001b[2J\n"));
    const before = main.heard.length;
    const refused = await refusalOf(order([refusing.port, main.port]));
    assert.deepEqual(refused, {
      code,
      detail: `A at 127.0.0.1: status ${status}: No. [2J`,
    });
    assert.equal(main.heard.length, before);
  }
});

test("[EN5] a server that does not finish its answer is left when the time is over", async () => {
  const silent = await anEst((response) => void response.writeHead(200).write("MII"));
  const asked: number[] = [];
  const hasty: Clock = {
    ...clock,
    sleep: async (duration, stop) => {
      asked.push(duration);
      const reached = (): boolean => silent.heard.length > 0 || stop?.aborted === true;
      while (!reached()) await clock.sleep(5);
    },
  };
  assert.match((await refusalOf(order([silent.port], { clock: hasty }))).detail, /in time|aborted/);
  assert.deepEqual(asked, [15_000]);
});

test("[EN5] no order and no answer makes it throw", async () => {
  assert.equal((await refusalOf(order([], {}))).code, "enrolment.failed");
  assert.equal((await refusalOf(order([70_000]))).code, "enrolment.failed");
  assert.equal((await refusalOf(order([1], { anchors: ["no PEM"] }))).code, "enrolment.failed");
  const request = new Uint8Array(5);
  assert.equal((await refusalOf(order([1], { request }))).code, "enrolment.bad-request");
  let body: Uint8Array = new Uint8Array();
  const est = await anEst((response) => reply(200, body)(response));
  const message = Buffer.from(encodeCertsOnly([right]));
  const damaged = fc.tuple(fc.nat(message.length - 1), fc.nat(255)).map(([at, byte]) => {
    const copy = Buffer.from(message);
    copy[at] = byte;
    return Buffer.from(copy.toString("base64"));
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array(), damaged), async (bytes) => {
      body = bytes;
      const outcome = await enrolOverEst(order([est.port]));
      assert.ok(outcome.ok ? outcome.value.publicKey.equals(createPublicKey(key)) : true);
    }),
    { numRuns: 60 },
  );
});

test("[EN6][PK8] a device renews with its certificate, and no code is sent", async () => {
  const est = await anEst(issued(right));
  const old = issue("device", ourName, key);
  const { code: _, ...asked } = order([est.port]);
  const outcome = await renewOverEst({ ...asked, shown: { certificate: old, key } });
  assert.ok(outcome.ok && outcome.value.publicKey.equals(createPublicKey(key)));
  const [heard] = est.heard;
  assert.equal(heard?.url, "/.well-known/est/simplereenroll");
  assert.equal(heard?.headers.authorization, undefined);
  assert.equal(heard?.peer, old.fingerprint256);
  const other = await anEst(issued(issue("device", ourName, createTlsKey())));
  const { code: __, ...again } = order([other.port]);
  const refused = await renewOverEst({ ...again, shown: { certificate: old, key } });
  assert.ok(!refused.ok && /no certificate for this device's key/.test(refused.error.detail));
});
