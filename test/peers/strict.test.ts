import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { deviceId, nodeId } from "@gridward/core/base/identity";
import { thirdPartyProfiles } from "@gridward/core/domain/certificate-profile";
import { revocationReasons } from "@gridward/core/domain/revocation-reason";
import { emptyState, type DirectoryState } from "@gridward/core/domain/state";
import { systemClock } from "@gridward/runtime/os/clock";
import { freshId } from "@gridward/runtime/os/random";
import { freshSystemKey } from "@gridward/runtime/os/seal";
import { createTemporary } from "@gridward/runtime/trust/temporary";
import { crlToPem } from "@gridward/runtime/trust/x509/crl";
import { createRsaKey, createSigningKey, createTlsKey } from "@gridward/runtime/trust/x509/keys";
import { createRequest } from "@gridward/runtime/trust/x509/request";
import { OcspResponder } from "@gridward/server/ca/answer-ocsp";
import { createAuthority } from "@gridward/server/ca/authority";
import {
  issueDevice,
  issueReplicaSigner,
  issueServer,
  type Issued,
  type IssueOrder,
} from "@gridward/server/ca/issue";
import { makeCrl } from "@gridward/server/ca/keep-crl";
import { issueThirdParty } from "@gridward/server/ca/third-party";

/**
 * Everything that the authority signs, before the strictest eyes that there are: OpenSSL's
 * `-x509_strict` and GnuTLS, certificate by certificate, list by list, answer by answer.
 */

const programs = ["openssl", "certtool", "ocsptool"];
const isHere = programs.every((name) => spawnSync(name, ["--version"]).error === undefined);
const hasPeers = process.env["GRIDWARD_PEERS"] !== "0";
const why = hasPeers ? `${programs.join(", ")} are not installed` : "no peers here";
const needs = { skip: hasPeers && isHere ? false : why, timeout: 30_000 };

