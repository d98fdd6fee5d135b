import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { deviceId, nodeId } from "@gridward/core/base/identity";
import { dialLink } from "@gridward/runtime/link/dial";
import {
  brief,
  dialOptions,
  serverIdentity,
  testServer,
  trustedAuthority,
} from "@gridward/runtime/link/test-link";
import { systemClock } from "@gridward/runtime/os/clock";
import { freshId } from "@gridward/runtime/os/random";
import { freshSystemKey } from "@gridward/runtime/os/seal";
import { createTemporary } from "@gridward/runtime/trust/temporary";
import { encodeCertsOnly } from "@gridward/runtime/trust/x509/certs-only";
import { createSigningKey, createTlsKey, keyToPem } from "@gridward/runtime/trust/x509/keys";
import { readCertificate } from "@gridward/runtime/trust/x509/read";
import { createRequest, verifyRequest } from "@gridward/runtime/trust/x509/request";
import { createAuthority } from "@gridward/server/ca/authority";
import { issueDevice, issueReplicaSigner, issueServer } from "@gridward/server/ca/issue";

const needsOpenssl = { skip: whyNot(), timeout: 20_000 };

function whyNot(): string | false {
  if (process.env["GRIDWARD_PEERS"] === "0") return "GRIDWARD_PEERS=0: no peers here";
  return spawnSync("openssl", ["version"]).error === undefined ? false : "openssl is not installed";
}

