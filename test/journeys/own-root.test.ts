import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { type DemoServer, initServer, member, runServer } from "../../scripts/demo/cast.ts";
import { freePort, Stage, until, type Ended } from "../../scripts/demo/stage.ts";
import { adminPassword, foundSystem, waitForState } from "../faults/servers.ts";

/** A system under a root that is kept apart, and one under the utility's own CA, as processes. */

const stage = new Stage();
const hasOpenssl =
  process.env["GRIDWARD_PEERS"] !== "0" && spawnSync("openssl", ["version"]).error === undefined;
const hasCerttool = hasOpenssl && spawnSync("certtool", ["--version"]).error === undefined;
const needsOpenssl = { skip: hasOpenssl ? false : "openssl is not installed or not wanted" };
let password = "";
let passphrase = "";

before(() => {
  password = stage.secretFile("password", adminPassword);
  passphrase = stage.secretFile("passphrase", "correct horse battery");
});
after(async () => stage.clear());

async function ca(...words: readonly string[]): Promise<Ended> {
  return stage.run("ca", ...words);
}

async function mustCa(...words: readonly string[]): Promise<unknown> {
  const ended = await ca(...words);
  assert.equal(ended.exit, 0, `${words.join(" ")}: ${ended.stderr}`);
  return ended.data;
}

/** Code and where of what was refused. */
async function refusedCode(...words: readonly string[]): Promise<string> {
  const ended = await ca(...words);
  return ended.error?.code ?? `exit ${ended.exit}`;
}

async function aServer(name: string): Promise<DemoServer> {
  const server = await initServer(stage, name);
  await runServer(stage, server);
  return server;
}

async function aSystem(name: string): Promise<DemoServer> {
  const server = await aServer(name);
  (await foundSystem(stage, server)).close();
  await login(server, stage.path(name, "certificates", "authority.pem"));
  return server;
}

async function login(server: DemoServer, anchor: string): Promise<void> {
  const words = ["--server", server.url, "--ca", anchor, "--password-file", password];
  const signedIn = await stage.run("login", "admin", ...words);
  assert.equal(signedIn.exit, 0, signedIn.stderr);
}

function openssl(...words: readonly string[]): string {
  const done = spawnSync("openssl", words, { encoding: "utf8", input: "", cwd: stage.directory });
  return done.stdout + done.stderr;
}

/** As a client that trusts one file sees a port: OpenSSL's verdict, and what was sent. */
function look(port: number, anchor: string): { readonly sent: number; readonly says: string } {
  const strict = ["-x509_strict", "-verify_return_error", "-showcerts"];
  const to = ["-connect", `127.0.0.1:${port}`, "-CAfile", anchor];
  const says = openssl("s_client", ...to, ...strict);
  return { says, sent: says.match(/BEGIN CERTIFICATE/g)?.length ?? 0 };
}

const verified = "Verification: OK";

/** A device of the system that is signed in to, with its package: it runs when this returns. */
async function aDevice(name: string): Promise<{ readonly https: number; readonly file: string }> {
  await stage.must("group", "create", `group-${name}`);
  await stage.must("device", "create", name, "--group", `group-${name}`);
  const file = stage.path(`${name}.json`);
  await stage.must("device", "package", name, "--out", file);
  const [directory, https] = [stage.path(name), await freePort()];
  await stage.must("ied", "init", directory, "--package", file, "--https", String(https));
  await stage.start(name, "ied", "run", directory);
  await until(`${name} has a replica`, 60_000, async () => {
    const status = await stage.must("ied", "status", directory);
    return member(status, "replication", "last_success") === null ? undefined : status;
  });
  return { https, file };
}

async function rootSign(request: string, out: string): Promise<void> {
  const files = ["--root", stage.path("root.pem"), "--key", stage.path("root-key.pem")];
  const secret = ["--passphrase-file", passphrase];
  await mustCa("root", "sign", request, ...files, ...secret, "--out", out, "--yes");
}

async function standings(): Promise<unknown> {
  const rows = await mustCa("roll-over", "show");
  assert.ok(Array.isArray(rows));
  return rows.map((row) => [member(row, "standing"), member(row, "root")]);
}

