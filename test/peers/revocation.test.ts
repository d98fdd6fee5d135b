import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { nodeId } from "@gridward/core/base/identity";
import { thirdPartyProfiles } from "@gridward/core/domain/certificate-profile";
import { emptyState, type DirectoryState } from "@gridward/core/domain/state";
import { systemClock } from "@gridward/runtime/os/clock";
import { freshSystemKey } from "@gridward/runtime/os/seal";
import { crlToPem } from "@gridward/runtime/trust/x509/crl";
import { createTlsKey } from "@gridward/runtime/trust/x509/keys";
import { readCertificate } from "@gridward/runtime/trust/x509/read";
import { readCrl } from "@gridward/runtime/trust/x509/read-crl";
import { createRequest } from "@gridward/runtime/trust/x509/request";
import { createAuthority } from "@gridward/server/ca/authority";
import { makeCrl } from "@gridward/server/ca/keep-crl";
import { ocspRoutes } from "@gridward/server/ca/ocsp-route";
import { issueThirdParty, type ThirdParty } from "@gridward/server/ca/third-party";
import { aServer } from "@gridward/server/frontends/https/a-server";

const hasPeers = process.env["GRIDWARD_PEERS"] !== "0";

function needs(program: string): { readonly skip: string | false; readonly timeout: number } {
  const isHere = spawnSync(program, ["--version"]).error === undefined;
  const why = hasPeers ? `${program} is not installed` : "GRIDWARD_PEERS=0: no peers here";
  return { skip: hasPeers && isHere ? false : why, timeout: 20_000 };
}