const directory = mkdtempSync(join(tmpdir(), "gridward-x509-"));
after(() => rmSync(directory, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

/** Standard output and error of openssl, and whether it was content. */
function openssl(...words: readonly string[]): {
  readonly isContent: boolean;
  readonly says: string;
} {
  const done = spawnSync("openssl", words, { encoding: "utf8", input: "" });
  return { isContent: done.status === 0, says: done.stdout + done.stderr };
}

const now = systemClock().now();
const systemKey = freshSystemKey();
const authority = createAuthority({ site: "Hügel", systemKey, now });
const anchor = file("anchor.pem", authority.row.certificate);
const server = { id: nodeId(freshId()), name: "A", address: "127.0.0.1" };
const device = {
  id: deviceId(freshId()),
  name: "Q01",
  accessPoints: [{ name: "S1", ip: "10.0.0.7" }],
};

function issued(): Readonly<Record<"server" | "device" | "signer", string>> {
  const order = (key: ReturnType<typeof createTlsKey>): Parameters<typeof issueDevice>[0] => {
    const request = createRequest(key, "x");
    return { authority: authority.row, systemKey, request, now };
  };
  const made = {
    server: issueServer(order(createTlsKey()), server),
    device: issueDevice(order(createTlsKey()), device),
    signer: issueReplicaSigner(order(createSigningKey()), server),
  };
  assert.ok(made.server.ok && made.device.ok && made.signer.ok);
  return {
    server: file("server.pem", made.server.value.certificate.toString()),
    device: file("device.pem", made.device.value.certificate.toString()),
    signer: file("signer.pem", made.signer.value.certificate.toString()),
  };
}

test(
  "[X11][CA3] OpenSSL verifies what the authority issues strictly, for its purpose and no other",
  needsOpenssl,
  () => {
    const leaves = issued();
    const verify = (leaf: string, ...more: readonly string[]): boolean =>
      openssl("verify", "-x509_strict", "-CAfile", anchor, ...more, leaf).isContent;
    for (const leaf of [leaves.server, leaves.device]) {
      assert.ok(verify(leaf, "-purpose", "sslserver"), leaf);
      assert.ok(verify(leaf, "-purpose", "sslclient"), leaf);
      assert.equal(verify(leaf, "-purpose", "smimesign"), false);
    }
    assert.ok(verify(leaves.server, "-verify_ip", "127.0.0.1"));
    assert.equal(verify(leaves.server, "-verify_ip", "127.0.0.2"), false);
    assert.ok(verify(leaves.device, "-verify_hostname", "Q01"));
    assert.ok(verify(leaves.signer));
    assert.equal(verify(leaves.signer, "-purpose", "sslserver"), false);
    assert.equal(verify(leaves.signer, "-purpose", "sslclient"), false);
    // No leaf is an authority, and the authority makes no further one.
    assert.equal(openssl("verify", "-CAfile", leaves.server, leaves.device).isContent, false);
  },
);

test(
  "[X11] OpenSSL reads serial number, names and times as RFC 5280 writes them",
  needsOpenssl,
  () => {
    const { says } = openssl(
      "x509",
      "-in",
      issued().device,
      "-noout",
      "-text",
      "-nameopt",
      "utf8,esc_msb",
    );
    assert.match(says, /Version: 3/);
    assert.match(says, /Issuer: .*H\\C3\\BCgel|Issuer: .*Hügel/);
    assert.match(says, new RegExp(`Subject: CN ?= ?Q01, serialNumber ?= ?${device.id}`));
    assert.match(
      says,
      new RegExp(`URI:urn:gridward:device:${device.id}, DNS:Q01, IP Address:10.0.0.7`),
    );
    assert.match(says, /X509v3 Basic Constraints: critical\s+CA:FALSE/);
    assert.match(says, /X509v3 Key Usage: critical\s+Digital Signature\n/);
    const asn1 = openssl("asn1parse", "-in", anchor).says;
    assert.match(asn1, /UTCTIME +:\d{12}Z/);
    assert.match(asn1, /UTF8STRING/);
  },
);

test(
  "[X7][X4] OpenSSL reads our requests and certs-only messages, and we read its requests",
  needsOpenssl,
  () => {
    const ours = file("ours.csr", createRequest(createTlsKey(), "Q01"));
    assert.match(
      openssl("req", "-inform", "DER", "-in", ours, "-noout", "-verify").says,
      /verify OK/,
    );
    const certificate = readCertificate(authority.row.certificate);
    assert.ok(certificate);
    const message = file("certs.p7", encodeCertsOnly([certificate, certificate]));
    const printed = openssl("pkcs7", "-inform", "DER", "-in", message, "-print_certs").says;
    assert.equal(printed.match(/BEGIN CERTIFICATE/g)?.length, 2);
    for (const kind of ["ec:named_curve", "ec:other_curve", "rsa"] as const) {
      const options = {
        "ec:named_curve": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "ec:other_curve": ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
        rsa: ["rsa:2048"],
      }[kind];
      const out = join(directory, "theirs.csr");
      const words = ["-outform", "DER", "-out", out, "-keyout", join(directory, "k"), "-nodes"];
      const made = openssl(
        "req",
        "-new",
        "-newkey",
        ...options,
        ...words,
        "-subj",
        "/CN=x",
        "-addext",
        "subjectAltName=DNS:x",
      );
      assert.ok(made.isContent, made.says);
      const der = readFileSync(out);
      assert.ok(verifyRequest(der).ok, kind);
    }
  },
);

test("[X11][CS4] a temporary certificate verifies only as itself", needsOpenssl, () => {
  const key = createTlsKey();
  const temporary = createTemporary({ key, node: server.id, name: "A", hosts: ["127.0.0.1"], now });
  const path = file("temporary.pem", temporary.toString());
  assert.equal(openssl("verify", "-CAfile", anchor, path).isContent, false);
  assert.match(
    openssl("x509", "-in", path, "-noout", "-subject").says,
    /Temporary certificate of Gridward/,
  );
});

test(
  "[LK9] OpenSSL's own alerts tell our dial the cause: no certificate of ours is accepted, or version",
  needsOpenssl,
  async (t) => {
    const a = serverIdentity();
    const b = serverIdentity();
    const certificate = file("b.pem", b.certificate.toString());
    const key = file("b.key", keyToPem(b.key).reveal());
    const base = [
      "s_server",
      "-cert",
      certificate,
      "-key",
      key,
      "-alpn",
      "gridward-partner/1",
      "-accept",
    ];
    // Verifies clients against an authority that is not ours: alert 48.
    const strict = await started(t, [
      ...base,
      "127.0.0.1:0",
      "-Verify",
      "2",
      "-verify_return_error",
      "-CAfile",
      anchor,
    ]);
    assert.equal(brief(await dialLink(dialOptions(a, b, strict))), "T10 by them");
    const other = await started(t, [
      ...base.map((word) => word.replace("partner/1", "partner/9")),
      "127.0.0.1:0",
    ]);
    assert.equal(brief(await dialLink(dialOptions(a, b, other))), "T13 by them");
    const cipher = await started(t, [
      ...base,
      "127.0.0.1:0",
      "-tls1_2",
      "-cipher",
      "AES128-SHA256",
    ]);
    assert.equal(brief(await dialLink(dialOptions(a, b, cipher))), "T12 by them");
  },
);

test(
  "[TR6] s_client resumes no session of ours, in neither version, and renegotiates none",
  needsOpenssl,
  async (t) => {
    const b = serverIdentity();
    const running = await testServer(b, undefined);
    t.after(async () => running.close());
    const ca = file("link-ca.pem", trustedAuthority.certificate.toString());
    const session = join(directory, "session");
    for (const version of ["-tls1_2", "-tls1_3"]) {
      const words = [
        "s_client",
        "-connect",
        `127.0.0.1:${running.port}`,
        "-alpn",
        "gridward-partner/1",
        "-CAfile",
        ca,
        version,
      ];
      const first = await client([...words, "-sess_out", session], "");
      assert.match(first, /Verify return code: 0/);
      const second = await client([...words, "-sess_in", session], "");
      assert.doesNotMatch(second, /^Reused/m);
    }
    const words = [
      "s_client",
      "-connect",
      `127.0.0.1:${running.port}`,
      "-alpn",
      "gridward-partner/1",
      "-CAfile",
      ca,
      "-tls1_2",
    ];
    assert.match(await client(words, "R\n"), /no renegotiation/);
  },
);

test(
  "[TR6] an s_client without TLS 1.2, or with a suite without forward secrecy, is turned away",
  needsOpenssl,
  async (t) => {
    const running = await testServer(serverIdentity(), undefined);
    t.after(async () => running.close());
    const words = [
      "s_client",
      "-connect",
      `127.0.0.1:${running.port}`,
      "-alpn",
      "gridward-partner/1",
    ];
    assert.match(
      await client([...words, "-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"], ""),
      /alert number 70/,
    );
    assert.match(
      await client([...words, "-tls1_2", "-cipher", "AES256-GCM-SHA384"], ""),
      /alert number 40/,
    );
  },
);

/** What s_client prints until it ends; the server ends it as a stranger at the latest after 5 s. */
async function client(words: readonly string[], input: string): Promise<string> {
  const child = spawn("openssl", words, { stdio: "pipe" });
  let says = "";
  child.stdout.on("data", (chunk) => (says += String(chunk)));
  child.stderr.on("data", (chunk) => (says += String(chunk)));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const { promise, resolve } = Promise.withResolvers<undefined>();
  child.on("close", () => resolve(undefined));
  await promise;
  return says;
}

/** An s_server on a port of its own, which it prints. */
async function started(t: TestContext, words: readonly string[]): Promise<number> {
  const child: ChildProcess = spawn("openssl", words, { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => child.kill());
  const { promise, resolve } = Promise.withResolvers<number>();
  let says = "";
  child.stdout?.on("data", (chunk) => {
    says += String(chunk);
    const port = /ACCEPT 127\.0\.0\.1:(\d+)/.exec(says)?.[1];
    if (port !== undefined) resolve(Number(port));
  });
  return promise;
}
