import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import { readCrl } from "@gridward/runtime/trust/x509/read-crl";
import { freePort } from "../../scripts/demo/stage.ts";
import { runCli, type Ran } from "../journeys/run-cli.ts";

/** The authority's daily work, from the command line to OpenSSL and GnuTLS. */

const place = mkdtempSync(join(tmpdir(), "gridward-authority-"));
const at = (name: string): string => join(place, name);
const has = (program: string): boolean => spawnSync(program, ["--version"]).error === undefined;
const isWanted = process.env["GRIDWARD_PEERS"] !== "0" && has("openssl");
const needsPeers = { skip: isWanted ? false : "openssl is not installed or not wanted" };
const certtool = {
  skip: isWanted && has("certtool") ? false : "certtool is not here or not wanted",
};
const gridwardProgram = join(import.meta.dirname, "../../bin/gridward");
let server: ChildProcess | undefined;
let url = "";

async function gridward(words: string, input = ""): Promise<Ran> {
  return runCli(`${words} -o json`, { input, state: at("home") });
}

async function must(words: string): Promise<unknown> {
  const ran = await gridward(words);
  assert.equal(ran.exit, 0, `${words}: ${ran.talk}${ran.data}`);
  return member(ran.json, "data");
}

function member(value: unknown, ...keys: readonly string[]): unknown {
  let found: unknown = value;
  for (const key of keys) {
    found = Object.entries(found ?? {}).find(([name]) => name === key)?.[1];
  }
  return found;
}

function file(name: string, text: string): string {
  writeFileSync(at(name), text);
  return at(name);
}

function openssl(...words: readonly string[]): {
  readonly isContent: boolean;
  readonly says: string;
} {
  const done = spawnSync("openssl", words, { encoding: "utf8", input: "" });
  return { isContent: done.status === 0, says: done.stdout + done.stderr };
}

