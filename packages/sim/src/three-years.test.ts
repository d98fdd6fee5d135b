import assert from "node:assert/strict";
import type { KeyObject, X509Certificate } from "node:crypto";
import { test } from "node:test";
import { nodeId, type NodeId } from "@gridward/core/base/identity";
import { assert as need, err, ok } from "@gridward/core/base/result";
import { day, minute, rfc3339 } from "@gridward/core/base/time";
import { expiryStage } from "@gridward/core/domain/certificate-life";
import type { ThirdPartyProfile } from "@gridward/core/domain/certificate-profile";
import { watchedLives, type WatchedLife } from "@gridward/core/domain/watched-lives";
import { CertificateRenewer } from "@gridward/ied/certificate-renewer";
import { OwnCertificate, type DeviceIdentity } from "@gridward/ied/own-certificate";
import type { Clock } from "@gridward/runtime/os/clock";
import { freshId, freshRequestId } from "@gridward/runtime/os/random";
import { sealText } from "@gridward/runtime/os/seal";
import { Secret } from "@gridward/core/base/secret";
import { judgePeer, withoutLists } from "@gridward/runtime/trust/judge";
import type { IssuedFiles } from "@gridward/runtime/trust/server-directory";
import { decodeCertsOnly } from "@gridward/runtime/trust/x509/certs-only";
import { createSigningKey, createTlsKey, pairingKeyText } from "@gridward/runtime/trust/x509/keys";
import { notAfterOf } from "@gridward/runtime/trust/x509/read";
import { createRequest } from "@gridward/runtime/trust/x509/request";
import { authorityId } from "@gridward/server/ca/authority";
import { CertificateKeeper } from "@gridward/server/ca/keep-certificates";
import { CrlKeeper } from "@gridward/server/ca/keep-crl";
import { issueOwn } from "@gridward/server/ca/issue-own";
import { issueThirdParty } from "@gridward/server/ca/third-party";
import { aBay, anEnrolment, aRenewal, type TestBay } from "@gridward/server/frontends/est/a-bay";
import type { MountedAnswer } from "@gridward/server/mounted-route";
import { ExpiryWatch } from "@gridward/server/security/expiry-watch";

/** The certificates of a whole system under a clock that moves in weekly steps. */

const start = Date.UTC(2027, 0, 1);
const week = 7 * day;
const weeks = 157;

interface Ticking {
  readonly tick: () => void;
}

/** What the parts of a server are given of it. */
function partsOf(bay: TestBay, node: NodeId, duty: "main" | "standby") {
  const { front, systemKey } = bay.system;
  const { now } = front;
  const about = { state: "main-protected", canSignIn: true, fresh: true, ageMs: 0 } as const;
  const condition = () => ({ ...about, node, duty, at: now() });
  const clock: Clock = { now, monotonic: now, sleep: async () => Promise.resolve() };
  const note = (text: string): void => assert.fail(text);
  return { front: { ...front, condition }, systemKey, clock, note };
}

/** One server of the pair: what keeps its certificates, as it runs. */
class TestServer implements Ticking {
  readonly #keeper: CertificateKeeper;
  readonly #keys = { tlsKey: createTlsKey(), signerKey: createSigningKey() };
  issued: IssuedFiles | null = null;

