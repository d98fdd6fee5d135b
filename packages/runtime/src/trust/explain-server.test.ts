import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { systemClock } from "../os/clock.ts";
import { explainFailure, explainLook, type Explanation } from "./explain-server.ts";
import { lookAtServer } from "./look-at-server.ts";
import { testAuthority } from "./test-authority.ts";
import { listening, type Scene } from "./test-listening.ts";
import { keyToPem } from "./x509/keys.ts";

const clock = systemClock();
const ours = testAuthority("Ours", clock.now());
const theirs = testAuthority("Theirs", clock.now());
const patience = { timeout: 20_000 };

/** A TLS server, and what came over its connections after their handshakes. */
async function tlsServer(t: Scene, options: TlsOptions & { readonly by?: typeof ours }) {
  const { by = ours, ...rest } = options;
  const { certificate, key } = by.issue({ profile: "server", hosts: ["127.0.0.1"] });
  const heard: Buffer[] = [];
  const server = createTlsServer({
    cert: String(certificate),
    key: keyToPem(key).reveal(),
    ...rest,
  });
  server.on("tlsClientError", () => undefined);
  server.on("secureConnection", (socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => heard.push(chunk));
  });
  return { port: await listening(t, server), heard, certificate };
}

async function explain(port: number, anchors = [String(ours.certificate)]): Promise<Explanation> {
  const order = { host: "127.0.0.1", port, anchors, at: clock.now() };
  const look = await lookAtServer({ ...order, clock });
  return look.ok ? explainLook(order, look.value) : explainFailure(order, look.error);
}

test(
  "[XS1][XS2][CS15] a server of our authority is accepted, and hears nothing but handshakes",
  patience,
  async (t) => {
    const { port, heard } = await tlsServer(t, {});
    const told = await explain(port);
    assert.deepEqual([told.verdict, told.cause, told.remedy], ["ok", null, null]);
    assert.deepEqual(told.versions, ["TLSv1.2", "TLSv1.3"]);
    assert.match(told.text, /It presents CN=leaf for IP Address:127\.0\.0\.1, issued by CN=Ours/);
    assert.match(told.text, /trusts CN=Ours, and presents no certificate/);
    assert.match(told.text, /What it decides after the handshake cannot be seen from here/);
    assert.match(told.text, /accept each other in the handshake\.$/);
    assert.deepEqual(heard, []);
  },
);

test("[XS1][CS15] who refuses what is told with the cause and what to do", patience, async (t) => {
  const foreign = await tlsServer(t, { by: theirs });
  const unknown = await explain(foreign.port);
  assert.deepEqual([unknown.cause, unknown.refused_by], ["T02", "this client"]);
  assert.match(unknown.remedy ?? "", /--ca FILE/);
  const nobody = await explain(foreign.port, []);
  assert.match(nobody.text, /this client trusts nobody yet/);
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    const strict = { requestCert: true, ca: String(ours.certificate), maxVersion };
    const { port } = await tlsServer(t, strict);
    const told = await explain(port);
    assert.equal(told.verdict, "refused", maxVersion);
    assert.notEqual(told.refused_by, "this client");
    assert.equal(told.wants_client_certificate, maxVersion === "TLSv1.3");
    assert.match(told.text, /T09/);
  }
  const old = await tlsServer(t, { maxVersion: "TLSv1.2" });
  assert.deepEqual((await explain(old.port)).versions, ["TLSv1.2"]);
});

test(
  "[XS1][XS2] what is no TLS, and what is not there, is told by its cause",
  patience,
  async (t) => {
    const plain = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const told = await explain(await listening(t, plain));
    assert.deepEqual([told.verdict, told.cause, told.presents], ["refused", "T14", []]);
    const closed = await explain(1);
    assert.deepEqual([closed.cause, closed.refused_by], ["T17", null]);
    assert.match(closed.remedy ?? "", /firewall/);
  },
);

test("[XS2] a server that says nothing is left after 10 s", patience, async (t) => {
  const port = await listening(
    t,
    createServer(() => undefined),
  );
  const slept: number[] = [];
  const hasty = {
    ...clock,
    sleep: async (duration: number) => {
      slept.push(duration);
      return Promise.resolve();
    },
  };
  const order = { host: "127.0.0.1", port, anchors: [], clock: hasty };
  const look = await lookAtServer(order);
  assert.deepEqual([look.ok, slept], [false, [10_000]]);
});
