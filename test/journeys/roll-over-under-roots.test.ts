import assert from "node:assert/strict";
import type { KeyObject, X509Certificate } from "node:crypto";
import { duplexPair } from "node:stream";
import { test } from "node:test";
import { connect, createServer } from "node:tls";
import { assert as need } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { hour } from "@gridward/core/base/time";
import { issuingAuthority, trustAnchors } from "@gridward/core/domain/authority-in-use";
import { TrustAnchors } from "@gridward/ied/trust-anchors";
import { chainPem } from "@gridward/runtime/trust/authority-chain";
import { judgePeer, withoutLists } from "@gridward/runtime/trust/judge";
import { createRoot, openRoot, signAuthority } from "@gridward/runtime/trust/own-root";
import { createTemporary } from "@gridward/runtime/trust/temporary";
import { tlsPolicy } from "@gridward/runtime/trust/tls-policy";
import { decodeCertsOnly } from "@gridward/runtime/trust/x509/certs-only";
import { createSigningKey, createTlsKey, keyToPem } from "@gridward/runtime/trust/x509/keys";
import { readCertificate } from "@gridward/runtime/trust/x509/read";
import {
  createAuthorityRequest,
  createNextAuthority,
  importAuthority,
} from "@gridward/server/ca/authority";
import { issueOwn } from "@gridward/server/ca/issue-own";
import { aBay, anEnrolment, aRenewal, type TestBay } from "@gridward/server/frontends/est/a-bay";
import type { MountedAnswer } from "@gridward/server/mounted-route";
import { ShownCertificates } from "@gridward/server/security/shown-certificates";

/** From one authority to the next under roots of all kinds: who is believed by whom, by OpenSSL too. */

/** OpenSSL judges by its own clock, and five changes take five hours. */
const real = Date.now();
const start = real - 6 * hour;
const passphrase = new Secret("correct horse battery");
type Root = Parameters<typeof signAuthority>[0];

async function aRoot(commonName: string): Promise<Root> {
  const order = { subject: { commonName }, keyType: "p256", passphrase, now: start } as const;
  const { certificate, keyFile } = await createRoot(order);
  const files = { certificate: Buffer.from(certificate.toString()), key: Buffer.from(keyFile) };
  const opened = await openRoot(files, passphrase, start);
  need(opened.ok, "it opens");
  return opened.value;
}

function certificatesOf({ status, body }: MountedAnswer): readonly X509Certificate[] {
  assert.equal(status, 200, String(body));
  const decoded = decodeCertsOnly(Buffer.from(String(body), "base64"));
  assert.ok(decoded.ok);
  return decoded.value;
}

/** Makes the next authority under a root, or of its own, and lets it issue. */
async function change({ system }: TestBay, root: Root | null, name?: string): Promise<void> {
  const { front, systemKey } = system;
  const present = issuingAuthority(front.state());
  const certificate = readCertificate(present?.certificate ?? "");
  need(present !== undefined && certificate !== undefined, "there is one");
  const order = { site: "Hill", systemKey, now: front.now() };
  if (root === null) {
    const made = createNextAuthority(order, present);
    need(made.ok, "it is made");
    const { row: authority, certificate: row } = made.value;
    system.order({ kind: "start-roll-over", authority, certificate: row });
    return;
  }
  const subject = name === undefined ? null : { commonName: name };
  const request = await createAuthorityRequest(order, { keyType: "p384", subject }, certificate);
  system.order({ kind: "request-authority", request });
  const signed = signAuthority(root, Buffer.from(request.request, "base64"), front.now());
  need(signed.ok, "it is signed");
  const found = [root.certificate, signed.value];
  const imported = importAuthority(order, { request, found }, present);
  need(imported.ok, "it is imported");
  const { row: authority, certificate: row } = imported.value;
  system.order({ kind: "start-roll-over", authority, certificate: row });
}

interface ShownHere {
  readonly key: KeyObject;
  readonly shown: ShownCertificates;
}

/** What a server of the bay shows under the authority that issues. */
function shownNow({ system }: TestBay): ShownHere {
  const { front, self, systemKey } = system;
  const keys = { tlsKey: createTlsKey(), signerKey: createSigningKey() };
  const authority = issuingAuthority(front.state());
  const server = front.state().tables.servers.get(self.node);
  need(authority !== undefined && server !== undefined, "the system has both");
  const own = issueOwn({ authority, server, systemKey, keys, now: front.now() });
  need(own.ok, "it issues");
  const about = { key: keys.tlsKey, node: self.node, name: "A", hosts: ["A"], now: front.now() };
  const shown = new ShownCertificates({
    node: self.node,
    hosts: ["A"],
    tlsKey: keys.tlsKey,
    temporary: createTemporary(about),
    temporaryKey: keys.tlsKey,
    issued: own.value.issued,
    imported: [],
    isTemporarySet: () => false,
    now: front.now,
  });
  return { key: keys.tlsKey, shown };
}