const directory = mkdtempSync(join(tmpdir(), "gridward-strict-"));
after(() => rmSync(directory, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

function run(words: string): string {
  const [program = "", ...more] = words.split(" ");
  const done = spawnSync(program, more, { encoding: "utf8", input: "" });
  return `${done.stdout}${done.stderr}\nexit ${done.status}`;
}

const now = systemClock().now();
const systemKey = freshSystemKey();
const authority = createAuthority({ site: "Hügel", systemKey, now });
const anchor = file("anchor.pem", authority.row.certificate);
const place = "https://[2001:db8::7]:8443";
const revocation = { lists: [`${place}/crl/issuing.crl`], responders: [`${place}/ocsp`] };

function order(key = createTlsKey()): IssueOrder {
  const request = createRequest(key, "x");
  return { authority: authority.row, systemKey, request, revocation, now };
}

const server = { id: nodeId(freshId()), name: "A", address: "192.0.2.1" };
const device = { id: deviceId(freshId()), name: "Q01", accessPoints: [{ name: "S1", ip: null }] };

interface Made extends Issued {
  readonly what: string;
  readonly path: string;
}

/** One certificate of each profile, of each kind of key. */
async function makeEverything(): Promise<readonly Made[]> {
  const parties = thirdPartyProfiles.map((profile) => {
    const isDialled = profile !== "engineering-tool" && profile !== "person";
    const [hosts, emails] = isDialled ? [["peer.example.org"], []] : [[], ["anna@example.org"]];
    const party = { profile, name: `Jörg’s ${profile}`, hosts, emails };
    return [profile, issueThirdParty(order(), party)] as const;
  });
  const issuedTo = [
    ["server", issueServer(order(), server)],
    ["server-rsa", issueServer(order(await createRsaKey()), server)],
    ["replica-signer", issueReplicaSigner(order(createSigningKey()), server)],
    ["device", issueDevice(order(), device)],
    ["device-rsa", issueDevice(order(await createRsaKey()), device)],
    ...parties,
  ] as const;
  return issuedTo.map(([what, issued]) => {
    assert.ok(issued.ok, what);
    const path = file(`${what}.pem`, issued.value.certificate.toString());
    return { what, path, ...issued.value };
  });
}

let kept: Promise<readonly Made[]> | undefined;

/** Made once: keys of RSA take their time. */
async function everything(): Promise<readonly Made[]> {
  kept ??= makeEverything();
  return kept;
}

/** A system that issued all of it, and revoked one for each reason; the last one stays good. */
function systemOf(all: readonly Made[]): DirectoryState {
  const { tables } = emptyState;
  let { certificates } = tables;
  for (const [index, { row }] of all.entries()) {
    const reason = revocationReasons[index];
    const revoked = reason === undefined ? null : { at: now, reason, by: "x" };
    certificates = certificates.set(row.serial, { ...row, revoked });
  }
  const state = { ...emptyState, tables: { ...tables, certificates } };
  const list = makeCrl(state, authority.row, systemKey, now);
  assert.ok(list.ok);
  const authorities = tables.authorities.set(authority.row.id, authority.row);
  const crls = tables.crls.set(list.value.authority, list.value);
  return { ...state, tables: { ...state.tables, authorities, crls } };
}

const strict = `openssl verify -x509_strict -CAfile ${anchor}`;
const gnu = `certtool --verify --load-ca-certificate ${anchor}`;

test(
  "[X11][CA3][CA8][PK2] every profile passes OpenSSL's strict verification and GnuTLS",
  needs,
  async () => {
    for (const { what, path } of await everything()) {
      assert.match(run(`${strict} -check_ss_sig -policy_check ${path}`), /: OK\n/, what);
      assert.match(run(`${gnu} --infile ${path}`), /is trusted/, what);
      assert.match(run(`openssl x509 -in ${path} -noout -text`), /X509v3 Authority Key/, what);
    }
    assert.match(run(`${strict} -check_ss_sig ${anchor}`), /: OK\n/);
  },
);

test("[X11][CS4] a temporary certificate is sound where it is trusted by itself", needs, () => {
  const { id: node, name } = server;
  const made = createTemporary({ key: createTlsKey(), node, name, hosts: ["192.0.2.1"], now });
  const path = file("temporary.pem", made.toString());
  const words = `-x509_strict -partial_chain -CAfile ${path}`;
  assert.match(run(`openssl verify ${words} ${path}`), /: OK\n/);
  assert.match(run(`certtool --certificate-info --infile ${path}`), /exit 0/);
});

test(
  "[X12][CA5][PK5] the list of each reason passes both, and says of each whether it counts",
  needs,
  async () => {
    const all = await everything();
    const row = systemOf(all).tables.crls.first();
    assert.ok(row);
    const list = file("list.pem", crlToPem(Buffer.from(row.encoded, "base64")));
    assert.match(run(`openssl crl -in ${list} -noout -verify -CAfile ${anchor}`), /verify OK/);
    const checked = `certtool --verify-crl --infile ${list} --load-ca-certificate ${anchor}`;
    assert.match(run(checked), /Verification output: Verified/);
    for (const [index, { what, path }] of all.entries()) {
      const isRevoked = index < revocationReasons.length;
      const told = run(`${strict} -crl_check -CRLfile ${list} ${path}`);
      assert.match(told, isRevoked ? /certificate revoked/ : /: OK\n/, what);
      const gnuTold = run(`${gnu} --load-crl ${list} --infile ${path}`);
      assert.match(gnuTold, isRevoked ? /chain is revoked/ : /is trusted/, what);
    }
  },
);

test("[CA9][CA10][PK5] the OCSP answer on each passes both, with its reason", needs, async () => {
  const all = await everything();
  const state = systemOf(all);
  const about = { node: server.id, state: "lone", canSignIn: true, fresh: true } as const;
  const condition = () => ({ ...about, duty: "main", ageMs: 0, at: now }) as const;
  const front = { state: () => state, condition, now: () => now };
  const responder = new OcspResponder({ front, systemKey: () => systemKey });
  const [ask, told] = [join(directory, "ask.der"), join(directory, "told.der")];
  for (const [index, { what, path, row }] of all.entries()) {
    const digest = index % 2 === 0 ? "-sha1" : "-sha256";
    const of = `${digest} -issuer ${anchor} -cert ${path}`;
    run(`openssl ocsp ${of} -reqout ${ask}`);
    writeFileSync(told, responder.answer(readFileSync(ask)).body);
    const says = run(
      `openssl ocsp ${of} -no_nonce -reqin ${ask} -respin ${told} -CAfile ${anchor}`,
    );
    assert.match(says, /Response verify OK/, what);
    const reason = revocationReasons[index];
    assert.match(says, reason === undefined ? /: good\n/ : /: revoked\n/, what);
    // OpenSSL has no word for code 9.
    if (reason !== undefined && reason !== "unspecified" && reason !== "privilegeWithdrawn") {
      assert.ok(says.includes(`Reason: ${reason}`), says);
    }
    const seen = run(`ocsptool --verify-response --load-response ${told} --load-trust ${anchor}`);
    assert.match(seen, /Verifying OCSP Response: Success/, what);
    assert.match(seen, new RegExp(`Serial Number: ${row.serial}`, "i"), what);
  }
  const [signer] = state.tables.crls.valueSeq().map((crl) => crl.responder.certificate);
  const signerPath = file("responder.pem", signer ?? "");
  assert.match(run(`${strict} -purpose ocsphelper ${signerPath}`), /: OK\n/);
  assert.match(run(`${gnu} --infile ${signerPath}`), /is trusted/);
});
