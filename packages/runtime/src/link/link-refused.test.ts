import assert from "node:assert/strict";
import { createServer as createPlainServer, connect as connectPlain } from "node:net";
import { test } from "node:test";
import { connect, createServer, type SecureContextOptions } from "node:tls";
import { Name } from "@peculiar/asn1-x509";
import { encodeFrame, FrameReader } from "@gridward/core/codec/link-frame";
import { decodeVerdict } from "@gridward/core/codec/link-message";
import { systemClock } from "../os/clock.ts";
import { reissue } from "../trust/test-reissue.ts";
import { keyToPem } from "../trust/x509/keys.ts";
import { dialLink } from "./dial.ts";
import { unverifiedFrameBytesMax } from "./peer.ts";
import { brief, dialOptions, manualClock, testServer } from "./test-link.ts";
import { patience, a, b, strangers, opened, talk, once, until } from "./test-ends.ts";
import { listening } from "../trust/test-listening.ts";

type Foreigner = readonly [
  string,
  SecureContextOptions & { readonly ALPNProtocols?: string[] },
  string,
];

const foreigners: readonly Foreigner[] = [
  [
    "speaks TLS 1.1 at most",
    { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" },
    "T11",
  ],
  ["has no cipher of ours", { maxVersion: "TLSv1.2", ciphers: "AES128-GCM-SHA256" }, "T12"],
  ["speaks another protocol", { ALPNProtocols: ["gridward-partner/2"] }, "T13"],
];

const foreignServers: readonly Foreigner[] = [
  ...foreigners.map(([what, context, cause]): Foreigner => [what, context, `${cause} by them`]),
  ["speaks no protocol", {}, "T13 by us"],
];

const foreignClients: readonly Foreigner[] = [...foreigners, ["names no protocol", {}, "T13"]];

test(
  "[LK9] what is no TLS is T14, a closed port and silence are T17, and the dial is bounded",
  patience,
  async (t) => {
    const http = await listening(
      t,
      createPlainServer((socket) =>
        socket.on("error", () => undefined).end("HTTP/1.1 400 Bad Request\r\n\r\n"),
      ),
    );
    assert.equal(brief(await dialLink(dialOptions(a, b, http))), "T14 by us");
    const hangup = await listening(
      t,
      createPlainServer((socket) => socket.destroy()),
    );
    assert.equal(brief(await dialLink(dialOptions(a, b, hangup))), "T17 by them");
    const closed = await testServer(b, a);
    await closed.close();
    assert.equal(brief(await dialLink(dialOptions(a, b, closed.port))), "T17 by them");
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const silent = await listening(
      t,
      createPlainServer(() => resolve(undefined)),
    );
    const clock = manualClock(systemClock().now());
    const waiting = dialLink({ ...dialOptions(a, b, silent), clock });
    await promise;
    clock.advance(5000);
    assert.equal(brief(await waiting), "T17 by them");
  },
);

for (const [what, context, expected] of foreignServers) {
  test(`[LK9] a server that ${what}: ${expected}`, patience, async (t) => {
    const server = createServer({
      cert: b.certificate.toString(),
      key: keyToPem(b.key).reveal(),
      ...context,
    });
    server.on("tlsClientError", () => undefined);
    const outcome = await dialLink(dialOptions(a, b, await listening(t, server)));
    assert.equal(brief(outcome), expected);
  });
}

test(
  "[LK9] a server that requires a certificate and gets none says T09, by alert and by verdict",
  patience,
  async (t) => {
    const server = createServer({
      cert: b.certificate.toString(),
      key: keyToPem(b.key).reveal(),
      ALPNProtocols: ["gridward-partner/1"],
      requestCert: true,
      ca: strangers.certificate.toString(),
    });
    server.on("tlsClientError", () => undefined);
    const port = await listening(t, server);
    // Node ends without an alert (research): T17; OpenSSL's alert 116 is read in tls-error.test.ts.
    assert.match(brief(await dialLink(dialOptions(a, b, port))), /^T1[07] by them$/);
    const ours = await opened(t, testServer(b, a));
    const reader = new FrameReader();
    reader.push(await talk(ours.port, encodeFrame(Buffer.from("{}"))));
    const taken = reader.take(unverifiedFrameBytesMax);
    const verdict = taken.ok && taken.value !== undefined ? decodeVerdict(taken.value) : undefined;
    assert.ok(verdict?.ok === true && verdict.value.verdict === "refused");
    assert.equal(verdict.value.cause, "T09");
  },
);

for (const [what, context, cause] of foreignClients) {
  test(`[LK9] a stranger who ${what} is counted as ${cause}`, patience, async (t) => {
    const server = await opened(t, testServer(b, a));
    const socket = connect({
      ...context,
      host: "127.0.0.1",
      port: server.port,
      rejectUnauthorized: false,
    });
    socket.on("error", () => undefined);
    await once(socket.resume(), "close");
    await until(() => [...server.strangers().keys()].some((known) => known === cause));
  });
}

test(
  "[LK9] a plain stranger is counted as T14, and a key that fits no certificate is T15",
  patience,
  async (t) => {
    const server = await opened(t, testServer(b, a));
    const socket = connectPlain(server.port, "127.0.0.1").on("error", () => undefined);
    socket.end("GET / HTTP/1.1\r\n\r\n");
    await once(socket.resume(), "close");
    await until(() => server.strangers().get("T14") === 1);
    assert.equal(
      brief(await dialLink(dialOptions({ ...a, key: b.key }, b, server.port))),
      "T15 by us",
    );
  },
);

test(
  "[LK2][X6] a stranger whose certificate names no issuer is refused like any",
  patience,
  async (t) => {
    const server = await opened(t, testServer(b, a));
    const nameless = reissue(a.certificate, b.key, (says) => {
      says.issuer = new Name();
      says.subject = new Name();
    });
    const dialled = await dialLink(dialOptions({ ...a, certificate: nameless }, b, server.port));
    assert.equal(brief(dialled), "T02 by them");
    assert.equal(brief(await dialLink(dialOptions(a, b, server.port))), "verified");
  },
);

test("[TR6] a session is never resumed, in either version", patience, async (t) => {
  const server = await opened(t, testServer(b, a));
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    const options = {
      host: "127.0.0.1",
      port: server.port,
      rejectUnauthorized: false,
      ALPNProtocols: ["gridward-partner/1"],
      minVersion: version,
      maxVersion: version,
    };
    const first = connect(options).on("error", () => undefined);
    let session: Buffer | undefined;
    first.on("session", (one) => {
      session = one;
    });
    first.write(encodeFrame(Buffer.from("{}")));
    await once(first.resume(), "close");
    const held = session ?? first.getSession();
    const second = connect({ ...options, ...(held === undefined ? {} : { session: held }) });
    second.on("error", () => undefined);
    await once(second, "secureConnect");
    assert.equal(second.isSessionReused(), false);
    second.destroy();
  }
});