/** In a handshake, as a device or a client that holds these anchors says. */
async function isBelieved(
  { key, shown }: ShownHere,
  shelf: "link" | "clients",
  anchors: readonly string[],
): Promise<boolean> {
  const { certificate, issuers } = shown.shown(shelf);
  const chain = [certificate, ...issuers];
  const [here, there] = duplexPair();
  const cert = chainPem(chain);
  const server = createServer({ ...tlsPolicy, cert, key: keyToPem(key).reveal() });
  server.on("tlsClientError", () => {});
  server.emit("connection", here);
  const ca = [...anchors];
  const client = connect({ ...tlsPolicy, ca, socket: there, checkServerIdentity: () => undefined });
  const handshake = await new Promise<string | null>((resolve) => {
    client.once("secureConnect", () => resolve(null));
    client.once("error", (error: Error) => resolve(error.message));
  });
  client.destroy();
  if (shelf === "clients") return handshake === null;
  const judged = judgePeer({
    chain: chain.map(({ raw }) => raw),
    anchors,
    lists: [],
    purpose: "partner",
    expected: { kind: "server", node: null },
    at: real,
    settings: withoutLists,
    handshake,
  });
  return judged.verdict === "ok";
}

test("[CA17][CA15][PK1][PK7] from its own root to another and back, who was away believes the next authority by the one before", async () => {
  const bay = aBay(start);
  const { system } = bay;
  const key = createTlsKey();
  const [leaf] = certificatesOf(await bay.enrol(anEnrolment("Q01", bay.issueCode(), key)));
  need(leaf !== undefined, "Q01 enrols");
  let shown = leaf;
  const [mine, utility] = [await aRoot("Hill root"), await aRoot("Utility")];
  for (const root of [mine, utility, mine, null, null]) {
    const away = trustAnchors(system.front.state());
    const there = new TrustAnchors(certificatesOf(await bay.authorities()), null);
    assert.deepEqual(there.pem, away);
    await change(bay, root);
    there.replace(certificatesOf(await bay.authorities()));
    assert.equal(there.all.length, 2);
    system.pass(hour);
    system.order({ kind: "switch-authority" });
    there.replace(certificatesOf(await bay.authorities()));
    const now = shownNow(bay);
    assert.ok(await isBelieved(now, "link", there.pem));
    assert.ok(await isBelieved(now, "link", away), "who was away");
    const [issuing = ""] = trustAnchors(system.front.state());
    assert.ok(await isBelieved(now, "link", [issuing]), "who came just now");
    const top = root?.certificate.toString() ?? issuing;
    assert.ok(await isBelieved(now, "clients", [top]), "who knows the root alone");
    const next = createTlsKey();
    const answer = await bay.renew(aRenewal(shown, next));
    [shown = shown] = certificatesOf(answer);
    assert.ok(there.sentWith(shown).length === (root === null ? 0 : 1));
    system.order({ kind: "retire-authority" });
  }
});

test("[CA17][PK1] an authority of another name is proved by its root alone, and another one of that root is nobody", async () => {
  const bay = aBay(start);
  const { system } = bay;
  const away = trustAnchors(system.front.state());
  const utility = await aRoot("Utility");
  await change(bay, utility, "Hill issuing");
  system.pass(hour);
  system.order({ kind: "switch-authority" });
  const now = shownNow(bay);
  const [here = ""] = trustAnchors(system.front.state());
  assert.ok(await isBelieved(now, "link", [here]));
  assert.equal(await isBelieved(now, "link", away), false);
  assert.ok(await isBelieved(now, "clients", [utility.certificate.toString()]));
  // The same root certifies an authority of another site: OpenSSL is content with it, the judge not.
  const other = aBay(start);
  await change(other, utility, "Valley issuing");
  other.system.pass(hour);
  other.system.order({ kind: "switch-authority" });
  const stranger = shownNow(other);
  assert.ok(await isBelieved(stranger, "clients", [here]));
  assert.equal(await isBelieved(stranger, "link", [here]), false);
});
