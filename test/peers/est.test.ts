import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { systemClock } from "@gridward/runtime/os/clock";
import { Secret } from "@gridward/core/base/secret";
import { enrolOverEst } from "@gridward/runtime/trust/est-client";
import { createTlsKey } from "@gridward/runtime/trust/x509/keys";
import { createRequest } from "@gridward/runtime/trust/x509/request";
import { issueServer } from "@gridward/server/ca/issue";
import { aBay, type TestBay } from "@gridward/server/frontends/est/a-bay";
import { aServer, tlsOf, type TestServer } from "@gridward/server/frontends/https/a-server";

const needsTools = { skip: whyNot() };

function whyNot(): string | false {
  if (process.env["GRIDWARD_PEERS"] === "0") return "GRIDWARD_PEERS=0: no peers here";
  for (const tool of ["curl", "openssl"]) {
    if (spawnSync(tool, ["version"]).error !== undefined) return `${tool} is not installed`;
  }
  return false;
}

const clock = systemClock();
const directory = mkdtempSync(join(tmpdir(), "gridward-est-"));
const file = (name: string): string => join(directory, name);
let bay: TestBay;
let server: TestServer | undefined;

before(async () => {
  bay = aBay(clock.now());
  server = await aServer({ mounted: bay.routes });
  const { self, systemKey, front } = bay.system;
  const authority = front.state().tables.authorities.get("issuing");
  assert.ok(authority);
  const key = createTlsKey();
  const issued = issueServer(
    { authority, systemKey, request: createRequest(key, "A"), now: clock.now() },
    { id: self.node, name: self.name, address: "127.0.0.1" },
  );
  assert.ok(issued.ok);
  server.replaceTls(tlsOf({ key, certificate: issued.value.certificate }));
  writeFileSync(file("anchor.pem"), bay.system.authority.toString());
});

after(async () => {
  await server?.close();
  rmSync(directory, { recursive: true });
});

async function run(tool: string, ...words: readonly string[]): Promise<string> {
  const child = spawn(tool, words, { cwd: directory, stdio: ["ignore", "pipe", "pipe"] });
  const closed = once(child, "close");
  const [out, error] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
  await closed;
  assert.equal(child.exitCode, 0, `${tool}: ${error.join("")}`);
  return out.join("");
}

/** Posts what openssl made, as a device without our software would; the status comes back. */
async function enrol(code: string, ...more: readonly string[]): Promise<string> {
  writeFileSync(file("credentials"), `user = "Q01:${code}"\n`, { mode: 0o600 });
  const url = `https://127.0.0.1:${server?.port ?? 0}/.well-known/est/simpleenroll`;
  const words = ["--cacert", "anchor.pem", "-K", "credentials", "-D", "answer-headers"];
  const type = ["-H", "Content-Type: application/pkcs10", "--data-binary", "@request.b64"];
  const told = ["-o", "answer", "-w", "%{http_code}"];
  return run("curl", "-sS", ...words, ...type, ...more, ...told, url);
}

async function makeRequest(): Promise<void> {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await run(
    "openssl",
    "req",
    "-new",
    ...key,
    "-keyout",
    "key.pem",
    "-subj",
    "/CN=x",
    "-out",
    "csr",
  );
  await run("openssl", "req", "-in", "csr", "-outform", "DER", "-out", "request.der");
  await run("openssl", "base64", "-in", "request.der", "-out", "request.b64");
}

test("[EST1][PK4] curl fetches the authority, openssl reads it", needsTools, async () => {
  const url = `https://127.0.0.1:${server?.port ?? 0}/.well-known/est/cacerts`;
  await run("curl", "-sSf", "--cacert", "anchor.pem", "-o", "cacerts.b64", url);
  await run("openssl", "base64", "-d", "-in", "cacerts.b64", "-out", "cacerts.der");
  const words = ["-in", "cacerts.der", "-inform", "DER", "-print_certs"];
  const printed = await run("openssl", "pkcs7", ...words);
  assert.ok(printed.includes(bay.system.authority.toString().trim()));
});

test(
  "[EST2][EST6][EST10][PK3][PK4] a device with curl and openssl enrols",
  needsTools,
  async () => {
    await makeRequest();
    const code = bay.issueCode().reveal();
    const status = await enrol(code, "-H", "Content-Transfer-Encoding: base64");
    assert.equal(status, "200", readFileSync(file("answer"), "utf8"));
    const headers = readFileSync(file("answer-headers"), "utf8");
    assert.match(headers, /^content-type: application\/pkcs7-mime; smime-type=certs-only\r$/im);
    await run("openssl", "base64", "-d", "-in", "answer", "-out", "answer.der");
    const words = ["-in", "answer.der", "-inform", "DER", "-print_certs", "-out", "device.pem"];
    await run("openssl", "pkcs7", ...words);
    const strict = ["-x509_strict", "-purpose", "sslclient", "-CAfile", "anchor.pem"];
    assert.match(await run("openssl", "verify", ...strict, "device.pem"), /: OK/);
    const ofKey = await run("openssl", "pkey", "-in", "key.pem", "-pubout");
    assert.equal(await run("openssl", "x509", "-in", "device.pem", "-noout", "-pubkey"), ofKey);
    const first = readFileSync(file("answer"), "utf8");
    assert.equal(await enrol(code), "200");
    assert.equal(readFileSync(file("answer"), "utf8"), first);
    await makeRequest();
    assert.equal(await enrol(code), "403");
  },
);