const directory = mkdtempSync(join(tmpdir(), "gridward-revocation-"));
after(() => rmSync(directory, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

interface Said {
  readonly isContent: boolean;
  readonly says: string;
}

function run(program: string, ...words: readonly string[]): Said {
  const done = spawnSync(program, words, { encoding: "utf8", input: "" });
  return { isContent: done.status === 0, says: done.stdout + done.stderr };
}

const now = systemClock().now();
const systemKey = freshSystemKey();
const authority = createAuthority({ site: "Hügel", systemKey, now });
const anchor = file("anchor.pem", authority.row.certificate);
const url = "https://[2001:db8::7]:8443/crl/issuing.crl";
const revocation = { lists: [url], responders: ["https://[2001:db8::7]:8443/ocsp"] };

function issued(profile: ThirdParty["profile"]) {
  const request = createRequest(createTlsKey(), "x");
  const order = { authority: authority.row, systemKey, request, revocation, now };
  const isDialled = !["engineering-tool", "person"].includes(profile);
  const made = issueThirdParty(order, {
    profile,
    name: `Our ${profile}`,
    hosts: isDialled ? ["peer.example.org", "192.0.2.7"] : [],
    emails: isDialled ? [] : ["anna@example.org"],
  });
  assert.ok(made.ok);
  return { path: file(`${profile}.pem`, made.value.certificate.toString()), ...made.value };
}

type Issued = ReturnType<typeof issued>;

/** A system that issued and revoked these, with its list as the Main signs it. */
function stateWith(revoked: readonly Issued[], good: readonly Issued[] = []): DirectoryState {
  const { tables } = emptyState;
  let { certificates } = tables;
  for (const { row } of good) certificates = certificates.set(row.serial, row);
  for (const { row } of revoked) {
    const why = { at: now, reason: "keyCompromise", by: "x" } as const;
    certificates = certificates.set(row.serial, { ...row, revoked: why });
  }
  const state = { ...emptyState, tables: { ...tables, certificates } };
  const made = makeCrl(state, authority.row, systemKey, now);
  assert.ok(made.ok);
  const authorities = tables.authorities.set(authority.row.id, authority.row);
  const crls = tables.crls.set(made.value.authority, made.value);
  return { ...state, tables: { ...state.tables, authorities, crls } };
}

/** That list in PEM. */
function listOf(revoked: readonly Issued[]): string {
  const row = stateWith(revoked).tables.crls.first();
  assert.ok(row);
  return file("list.pem", crlToPem(Buffer.from(row.encoded, "base64")));
}

test(
  "[CA8][X11][PK2] OpenSSL verifies each profile for third parties strictly, for its ends of TLS only",
  needs("openssl"),
  () => {
    const ends = {
      "engineering-tool": [false, true],
      person: [false, true],
      "file-transfer": [true, true],
      "log-collector": [true, false],
      witness: [true, false],
      "vendor-device": [true, true],
    } as const;
    for (const profile of thirdPartyProfiles) {
      const { path } = issued(profile);
      const verify = (...more: readonly string[]): boolean =>
        run("openssl", "verify", "-x509_strict", "-CAfile", anchor, ...more, path).isContent;
      const [isServer, isClient] = ends[profile];
      assert.equal(verify("-purpose", "sslserver"), isServer, profile);
      assert.equal(verify("-purpose", "sslclient"), isClient, profile);
      assert.equal(verify("-purpose", "smimesign"), false, profile);
      if (isServer) assert.ok(verify("-verify_hostname", "peer.example.org"));
      if (isServer) assert.ok(verify("-verify_ip", "192.0.2.7"));
      if (!isServer) assert.ok(verify("-verify_email", "anna@example.org"));
      const { says } = run("openssl", "x509", "-in", path, "-noout", "-text");
      assert.ok(says.includes(`URI:${url}`), says);
    }
  },
);

test(
  "[X12][CA5][PK5] OpenSSL verifies our list and refuses whom it names",
  needs("openssl"),
  () => {
    const [tool, collector] = [issued("engineering-tool"), issued("log-collector")];
    const verify = (list: string, leaf: string): Said =>
      run(
        "openssl",
        "verify",
        "-crl_check",
        "-x509_strict",
        "-CAfile",
        anchor,
        "-CRLfile",
        list,
        leaf,
      );
    const empty = listOf([]);
    assert.match(
      run("openssl", "crl", "-in", empty, "-noout", "-verify", "-CAfile", anchor).says,
      /verify OK/,
    );
    assert.ok(verify(empty, tool.path).isContent, verify(empty, tool.path).says);
    const list = listOf([tool]);
    assert.match(verify(list, tool.path).says, /certificate revoked/);
    assert.ok(verify(list, collector.path).isContent);
    const { says } = run("openssl", "crl", "-in", list, "-noout", "-text");
    assert.match(says, /Version 2 \(0x1\)/);
    assert.match(says, /X509v3 CRL Number: \s+\d+/);
    assert.match(says, /X509v3 Authority Key Identifier/);
    assert.match(says, new RegExp(`Serial Number: ${tool.row.serial}`, "i"));
    assert.match(says, /X509v3 CRL Reason Code: \s+Key Compromise/);
  },
);

test(
  "[X12][CA5][PK5] certtool verifies our list and refuses whom it names",
  needs("certtool"),
  () => {
    const tool = issued("file-transfer");
    const verify = (list: string): Said =>
      run(
        "certtool",
        "--verify",
        "--infile",
        tool.path,
        "--load-ca-certificate",
        anchor,
        "--load-crl",
        list,
      );
    assert.match(verify(listOf([])).says, /The certificate is trusted/);
    const list = listOf([tool]);
    assert.match(verify(list).says, /certificate chain is revoked/);
    const words = ["--verify-crl", "--infile", list, "--load-ca-certificate", anchor];
    assert.match(run("certtool", ...words).says, /Verification output: Verified/);
  },
);

/** As `run`, while servers of this process go on answering. */
async function runBeside(program: string, ...words: readonly string[]): Promise<Said> {
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
  let says = "";
  child.stdout.on("data", (chunk) => (says += String(chunk)));
  child.stderr.on("data", (chunk) => (says += String(chunk)));
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once("close", resolve);
  return { isContent: (await promise) === 0, says };
}

async function responderOf(t: TestContext, state: DirectoryState): Promise<string> {
  const about = { state: "lone", canSignIn: true, duty: "main", ageMs: 0 } as const;
  const condition = () => ({ ...about, node: nodeId("A"), fresh: true, at: now });
  const front = { state: () => state, condition, now: () => now };
  const mounted = ocspRoutes({ front, systemKey: () => systemKey });
  const server = await aServer({ mounted });
  t.after(async () => server.close());
  return `https://127.0.0.1:${server.port}/ocsp`;
}

test(
  "[CA9][CA10][PK5] openssl ocsp asks over HTTPS and verifies what it hears of each certificate",
  needs("openssl"),
  async (t) => {
    const [good, revoked, unknown] = [issued("person"), issued("witness"), issued("log-collector")];
    const responder = await responderOf(t, stateWith([revoked], [good]));
    const shared = ["-issuer", anchor, "-CAfile", anchor, "-url", responder];
    for (const more of [[], ["-sha256"], ["-no_nonce"]] as const) {
      const certificates = [good, revoked, unknown].flatMap(({ path }) => ["-cert", path]);
      const { isContent, says } = await runBeside(
        "openssl",
        "ocsp",
        ...shared,
        ...more,
        ...certificates,
      );
      assert.ok(isContent, says);
      assert.match(says, /Response verify OK/);
      assert.doesNotMatch(says, /WARNING/);
      assert.ok(says.includes(`${good.path}: good`), says);
      assert.ok(says.includes(`${revoked.path}: revoked`), says);
      assert.match(says, /Reason: keyCompromise/);
      assert.ok(says.includes(`${unknown.path}: unknown`), says);
    }
  },
);

test(
  "[CA9][X14] what openssl asks goes as well by GET, with curl; ocsptool verifies the answer",
  needs("ocsptool"),
  async (t) => {
    const good = issued("engineering-tool");
    const responder = await responderOf(t, stateWith([], [good]));
    const [ask, told] = [join(directory, "ask.der"), join(directory, "told.der")];
    run("openssl", "ocsp", "-issuer", anchor, "-cert", good.path, "-no_nonce", "-reqout", ask);
    const asked = readFileSync(ask).toString("base64");
    for (const path of [encodeURIComponent(asked), asked]) {
      const got = await runBeside("curl", "-sSk", "-D", "-", "-o", told, `${responder}/${path}`);
      assert.match(got.says, /HTTP\/1.1 200/);
      assert.match(got.says, /cache-control: public, max-age=600/i);
      const words = ["--load-response", told, "--load-trust", anchor];
      const { says } = run("ocsptool", "--verify-response", ...words);
      assert.match(says, /Verifying OCSP Response: Success/);
    }
  },
);

test("[X12] we read a list of OpenSSL's authority as it prints it", needs("openssl"), () => {
  const key = join(directory, "theirs.key");
  const certificate = join(directory, "theirs.pem");
  const subject = ["-subj", "/CN=Theirs", "-days", "30"];
  const made = run(
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    ...subject,
    "-keyout",
    key,
    "-out",
    certificate,
  );
  assert.ok(made.isContent, made.says);
  const revoked = "R\t300101000000Z\t261101000000Z,superseded\t00FF02\tunknown\t/CN=x\n";
  const config = `[ca]
default_ca = c
[c]
database = ${file("index.txt", revoked)}
crlnumber = ${file("crlnumber", "0100000000\n")}
default_md = sha256
default_crl_days = 7
crl_extensions = e
[e]
authorityKeyIdentifier = keyid
`;
  const out = join(directory, "theirs.crl");
  const words = [
    "-gencrl",
    "-config",
    file("ca.cnf", config),
    "-keyfile",
    key,
    "-cert",
    certificate,
  ];
  const listed = run("openssl", "ca", ...words, "-out", out);
  assert.ok(listed.isContent, listed.says);
  const read = readCrl(readFileSync(out, "utf8"));
  assert.ok(read.ok);
  const at = Date.UTC(2026, 10, 1);
  assert.deepEqual([...read.value.revoked], [["ff02", { at, reason: "superseded" }]]);
  assert.equal(read.value.number, 0x0100000000n);
  const theirs = readCertificate(readFileSync(certificate));
  assert.ok(theirs && read.value.isSignedBy(theirs));
});
