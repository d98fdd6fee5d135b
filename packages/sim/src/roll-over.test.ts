import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import type { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assert as need, err, ok } from "@gridward/core/base/result";
import { hour } from "@gridward/core/base/time";
import { issuingAuthority, trustAnchors } from "@gridward/core/domain/authority-in-use";
import { CertificateRenewer } from "@gridward/ied/certificate-renewer";
import { OwnCertificate, type DeviceIdentity } from "@gridward/ied/own-certificate";
import { TrustAnchors } from "@gridward/ied/trust-anchors";
import type { Clock } from "@gridward/runtime/os/clock";
import { checkSigned, signBody } from "@gridward/runtime/replica/signature";
import { judgePeer, withoutLists } from "@gridward/runtime/trust/judge";
import type { IssuedFiles } from "@gridward/runtime/trust/server-directory";
import { decodeCertsOnly } from "@gridward/runtime/trust/x509/certs-only";
import { createSigningKey, createTlsKey } from "@gridward/runtime/trust/x509/keys";
import { readCertificate } from "@gridward/runtime/trust/x509/read";
import { readCrl } from "@gridward/runtime/trust/x509/read-crl";
import { createNextAuthority } from "@gridward/server/ca/authority";
import { CertificateKeeper } from "@gridward/server/ca/keep-certificates";
import { CrlKeeper } from "@gridward/server/ca/keep-crl";
import { issueOwn } from "@gridward/server/ca/issue-own";
import { aBay, anEnrolment, aRenewal, type TestBay } from "@gridward/server/frontends/est/a-bay";
import type { MountedAnswer } from "@gridward/server/mounted-route";

/** Another authority, with two trust anchors at once: a server and a device go through it (PK7). */

const start = Date.UTC(2027, 0, 1);