test("[EST3][EST4][EST8] curl is told what is wrong, in a sentence", needsTools, async () => {
  await makeRequest();
  const code = bay.issueCode().reveal();
  const said = (): string => readFileSync(file("answer"), "utf8");
  assert.equal(await enrol("WRONG"), "403");
  assert.match(said(), /^The enrolment code is not accepted\./);
  assert.equal(await enrol(code, "-H", "Authorization:"), "401");
  assert.match(readFileSync(file("answer-headers"), "utf8"), /^www-authenticate: Basic realm="/im);
  writeFileSync(file("request.b64"), readFileSync(file("csr")));
  assert.equal(await enrol(code), "400");
  assert.match(said(), /base64, without PEM/);
  writeFileSync(file("request.b64"), "A".repeat(20_000));
  assert.equal(await enrol(code), "413");
});

test("[EN1][EST2][PK3] our own client enrols over the same port", async () => {
  const code = bay.issueCode();
  const { id, name } = bay.q01();
  const outcome = await enrolOverEst({
    places: [{ name: "A", address: "127.0.0.1", port: server?.port ?? 0 }],
    anchors: [bay.system.authority.toString()],
    device: { id, name },
    code: new Secret(code.reveal().toLowerCase()),
    request: createRequest(createTlsKey(), name),
    clock,
  });
  assert.ok(outcome.ok, outcome.ok ? "" : outcome.error.detail);
});

/** As a device with curl and openssl renews: the certificate in the handshake, a request of openssl. */
async function renew(...more: readonly string[]): Promise<string> {
  const url = `https://127.0.0.1:${server?.port ?? 0}/.well-known/est/simplereenroll`;
  const words = ["--cacert", "anchor.pem", "-D", "answer-headers", ...more];
  const type = ["-H", "Content-Type: application/pkcs10", "--data-binary", "@request.b64"];
  return run("curl", "-sS", ...words, ...type, "-o", "answer", "-w", "%{http_code}", url);
}

async function takeCertificate(name: string): Promise<void> {
  await run("openssl", "base64", "-d", "-in", "answer", "-out", "answer.der");
  const words = ["-in", "answer.der", "-inform", "DER", "-print_certs", "-out", name];
  await run("openssl", "pkcs7", ...words);
}

test(
  "[EST12][EST13][EST14][EST15][PK4][PK8] a device with curl and openssl renews, for a new key",
  needsTools,
  async () => {
    const url = `https://127.0.0.1:${server?.port ?? 0}/.well-known/est/csrattrs`;
    await run("curl", "-sSf", "--cacert", "anchor.pem", "-o", "csrattrs.b64", url);
    await run("openssl", "base64", "-d", "-in", "csrattrs.b64", "-out", "csrattrs.der");
    const wanted = await run("openssl", "asn1parse", "-inform", "DER", "-in", "csrattrs.der");
    assert.match(wanted, /ecdsa-with-SHA256[\s\S]*id-ecPublicKey[\s\S]*prime256v1/);

    await makeRequest();
    assert.equal(await enrol(bay.issueCode().reveal()), "200");
    await takeCertificate("device.pem");
    const shown = ["--cert", "device.pem", "--key", "key.pem"];
    // The same key, and the names of the certificate: as openssl makes a request of one.
    const asIs = ["-x509toreq", "-copy_extensions", "copyall", "-in", "device.pem"];
    await run("openssl", "x509", ...asIs, "-signkey", "key.pem", "-out", "csr");
    await run("openssl", "req", "-in", "csr", "-outform", "DER", "-out", "request.der");
    await run("openssl", "base64", "-in", "request.der", "-out", "request.b64");
    assert.equal(await renew(), "403");
    assert.match(readFileSync(file("answer"), "utf8"), /T09/);
    for (const version of ["--tls-max", "--tlsv1.3"]) {
      const words = version === "--tls-max" ? [version, "1.2"] : [version];
      assert.equal(await renew(...shown, ...words), "200", readFileSync(file("answer"), "utf8"));
    }
    await takeCertificate("second.pem");
    const strict = ["-x509_strict", "-purpose", "sslclient", "-CAfile", "anchor.pem"];
    assert.match(await run("openssl", "verify", ...strict, "second.pem"), /: OK/);

    // A new key under another name: refused; under its own: taken.
    const next = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    const out = ["-keyout", "next.pem", "-outform", "DER", "-out", "request.der"];
    const subject = `/CN=Q01/serialNumber=${bay.q01().id}`;
    const names = `URI:urn:gridward:device:${bay.q01().id},DNS:Q01,IP:10.0.0.7`;
    for (const [name, status] of [
      ["DNS:main.example.org", "400"],
      [names, "200"],
    ] as const) {
      const asked = ["-subj", subject, "-addext", `subjectAltName=${name}`];
      await run("openssl", "req", "-new", ...next, ...asked, ...out);
      await run("openssl", "base64", "-in", "request.der", "-out", "request.b64");
      assert.equal(await renew("--cert", "second.pem", "--key", "key.pem"), status);
    }
    await takeCertificate("third.pem");
    const ofKey = await run("openssl", "pkey", "-in", "next.pem", "-pubout");
    assert.equal(await run("openssl", "x509", "-in", "third.pem", "-noout", "-pubkey"), ofKey);
    assert.equal(server?.defects.length, 0);
  },
);