  constructor(
    bay: TestBay,
    server: { readonly id: NodeId; readonly name: string },
    duty: "main" | "standby",
  ) {
    const { systemKey, ...parts } = partsOf(bay, server.id, duty);
    const issued = (): IssuedFiles | null => this.issued;
    const identity = {
      node: server.id,
      name: server.name,
      systemKey,
      ...this.#keys,
      certificates: {
        get issued() {
          return issued();
        },
      },
      renew: (next: IssuedFiles) => void (this.issued = next),
    };
    this.#keeper = new CertificateKeeper({ ...parts, identity });
    const { authorities, servers } = bay.system.front.state().tables;
    const [authority, row] = [authorities.get(authorityId), servers.get(server.id)];
    need(authority !== undefined && row !== undefined, "the system has both");
    const now = bay.system.front.now();
    const made = issueOwn({ authority, systemKey, server: row, keys: this.#keys, now });
    need(made.ok, "the authority issues");
    this.issued = made.value.issued;
  }

  tick(): void {
    this.#keeper.tick();
  }
}

/** A second server, joined as the Main enters it. */
function joinB({ system }: TestBay): { readonly id: NodeId; readonly name: string } {
  const { self, systemKey, front, order } = system;
  const server = { id: nodeId(freshId()), name: "B" };
  const secret = sealText(systemKey, "join", new Secret("code"));
  order({ kind: "issue-invite", name: "B", secret, expiresAt: front.now() + 10 * minute });
  const pairingKey = pairingKeyText(createSigningKey());
  const about = {
    address: "192.0.2.2",
    ports: { https: 8443, link: 5480, ldaps: 636 },
    pairingKey,
  };
  const row = { ...server, ...about, kind: "promotable", joinedAt: front.now() } as const;
  void front.submit({
    command: { kind: "join-server", server: row, certificates: [] },
    actor: { kind: "server", id: self.node, name: "A", door: "pair", source: "" },
    requestId: freshRequestId(),
  });
  return server;
}

function certificateOf({ status, body }: MountedAnswer): X509Certificate | undefined {
  const decoded = decodeCertsOnly(Buffer.from(String(body), "base64"));
  return status === 200 && decoded.ok ? decoded.value[0] : undefined;
}

/** The device Q01 with its own renewer, over EST. */
async function aDevice(bay: TestBay): Promise<Ticking & { readonly own: OwnCertificate }> {
  const key: KeyObject = createTlsKey();
  const certificate = certificateOf(await bay.enrol(anEnrolment("Q01", bay.issueCode(), key)));
  need(certificate !== undefined, "Q01 enrols");
  const own = new OwnCertificate({ certificate, key });
  const renew = async (shown: DeviceIdentity) => {
    const next = createTlsKey();
    const given = certificateOf(await bay.renew(aRenewal(shown.certificate, next)));
    const failed = { code: "enrolment.failed", detail: "" } as const;
    return given === undefined ? err(failed) : ok({ certificate: given, key: next });
  };
  const { clock } = partsOf(bay, bay.system.self.node, "main");
  const renewer = new CertificateRenewer({
    own,
    anchors: { all: [bay.system.authority] },
    renew,
    clock,
    random: () => 0.5,
  });
  return { own, tick: () => renewer.tick() };
}

function issueFor(bay: TestBay, profile: ThirdPartyProfile): void {
  const { systemKey, front, order } = bay.system;
  const authority = front.state().tables.authorities.get(authorityId);
  need(authority !== undefined, "the system has its authority");
  const request = createRequest(createTlsKey(), "x");
  const hosts = profile === "file-transfer" ? ["192.0.2.9"] : [];
  const third = { profile, name: "Third", hosts, emails: [] };
  const issued = issueThirdParty({ authority, systemKey, request, now: front.now() }, third);
  need(issued.ok, "the authority issues");
  order({ kind: "issue-certificate", certificate: issued.value.row });
}

/** What a partner or a server would say of a certificate today. */
function isAccepted(
  bay: TestBay,
  certificate: X509Certificate,
  purpose: "partner" | "client",
): boolean {
  const { authority, front } = bay.system;
  const judged = judgePeer({
    chain: [certificate.raw],
    anchors: [authority.toString()],
    lists: [],
    purpose,
    expected: purpose === "partner" ? { kind: "server", node: null } : { kind: "device" },
    at: front.now(),
    settings: withoutLists,
    handshake: null,
  });
  return judged.verdict === "ok";
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test("[CA14][CS12][PK8] for three years nothing that renews itself ends, and what does not is announced at each stage", async () => {
  const bay = aBay(start);
  const { self, front } = bay.system;
  const servers = [
    new TestServer(bay, { id: self.node, name: self.name }, "main"),
    new TestServer(bay, joinB(bay), "standby"),
  ];
  const device = await aDevice(bay);
  for (const profile of ["person", "file-transfer"] as const) issueFor(bay, profile);
  const { systemKey, ...parts } = partsOf(bay, self.node, "main");
  const crl = new CrlKeeper({ ...parts, identity: { ...self, systemKey } });
  const imported: WatchedLife = {
    kind: "imported",
    name: "CN=web",
    id: "1",
    notBefore: start,
    notAfter: start + 398 * day,
  };
  const told: string[] = [];
  const lives = (): readonly WatchedLife[] => [...watchedLives(front.state(), self.node), imported];
  const watch = new ExpiryWatch({
    lives,
    announce: (text) => void told.push(text),
    clock: parts.clock,
  });
  const running: readonly Ticking[] = [...servers, device, crl, watch];

  for (let step = 0; step <= weeks; step++) {
    for (const part of running) {
      part.tick();
      await settled();
    }
    for (const { kind, name, ...life } of lives()) {
      const isByHand = kind === "party" || kind === "imported";
      const stage = expiryStage(life, front.now());
      assert.ok(isByHand || stage === null, `${kind} ${name}: ${stage} ${rfc3339(front.now())}`);
    }
    for (const { issued } of servers) {
      need(issued !== null, "a server has certificates");
      assert.ok(isAccepted(bay, issued.certificate, "partner"));
      assert.ok(notAfterOf(issued.signerCertificate) > front.now());
    }
    assert.ok(isAccepted(bay, device.own.now.certificate, "client"));
    bay.system.pass(week);
  }
  const stages = (what: RegExp): readonly string[] =>
    told
      .filter((text) => what.test(text))
      .map((text) => /within (\d+)|has ended/.exec(text)?.[1] ?? "ended");
  const each = ["60", "30", "14", "7", "1", "ended"];
  assert.deepEqual(stages(/third party .*person Third/), each);
  assert.deepEqual(stages(/third party .*file-transfer Third/), each);
  assert.deepEqual(stages(/imported .*CN=web/), each);
  assert.equal(told.length, 3 * each.length, told.join("\n"));
  const renewals = (kind: string): number =>
    bay.system.asked().filter((one) => one === kind).length;
  assert.deepEqual([renewals("renew-server"), renewals("renew-device")], [2 + 2 * 2, 2]);
});