function certificatesOf({ status, body }: MountedAnswer): readonly X509Certificate[] {
  assert.equal(status, 200, String(body));
  const decoded = decodeCertsOnly(Buffer.from(String(body), "base64"));
  assert.ok(decoded.ok);
  return decoded.value;
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** The server of a bay and what keeps its certificates. */
function aServer(bay: TestBay) {
  const { system } = bay;
  const { front, self, systemKey } = system;
  const keys = { tlsKey: createTlsKey(), signerKey: createSigningKey() };
  const world: { issued: IssuedFiles | null } = { issued: null };
  const [authority, server] = [
    issuingAuthority(front.state()),
    front.state().tables.servers.get(self.node),
  ];
  need(authority !== undefined && server !== undefined, "the system has both");
  const made = issueOwn({ authority, server, systemKey, keys, now: front.now() });
  need(made.ok, "the authority issues");
  world.issued = made.value.issued;
  const about = { duty: "main", state: "lone", canSignIn: true, fresh: true, ageMs: 0 } as const;
  const condition = () => ({ ...about, node: self.node, at: front.now() });
  const clock: Clock = { now: front.now, monotonic: front.now, sleep: async () => {} };
  const note = (text: string): void => assert.fail(text);
  const parts = { front: { ...front, condition }, clock, note };
  const certificates = {
    get issued() {
      return world.issued;
    },
  };
  const renew = (issued: IssuedFiles) => void (world.issued = issued);
  const keeper = new CertificateKeeper({
    ...parts,
    identity: { ...self, ...keys, systemKey, certificates, renew },
  });
  const crl = new CrlKeeper({ ...parts, identity: { ...self, systemKey } });
  return {
    keys,
    clock,
    get issued(): IssuedFiles {
      need(world.issued !== null, "it has certificates");
      return world.issued;
    },
    tick: async () => {
      for (const part of [keeper, crl, crl, crl]) {
        part.tick();
        await settled();
      }
    },
  };
}

/** What a server's certificates come to for who trusts these anchors: as TLS peer, and as signer. */
function isBelieved(
  { issued, keys }: Pick<ReturnType<typeof aServer>, "issued" | "keys">,
  anchors: readonly X509Certificate[],
  at: number,
): readonly [boolean, boolean] {
  const chain = [issued.certificate, ...(issued.cross === null ? [] : [issued.cross])];
  const judged = judgePeer({
    chain: chain.map(({ raw }) => raw),
    anchors: anchors.map((one) => one.toString()),
    lists: [],
    purpose: "partner",
    expected: { kind: "server", node: null },
    at,
    settings: withoutLists,
    handshake: null,
  });
  const signer = { certificate: issued.signerCertificate, key: keys.signerKey };
  const about = { duty: "main", fresh: true, term: 1 } as const;
  const order = { ...about, systemId: "s", device: "d", nonce: "n", revision: 1, at };
  const signed = signBody(signer, "erase", order);
  return [judged.verdict === "ok", checkSigned(anchors, "erase", signed, at).ok];
}

test("[CA15][PK7] server and device change over to another authority, and believe each other at every step", async () => {
  const bay = aBay(start);
  const { system } = bay;
  const { front } = system;
  const server = aServer(bay);
  const key = createTlsKey();
  const [first] = certificatesOf(await bay.enrol(anEnrolment("Q01", bay.issueCode(), key)));
  need(first !== undefined, "Q01 enrols");
  const own = new OwnCertificate({ certificate: first, key });
  const anchors = new TrustAnchors([system.authority], null);
  const renewer = new CertificateRenewer({
    own,
    anchors,
    renew: async (shown: DeviceIdentity) => {
      const next = createTlsKey();
      const answer = await bay.renew(aRenewal(shown.certificate, next));
      if (answer.status !== 200) return err({ code: "enrolment.failed", detail: "" } as const);
      const [certificate] = certificatesOf(answer);
      need(certificate !== undefined, "it is in the answer");
      return ok({ certificate, key: next });
    },
    clock: server.clock,
    random: () => 0,
  });
  const live = async (): Promise<void> => {
    await server.tick();
    anchors.replace(certificatesOf(await bay.authorities()));
    renewer.tick();
    await settled();
    system.pass(hour);
  };
  const believed = (): readonly boolean[] => {
    const trusted = trustAnchors(front.state());
    const ofDevice = trusted.some((pem) =>
      own.now.certificate.verify(readCertificate(pem)?.publicKey ?? key),
    );
    return [...isBelieved(server, anchors.all, front.now()), ofDevice];
  };
  await live();
  assert.deepEqual(believed(), [true, true, true]);

  const present = issuingAuthority(front.state());
  need(present !== undefined, "there is one");
  const order = { site: "Hill", systemKey: system.systemKey, now: front.now() };
  const made = createNextAuthority(order, present);
  need(made.ok, "it is made");
  const { row: authority, certificate } = made.value;
  system.order({ kind: "start-roll-over", authority, certificate });
  await live();
  assert.deepEqual([anchors.all.length, believed()], [2, [true, true, true]]);
  assert.equal(own.now.certificate, first);

  const before = server.issued;
  system.order({ kind: "switch-authority" });
  await live();
  assert.notEqual(server.issued, before);
  const next = readCertificate(authority.certificate);
  need(next !== undefined, "it can be read");
  assert.ok(server.issued.certificate.verify(next.publicKey));
  assert.ok(own.now.certificate.verify(next.publicKey));
  assert.deepEqual(believed(), [true, true, true]);
  // Who was away knows the old anchor alone, and believes the server by what that certified.
  assert.deepEqual(isBelieved(server, [system.authority], front.now()), [true, false]);
  // Each authority has a list of its own.
  const lists = [...front.state().tables.crls.values()].map(({ encoded }) =>
    readCrl(Buffer.from(encoded, "base64")),
  );
  for (const anchor of [system.authority, next]) {
    assert.ok(lists.some((list) => list.ok && list.value.isSignedBy(anchor)));
  }

  system.order({ kind: "retire-authority" });
  await live();
  assert.deepEqual([anchors.all.length, believed()], [1, [true, true, true]]);
  assert.equal((await bay.renew(aRenewal(first, key))).status, 403);
});

test("[CA15][PK7] OpenSSL believes the new authority's certificate with the old anchor, strictly", () => {
  if (spawnSync("openssl", ["version"]).error !== undefined) return;
  const bay = aBay(start);
  const { system } = bay;
  const present = issuingAuthority(system.front.state());
  need(present !== undefined, "there is one");
  const now = Date.now();
  const made = createNextAuthority({ site: "Hill", systemKey: system.systemKey, now }, present);
  need(made.ok, "it is made");
  const server = system.front.state().tables.servers.get(system.self.node);
  need(server !== undefined, "it is a member");
  const keys = { tlsKey: createTlsKey(), signerKey: createSigningKey() };
  const { row: authority } = made.value;
  const own = issueOwn({ authority, server, systemKey: system.systemKey, keys, now });
  need(own.ok && own.value.issued.cross !== null, "it issues");
  const directory = mkdtempSync(join(tmpdir(), "gridward-roll-"));
  const write = (name: string, pem: string): void => writeFileSync(join(directory, name), pem);
  write("old.pem", system.authority.toString());
  write("new.pem", authority.certificate);
  write("cross.pem", own.value.issued.cross.toString());
  write("leaf.pem", own.value.issued.certificate.toString());
  const at = String(Math.floor(Math.max(now, start) / 1_000) + 60);
  const verify = (anchor: string): string => {
    const words = ["verify", "-x509_strict", "-attime", at, "-CAfile", anchor];
    const { stdout, stderr } = spawnSync(
      "openssl",
      [...words, "-untrusted", "cross.pem", "leaf.pem"],
      {
        cwd: directory,
        encoding: "utf8",
      },
    );
    return stdout + stderr;
  };
  assert.match(verify("old.pem"), /leaf\.pem: OK/);
  assert.match(verify("new.pem"), /leaf\.pem: OK/);
  rmSync(directory, { recursive: true });
});