test("[CLI26][PK1] a root is made and used without a server, and never overwrites or half writes", async () => {
  const [root, key] = [stage.path("root.pem"), stage.path("root-key.pem")];
  const words = ["--name", "Hill root", "--organization", "Utility", "--passphrase-file"];
  const files = ["--out", root, "--key-out", key];
  const short = stage.secretFile("short", "short");
  assert.equal(await refusedCode("root", "create", ...words, short, ...files), "client.wrong-use");
  await mustCa("root", "create", ...words, passphrase, ...files, "--dry-run");
  await mustCa("root", "create", ...words, passphrase, ...files);
  assert.match(stage.readText("root-key.pem"), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
  const again = await refusedCode("root", "create", ...words, passphrase, ...files);
  assert.equal(again, "client.new-file");
  if (!hasOpenssl) return;
  assert.match(openssl("verify", "-x509_strict", "-CAfile", root, root), /root\.pem: OK/);
});

test("[CLI26][PK1] all that a system issues and shows under a root kept apart leads to that root", async () => {
  const a = await aSystem("A");
  const root = stage.path("root.pem");
  const request = stage.path("a.csr");
  assert.equal(await refusedCode("import", "--chain", root, "--yes"), "authority.no-request");
  await mustCa("request", "--out", request, "--key-type", "p384");
  const other = stage.path("other.csr");
  assert.equal(await refusedCode("request", "--key-type", "rsa3072"), "authority.requested");
  await mustCa("request", "--out", other);
  assert.equal(stage.readText("other.csr"), stage.readText("a.csr"));
  const wrong = [
    "--root",
    root,
    "--key",
    stage.path("root-key.pem"),
    "--passphrase-file",
    password,
  ];
  const out = stage.path("chain.pem");
  assert.equal(
    await refusedCode("root", "sign", request, ...wrong, "--out", out, "--yes"),
    "client.file",
  );
  await rootSign(request, out);
  assert.equal(await refusedCode("import", "--chain", root, "--yes"), "authority.not-found");
  const keyFile = stage.path("root-key.pem");
  assert.equal(await refusedCode("import", "--chain", keyFile, "--yes"), "authority.unreadable");
  const imported = await mustCa("import", "--chain", out, "--yes");
  assert.equal(member(imported, "proved_by_present"), true);
  await mustCa("roll-over", "switch", "--yes");
  await until("A renews under the new authority", 30_000, async () => {
    const finished = await ca("roll-over", "finish", "--yes", "--password-file", password);
    return finished.exit === 0 ? true : undefined;
  });
  assert.deepEqual(await standings(), [["issuing", "O=Utility, CN=Hill root"]]);
  await login(a, root);
  // A server and a device that come now know nothing but this authority.
  const b = await aServer("B");
  const invited = await stage.must("pair", "invite", "--name", "B");
  const code = stage.secretFile("code", String(invited["code"]));
  await stage.must("server", "join", b.directory, "--code-file", code);
  await waitForState(b, "standby-valid");
  const device = await aDevice("Q01");
  const anchors = stage.path("anchors.pem");
  await mustCa("export", "--out", anchors);
  assert.equal(stage.readText("anchors.pem"), stage.readText("root.pem"));
  if (!hasOpenssl) return;
  for (const port of [a.https, a.ldaps, b.https, b.ldaps, device.https]) {
    const { says, sent } = look(port, anchors);
    assert.ok(says.includes(verified), says);
    assert.equal(sent, 2, "leaf and authority, without the root");
  }
  if (hasCerttool) {
    const { says } = look(a.https, anchors);
    const sent = says.match(/-----BEGIN CERT[^]*?END CERTIFICATE-----\n/g)?.join("") ?? "";
    writeFileSync(stage.path("sent.pem"), sent + stage.readText("root.pem"));
    const words = ["--verify", "--load-ca-certificate", anchors];
    const input = stage.readText("sent.pem");
    const done = spawnSync("certtool", words, { encoding: "utf8", input });
    assert.match(done.stdout + done.stderr, /Chain verification output: Verified/);
  }
});

/** The configuration by which the utility's own authorities sign in the next test. */
const extensions = `
[good]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[middle]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[leaf]
basicConstraints = critical,CA:FALSE
[nolists]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[nousages]
basicConstraints = critical,CA:TRUE
[constrained]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
authorityKeyIdentifier = keyid
nameConstraints = critical,permitted;DNS:.utility.example,permitted;IP:10.0.0.0/255.0.0.0
`;

test(
  "[CLI26][PK1] a system under the utility's own CA, by OpenSSL: its chain, its names, its mistakes",
  needsOpenssl,
  async () => {
    const server = await aSystem("U");
    writeFileSync(stage.path("ca.cnf"), extensions);
    const request = stage.path("u.csr");
    await mustCa("request", "--out", request, "--key-type", "rsa3072");
    const signs = (section: string, subject: string, out: string): string => {
      const by = ["-CA", "u-middle.pem", "-CAkey", "u-middle.key", "-days", "3000"];
      const says = ["-extfile", "ca.cnf", "-extensions", section, "-subj", subject];
      openssl("x509", "-req", "-in", "u.csr", ...by, ...says, "-out", out);
      const whole = [out, "u-middle.pem", "u-root.pem"].map((name) => stage.readText(name));
      writeFileSync(stage.path(`${section}-chain.pem`), whole.toReversed().join(""));
      return stage.path(`${section}-chain.pem`);
    };
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes"];
    const root = ["-subj", "/C=AT/O=Utility/CN=Utility Root", "-keyout", "u-root.key"];
    const usage = ["-addext", "keyUsage = critical,keyCertSign,cRLSign"];
    openssl("req", "-x509", ...curve, "-days", "7000", ...root, ...usage, "-out", "u-root.pem");
    const middle = ["-subj", "/C=AT/O=Utility/CN=Utility OT", "-keyout", "u-middle.key"];
    openssl("req", ...curve, ...middle, "-out", "u-middle.csr");
    const by = ["-CA", "u-root.pem", "-CAkey", "u-root.key", "-days", "5000", "-extfile", "ca.cnf"];
    openssl(
      "x509",
      "-req",
      "-in",
      "u-middle.csr",
      ...by,
      "-extensions",
      "middle",
      "-out",
      "u-middle.pem",
    );
    const name = "/C=AT/O=Utility/CN=Hill issuing";
    for (const [section, code] of [
      ["leaf", "authority.not-ca"],
      ["nolists", "authority.cannot-sign"],
      ["nousages", "authority.cannot-sign"],
      ["constrained", "authority.unusable"],
    ] as const) {
      const chain = signs(section, name, `${section}.pem`);
      assert.equal(await refusedCode("import", "--chain", chain, "--yes"), code);
    }
    const chain = signs("good", name, "good.pem");
    const alone = stage.path("good.pem");
    assert.equal(await refusedCode("import", "--chain", alone, "--yes"), "authority.no-root");
    assert.deepEqual(await standings(), [
      ["issuing", "O=Gridward, CN=Gridward authority of Fault"],
    ]);
    const imported = await ca("import", "--chain", chain, "--yes");
    assert.equal(imported.exit, 0, imported.stderr);
    assert.equal(member(imported.data, "proved_by_present"), false);
    assert.match(imported.stderr, /needs a new package/);
    await mustCa("roll-over", "switch", "--yes");
    const anchors = stage.path("u-root.pem");
    await until("U shows the new chain", 30_000, async () =>
      look(server.https, anchors).says.includes(verified) ? true : undefined,
    );
    assert.equal(look(server.https, anchors).sent, 3);
    await login(server, anchors);
    await mustCa("roll-over", "finish", "--yes", "--password-file", password);
    const device = await aDevice("Q02");
    assert.ok(look(device.https, anchors).says.includes(verified));
    // What it issues to third parties, and what it says of them.
    const file = stage.path("party.pem");
    const party = ["--profile", "log-collector", "--host", "log.utility.example", "--no-password"];
    const issued = await mustCa("issue", "collector", ...party, "--out", file);
    const [, leaf = "", issuer = "", ...more] = stage
      .readText("party.pem")
      .split(/(?=-----BEGIN CERTIFICATE)/);
    writeFileSync(stage.path("party-leaf.pem"), leaf);
    writeFileSync(stage.path("party-issuer.pem"), issuer);
    writeFileSync(stage.path("party-between.pem"), issuer + (more[0] ?? ""));
    assert.equal(more.length, 2);
    const list = stage.path("list.pem");
    await until("there is a list of the new authority", 30_000, async () =>
      (await ca("crl", "--out", list)).exit === 0 ? true : undefined,
    );
    const strict = [
      "verify",
      "-x509_strict",
      "-CAfile",
      anchors,
      "-untrusted",
      "party-between.pem",
    ];
    const checked = ["-crl_check", "-CRLfile", list, "party-leaf.pem"];
    assert.match(openssl(...strict, ...checked), /party-leaf\.pem: OK/);
    const url = `${server.url}/ocsp`;
    const asks = ["-issuer", "party-issuer.pem", "-cert", "party-leaf.pem", "-CAfile", anchors];
    const trust = ["-verify_other", "party-between.pem"];
    const ask = (): string => openssl("ocsp", ...asks, ...trust, "-url", url, "-no_nonce");
    const said = ask();
    assert.match(said, /Response verify OK/);
    assert.match(said, /party-leaf\.pem: good/);
    const serial = String(member(issued, "serial"));
    await mustCa("revoke", serial, "--reason", "superseded", "--yes");
    await until("the list names it", 30_000, async () => {
      await mustCa("crl", "--out", list);
      return openssl(...strict, ...checked).includes("revoked") ? true : undefined;
    });
    assert.match(ask(), /party-leaf\.pem: revoked/);
  },
);