before(async () => {
  if (!isWanted) return;
  const [https, link] = [await freePort(), await freePort()];
  const ports = `--https ${https} --link ${link} --ldaps 0`;
  await must(`server init ${at("A")} --name A --listen 127.0.0.1 ${ports}`);
  const words = ["server", "run", at("A")];
  const child = spawn(process.execPath, [gridwardProgram, ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  server = child;
  await new Promise((resolve) => createInterface(child.stdout).once("line", resolve));
  const made = await must(`system create --local ${at("A")} --base dc=example,dc=org --site Hill`);
  url = `https://127.0.0.1:${https}`;
  const to = `--server ${url} --ca ${at("A")}/certificates/authority.pem`;
  const own = file("admin", "Hilltop-river-2026");
  await must(`login admin ${to} --code-file ${file("code", String(member(made, "code")))}`);
  await must(`password change --password-file ${own}`);
  await must(`login admin ${to} --password-file ${own}`);
  await must(`ca export --out ${at("anchor.pem")}`);
});

after(async () => {
  if (server !== undefined) {
    const ended = new Promise((resolve) => server?.once("exit", resolve));
    server.kill("SIGKILL");
    await ended;
  }
  rmSync(place, { recursive: true });
});

const host = "--host ftp.example.org --host 192.0.2.7";

test(
  "[X13][CLI19][PK3] OpenSSL opens the PKCS#12 file with the password that is shown once",
  needsPeers,
  async () => {
    const words = `ca issue ftp --profile file-transfer ${host} --out ${at("ftp.p12")}`;
    const tried = await must(`${words} --dry-run`);
    assert.equal(member(tried, "dry_run"), true);
    assert.equal(existsSync(at("ftp.p12")), false);
    const issued = await must(words);
    const password = String(member(issued, "password"));
    assert.equal(statSync(at("ftp.p12")).mode & 0o777, 0o600);
    const opened = openssl(
      "pkcs12",
      "-in",
      at("ftp.p12"),
      "-info",
      "-nodes",
      "-passin",
      `pass:${password}`,
    );
    assert.ok(opened.isContent, opened.says);
    assert.match(opened.says, /MAC: sha256, Iteration 20000/);
    assert.match(opened.says, /PKCS7 Encrypted data: PBES2, PBKDF2, AES-256-CBC, Iteration 200000/);
    assert.match(opened.says, /Shrouded Keybag: PBES2, PBKDF2, AES-256-CBC/);
    assert.match(opened.says, /friendlyName: ftp/);
    assert.equal(opened.says.match(/BEGIN CERTIFICATE/g)?.length, 2);
    assert.match(opened.says, /BEGIN PRIVATE KEY/);
    const wrong = openssl("pkcs12", "-in", at("ftp.p12"), "-noout", "-passin", "pass:wrong");
    assert.equal(wrong.isContent, false);
    const leaf = file("ftp.pem", opened.says);
    const verified = openssl("verify", "-x509_strict", "-CAfile", at("anchor.pem"), leaf);
    assert.ok(verified.isContent, verified.says);
    // What is there is not written over, and nothing is issued for it.
    const again = await gridward(words);
    assert.deepEqual([again.exit, member(again.json, "error", "code")], [2, "client.new-file"]);
    assert.equal([await must("ca list --search ftp")].flat().length, 1);
  },
);

test(
  "[CA19][PK3] an IED of another make loads the PKCS#12 or PEM file, and is believed as server and as client",
  needsPeers,
  async () => {
    const names = "--host rel670.hill.example --host 127.0.0.1";
    const words = `ca issue REL670 --profile vendor-device ${names}`;
    const issued = await must(`${words} --out ${at("rel.p12")}`);
    const password = String(member(issued, "password"));
    await must(`${words} --key-type rsa --no-password --out ${at("rel.pem")}`);
    const secret = ["-passin", `pass:${password}`];
    const opened = openssl("pkcs12", "-in", at("rel.p12"), "-nodes", ...secret);
    assert.ok(opened.isContent, opened.says);
    const leaf = file("rel-leaf.pem", opened.says);
    for (const [purpose, pem] of [
      ["sslserver", leaf],
      ["sslclient", at("rel.pem")],
    ] as const) {
      const strict = ["-x509_strict", "-purpose", purpose, "-CAfile", at("anchor.pem")];
      const verified = openssl("verify", ...strict, pem);
      assert.ok(verified.isContent, verified.says);
    }
    const ca = readFileSync(at("anchor.pem"));
    const pem = readFileSync(at("rel.pem"));
    const files = [
      { pfx: readFileSync(at("rel.p12")), passphrase: password },
      { key: pem, cert: pem },
    ] as const;
    for (const [own, other] of [files, files.toReversed()]) {
      const both = { ca, rejectUnauthorized: true };
      const ied = createTlsServer({ ...own, ...both, requestCert: true });
      const admitted = once(ied, "secureConnection");
      ied.listen(0, "127.0.0.1");
      await once(ied, "listening");
      const address = ied.address();
      assert.ok(typeof address === "object" && address !== null);
      const to = { host: "127.0.0.1", port: address.port, servername: "rel670.hill.example" };
      const client = connectTls({ ...other, ...both, ...to });
      await Promise.all([admitted, once(client, "secureConnect")]);
      assert.ok(client.authorized);
      client.destroy();
      ied.close();
    }
  },
);

test("[X13] certtool opens the same file", certtool, async () => {
  const password = file("own", "correct horse battery staple");
  const out = at("gnutls.p12");
  const words = `--profile log-collector --host log.example.org --key-type rsa`;
  const issued = await must(`ca issue log ${words} --out ${out} --password-file ${password}`);
  assert.equal(member(issued, "password"), undefined);
  const secret = ["--password", "correct horse battery staple"];
  const said = spawnSync("certtool", ["--p12-info", "--inder", "--infile", out, ...secret], {
    encoding: "utf8",
  });
  assert.equal(said.status, 0, said.stderr);
  assert.match(said.stdout, /BEGIN RSA PRIVATE KEY|BEGIN ENCRYPTED PRIVATE KEY|BEGIN PRIVATE KEY/);
});

test(
  "[CLI19][PK2] a PEM file in clear for what takes no other, and a request of OpenSSL's",
  needsPeers,
  async () => {
    const tool = `ca issue laptop --profile engineering-tool --email anna@example.org`;
    await must(`${tool} --out ${at("laptop.pem")} --no-password`);
    assert.ok(openssl("pkey", "-in", at("laptop.pem"), "-noout").isContent);
    const name = ["-subj", "/CN=admin/O=Administrators", "-addext", "subjectAltName=DNS:main"];
    const keys = ["-newkey", "rsa:2048", "-nodes", "-keyout", at("theirs.key")];
    assert.ok(openssl("req", "-new", ...keys, ...name, "-out", at("theirs.csr")).isContent);
    const order = `--name collector --profile log-collector --host log.example.org`;
    const out = at("theirs.pem");
    await must(`ca sign ${at("theirs.csr")} ${order} --out ${out}`);
    const { says } = openssl("x509", "-in", out, "-noout", "-subject", "-ext", "subjectAltName");
    assert.match(says, /CN = collector\n/);
    assert.match(says, /DNS:log\.example\.org\n/);
    assert.doesNotMatch(says, /main|Administrators/);
    const bad = await gridward(`ca sign ${at("theirs.key")} ${order} --out ${at("no.pem")}`);
    assert.deepEqual([bad.exit, member(bad.json, "error", "code")], [2, "client.file"]);
  },
);

test(
  "[CA5][CA6][CLI19][PK5] what is revoked is on the list that anyone fetches, at once",
  needsPeers,
  async () => {
    const early = await fetchList();
    assert.equal(early.read.revoked.size, 0);
    assert.equal(early.headers["content-type"], "application/pkix-crl");
    assert.equal(early.headers["cache-control"], "public, max-age=600");
    assert.equal(early.headers["x-content-type-options"], "nosniff");
    const unsure = await gridward("ca revoke laptop --reason keyCompromise");
    assert.equal(unsure.exit, 2);
    assert.match(unsure.talk, /engineering-tool laptop, serial number [0-9a-f]{32}/);
    const wordless = await gridward("ca revoke laptop --yes");
    assert.match(wordless.data, /unspecified, keyCompromise, superseded/);
    const revoked = await must("ca revoke laptop --reason keyCompromise --yes");
    const serial = String(member(revoked, "serial"));
    let late = await fetchList();
    for (let left = 100; !late.read.revoked.has(serial) && left > 0; left--) {
      await sleep(50);
      late = await fetchList();
    }
    assert.equal(late.read.revoked.get(serial)?.reason, "keyCompromise");
    assert.ok((late.read.number ?? 0n) > (early.read.number ?? 0n));
    await must(`ca crl --out ${at("list.pem")}`);
    await must(`ca crl --out ${at("list.pem")}`);
    const words = ["verify", "-crl_check", "-x509_strict", "-CAfile", at("anchor.pem")];
    const lists = ["-CRLfile", at("list.pem")];
    assert.match(openssl(...words, ...lists, at("laptop.pem")).says, /certificate revoked/);
    assert.ok(openssl(...words, ...lists, at("theirs.pem")).isContent);
    const [row] = [await must("ca list --search laptop")].flat();
    assert.equal(member(row, "state"), "revoked");
  },
);

test(
  "[CT2] a server's only certificate is not revoked, nor the authority's",
  needsPeers,
  async () => {
    const own = openssl(
      "x509",
      "-in",
      join(at("A"), "certificates/server.pem"),
      "-noout",
      "-serial",
    );
    const serial = own.says.trim().replace("serial=", "");
    const refused = await gridward(`ca revoke ${serial} --reason superseded --yes`);
    assert.deepEqual(
      [refused.exit, member(refused.json, "error", "code")],
      [7, "certificate.last-of-server"],
    );
  },
);

async function fetchList() {
  const ca = readFileSync(at("anchor.pem"));
  const { promise, resolve, reject } = Promise.withResolvers<{
    readonly headers: NodeJS.Dict<string | string[]>;
    readonly body: Buffer;
  }>();
  get(`${url}/crl/issuing.crl`, { ca, agent: false }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => void chunks.push(chunk));
    response.once("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
  }).once("error", reject);
  const { headers, body } = await promise;
  const read = readCrl(body);
  assert.ok(read.ok);
  return { headers, read: read.value };
}
