import assert from "node:assert/strict";
import { createPrivateKey, type X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { utf8 } from "@gridward/core/base/bytes";
import { nodeId } from "@gridward/core/base/identity";
import { defaultSecurity } from "@gridward/core/base/security-settings";
import { day, rfc3339 } from "@gridward/core/base/time";
import { expiryAlarms } from "@gridward/core/domain/expiry-alarms";
import { emptyState } from "@gridward/core/domain/state";
import type { Actor } from "@gridward/core/domain/types";
import { freshId } from "@gridward/runtime/os/random";
import { freshSystemKey } from "@gridward/runtime/os/seal";
import { initServer, readServerDirectory } from "@gridward/runtime/trust/server-directory";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { buildCertificate } from "@gridward/runtime/trust/x509/certificate";
import { createSigningKey, keyToPem } from "@gridward/runtime/trust/x509/keys";
import { fingerprintOf, notAfterOf } from "@gridward/runtime/trust/x509/read";
import { OwnIdentity } from "../own-identity.ts";
import { certificateAlarms, openOwnCertificates } from "./own-certificates.ts";
import type { SecurityUse } from "./security-use.ts";
import { livesOf } from "./own-lives.ts";
import { SignInTrial, trialLasts } from "./sign-in-trial.ts";
import { shelves } from "./shown-certificates.ts";

const place = mkdtempSync(join(tmpdir(), "gridward-certificates-"));
after(() => rmSync(place, { recursive: true }));

const start = Date.UTC(2027, 0, 1);
const ports = { https: 8443, link: 5480, ldaps: 636 };
const admin: Actor = { kind: "account", id: "1", name: "admin", door: "https", source: "10.0.0.9" };
const ours = testAuthority("Ours", start);
const theirs = testAuthority("Theirs", start);

/** A server with a clock that is moved by hand. */
function aServer() {
  const directory = join(place, freshId());
  const order = { name: "A", listen: "127.0.0.1", ports, now: start };
  assert.ok(initServer(directory, order).ok);
  const world = { at: start, refreshed: 0 };
  const uses: SecurityUse[] = [];
  const open = () => {
    const found = readServerDirectory(directory);
    assert.ok(found.ok);
    return new OwnIdentity(directory, found.value, { now: () => world.at });
  };
  const identity = open();
  const clock = { now: () => world.at, monotonic: () => world.at, sleep: async () => undefined };
  const trial = new SignInTrial({ onChange: (use) => uses.push(use), clock });
  const certificates = openOwnCertificates({
    directory,
    identity,
    now: () => world.at,
    refresh: () => world.refreshed++,
    onChange: (use) => uses.push(use),
    trial,
  });
  return { directory, identity, trial, certificates, world, uses, open };
}

/** What makes it part of a system. */
function adopt(
  { identity }: ReturnType<typeof aServer>,
  now = start,
  cross: X509Certificate | null = null,
): void {
  const name = { kind: "server", node: identity.node } as const;
  const shared = { subject: { commonName: "A" }, hosts: [], now } as const;
  const issue = (profile: "server" | "replica-signer", publicKey = identity.tlsKey) =>
    buildCertificate({ ...shared, profile, publicKey, name }, ours);
  identity.adopt(freshSystemKey(), {
    authority: ours.certificate,
    above: [],
    cross,
    certificate: issue("server"),
    signerCertificate: issue("replica-signer", createSigningKey()),
  });
}

function set({ identity, world }: ReturnType<typeof aServer>, temporary: boolean): void {
  identity.settings.apply({ ...defaultSecurity, temporary }, world.at);
}

function fileOf(from: typeof ours, now: number, node = ""): Uint8Array {
  const made = from.issue({
    profile: "server",
    ...(node !== "" && { name: { kind: "server", node: nodeId(node) } }),
    hosts: ["127.0.0.1"],
    now,
  });
  return utf8(String(made.certificate) + keyToPem(made.key).reveal());
}

function adding(file: Uint8Array, isTry = false) {
  return { files: [file], passphrase: null, isTry, actor: admin, mustProve: false };
}

test("[OC1][CS4][CS5] until there is an authority the temporary certificate is shown, then never by itself", () => {
  const server = aServer();
  const { identity, certificates, world } = server;
  const alarms = () => certificateAlarms(identity.certificates, world.at, start);
  assert.deepEqual(
    certificates.list().map(({ origin, inUse }) => [origin, inUse]),
    [["temporary", ["link", "clients"]]],
  );
  assert.ok(identity.isTemporary);
  assert.deepEqual(alarms(), [], "there is nothing yet that could end");
  adopt(server);
  assert.equal(identity.isTemporary, false);
  const issued = fingerprintOf(identity.certificate);
  assert.deepEqual(
    certificates.list().map(({ origin, inUse, passedOver }) => [origin, inUse, passedOver]),
    [
      ["authority", ["link", "clients"], []],
      [
        "temporary",
        [],
        [
          { shelf: "link", why: "temporary" },
          { shelf: "clients", why: "temporary" },
        ],
      ],
    ],
  );
  assert.deepEqual(alarms(), []);
  world.at += 1000 * day;
  assert.equal(fingerprintOf(identity.certificate), issued);
  const [row] = certificates.list();
  assert.deepEqual([row?.status, row?.inUse, row?.passedOver], ["expired", [...shelves], []]);
  const [alarm] = alarms();
  assert.equal(alarm?.code, "security.no-certificate");
  assert.match(alarm.text, /to other servers and devices and at HTTPS and LDAPS/);
  assert.equal(alarm.since, rfc3339(notAfterOf(identity.certificate)), "since it ended");
  set(server, true);
  assert.deepEqual(alarms(), [], "by setting nothing is lacking");
});

test("[OC1][CS4][CS5] by setting the temporary certificate is shown, whatever else there is", async () => {
  const server = aServer();
  const { identity, certificates } = server;
  adopt(server);
  assert.ok((await certificates.add(adding(fileOf(ours, start + 1000, identity.node)))).ok);
  const { temporary } = identity.certificates;
  const shown = () => [identity.isTemporary, fingerprintOf(identity.link().certificate)];
  const issued = shown();
  set(server, true);
  assert.deepEqual(shown(), [true, fingerprintOf(temporary.certificate)]);
  assert.equal(identity.tls.certificate, temporary.certificate.toString());
  const bySetting = shelves.map((shelf) => ({ shelf, why: "by setting" }));
  const earlier = shelves.map((shelf) => ({ shelf, why: "earlier expiry" }));
  assert.deepEqual(
    certificates.list().map(({ origin, inUse, passedOver }) => [origin, inUse, passedOver]),
    [
      ["authority", [], earlier],
      ["imported", [], bySetting],
      ["temporary", [...shelves], []],
    ],
  );
  set(server, false);
  assert.deepEqual(shown(), issued);
});

test("[OC2][CS5] an imported certificate is shown where it fits, at once and after a start", async () => {
  const server = aServer();
  const { directory, identity, certificates, world, uses, open } = server;
  adopt(server);
  const before = identity.link().certificate;
  const added = await certificates.add(adding(fileOf(theirs, start + day)));
  assert.ok(added.ok);
  assert.equal(added.value.status, "not yet valid");
  world.at += 2 * day;
  const foreign = await certificates.add(adding(fileOf(theirs, start + day + 1000)));
  assert.ok(foreign.ok, JSON.stringify(foreign));
  assert.deepEqual(foreign.value.inUse, ["clients"]);
  assert.deepEqual(foreign.value.passedOver, [{ shelf: "link", why: "name mismatch" }]);
  assert.equal(identity.link().certificate, before);
  assert.ok(identity.tls.certificate.startsWith("-----BEGIN CERTIFICATE-----"));
  const renewed = await certificates.add(adding(fileOf(ours, world.at, identity.node)));
  assert.ok(renewed.ok);
  assert.deepEqual(renewed.value.inUse, ["link", "clients"]);
  assert.equal(fingerprintOf(identity.link().certificate), renewed.value.fingerprint);
  assert.ok(identity.link().certificate.checkPrivateKey(identity.link().key));
  const whys = certificates.list().map(({ passedOver }) => passedOver.map(({ why }) => why));
  assert.deepEqual(whys[0], ["earlier expiry", "earlier expiry"]);
  assert.equal(world.refreshed, 3);
  const last = uses.at(-1);
  assert.equal(last?.actor, admin);
  assert.match(last.change, new RegExp(`^certificate added: .*${renewed.value.fingerprint}$`));
  const again = open();
  assert.equal(fingerprintOf(again.link().certificate), renewed.value.fingerprint);
  const removed = certificates.remove({
    fingerprint: renewed.value.fingerprint,
    isTry: false,
    actor: admin,
    mustProve: false,
  });
  assert.ok(removed.ok);
  assert.equal(identity.link().certificate, before);
  assert.equal(readdirSync(join(directory, "certificates")).length, 6);
});

test("[OC3][CS5] what is refused or only tried changes nothing and is told", async () => {
  const server = aServer();
  const { directory, certificates, identity, world, uses } = server;
  adopt(server);
  const files = (): readonly string[] => readdirSync(join(directory, "certificates"));
  const before = files();
  const good = fileOf(ours, start + 1000, identity.node);
  const tried = await certificates.add(adding(good, true));
  assert.ok(tried.ok);
  assert.deepEqual(tried.value.inUse, ["link", "clients"]);
  const bad = await certificates.add(adding(utf8("nothing")));
  assert.ok(!bad.ok && bad.error.code === "server-certificate.unreadable");
  assert.deepEqual(files(), before);
  assert.equal(world.refreshed, 0);
  assert.deepEqual(
    uses.map(({ refusal }) => refusal?.code),
    ["server-certificate.unreadable"],
  );
  assert.ok((await certificates.add(adding(good))).ok);
  const twice = await certificates.add(adding(good));
  assert.ok(!twice.ok && twice.error.code === "server-certificate.already-there");
  const own = fingerprintOf(ours.certificate);
  for (const fingerprint of [own, tried.value.fingerprint.replace(/^./, "x")]) {
    const refused = certificates.remove({
      fingerprint,
      isTry: false,
      actor: admin,
      mustProve: false,
    });
    assert.ok(!refused.ok && refused.error.code === "server-certificate.not-found");
  }
  const { fingerprint } = tried.value;
  assert.ok(certificates.remove({ fingerprint, isTry: true, actor: admin, mustProve: false }).ok);
  assert.equal(files().length, before.length + 1);
});

test("[OC3] a server holds so many and no more", async () => {
  const { certificates } = aServer();
  for (let made = 0; made < 16; made++) {
    assert.ok((await certificates.add(adding(fileOf(ours, start)))).ok);
  }
  const refused = await certificates.add(adding(fileOf(ours, start)));
  assert.ok(!refused.ok && refused.error.code === "server-certificate.too-many");
});

test("[OC4][CS5] time alone makes another one the one that is shown", async () => {
  const server = aServer();
  const { certificates, identity, world } = server;
  adopt(server);
  const later = await certificates.add(adding(fileOf(ours, start + 10 * day, identity.node)));
  assert.ok(later.ok);
  assert.deepEqual(later.value.inUse, []);
  world.at += 11 * day;
  assert.equal(fingerprintOf(identity.link().certificate), later.value.fingerprint);
});

test("[OC5][PK7] an authority that followed another is proved by that one, on every port and after each start", () => {
  const server = aServer();
  const { identity, open } = server;
  adopt(server);
  const rootsShown = (of: OwnIdentity): boolean =>
    of.tls.certificate.includes(ours.certificate.toString());
  assert.deepEqual([identity.link().issuers, rootsShown(identity)], [[], true]);
  const shared = { subject: { commonName: "Ours" }, hosts: [], now: start } as const;
  const publicKey = ours.certificate.publicKey;
  const cross = buildCertificate({ ...shared, profile: "authority", publicKey }, theirs);
  adopt(server, start, cross);
  for (const each of [identity, open()]) {
    const [issuer, ...more] = each.link().issuers;
    assert.deepEqual([issuer?.fingerprint256, more.length], [cross.fingerprint256, 0]);
    assert.ok(each.tls.certificate.endsWith(cross.toString()));
    assert.equal(rootsShown(each), false);
  }
  adopt(server);
  assert.deepEqual(open().link().issuers, []);
});

test("[OC5][PK7] all whose certificates count are trusted: its own authority, and those of the database", () => {
  const server = aServer();
  const { identity } = server;
  adopt(server);
  const [own, other] = [ours, theirs].map(({ certificate }) => certificate.toString());
  assert.ok(own !== undefined && other !== undefined);
  assert.equal(identity.trust([own]), false);
  assert.equal(identity.trust([own, other]), true);
  assert.deepEqual(
    [identity.anchors, identity.link().anchors],
    [
      [own, other],
      [own, other],
    ],
  );
  assert.equal(identity.trust([]), true);
  assert.deepEqual(identity.anchors, [own]);
});

/** An administrator signs in under the change, and says that it stays. */
function signIn({ trial }: ReturnType<typeof aServer>) {
  const proof = { session: "1", begunUnder: trial.count };
  trial.noteSignIn(proof);
  return trial.pass(proof, admin);
}

/** As over HTTPS. */
const over = { isTry: false, actor: admin, mustProve: true };

test("[OC6][CS17] a certificate that clients would see is held in memory until an administrator signed in under it", async () => {
  const server = aServer();
  const { certificates, identity, world, uses, trial, open } = server;
  adopt(server);
  const clientsSee = (of = identity) => fingerprintOf(of.certificates.shown("clients").certificate);
  world.at += 2 * day;
  const before = clientsSee();
  const file = fileOf(theirs, start + day);
  const add = async (more: object = {}) =>
    certificates.add({ files: [file], passphrase: null, ...over, ...more });
  const tried = await add({ isTry: true });
  assert.match(tried.ok ? (tried.value.signIn[0] ?? "") : "", /shows another certificate/);
  assert.deepEqual([clientsSee(), trial.standing], [before, null]);
  const added = await add();
  assert.ok(added.ok);
  const { fingerprint } = added.value;
  assert.deepEqual([clientsSee(), clientsSee(open())], [fingerprint, before]);
  assert.match(uses.at(-1)?.change ?? "", /, on trial until an administrator signs in under it$/);
  const busy = certificates.renewTemporary(over);
  assert.ok(!busy.ok && busy.error.code === "security.trial-under-way");
  world.at += trialLasts;
  trial.tick();
  assert.equal(clientsSee(), before);
  assert.match(uses.at(-1)?.change ?? "", /^taken back: certificate added: .*, no administrator/);
  assert.equal(certificates.list().length, 2);
  assert.ok((await add()).ok);
  assert.ok(signIn(server).ok);
  world.at += trialLasts;
  trial.tick();
  assert.deepEqual([clientsSee(), clientsSee(open())], [fingerprint, fingerprint]);
  const removed = certificates.remove({ fingerprint, ...over });
  assert.ok(removed.ok);
  assert.deepEqual([clientsSee(), clientsSee(open())], [before, fingerprint]);
  world.at += trialLasts;
  trial.tick();
  assert.equal(clientsSee(), fingerprint);
  assert.ok(certificates.remove({ fingerprint, ...over }).ok && signIn(server).ok);
  assert.deepEqual([clientsSee(), clientsSee(open())], [before, before]);
});

test("[OC6][CS17] what changes nothing for clients needs no sign-in, nor does what is ordered at the machine", async () => {
  const server = aServer();
  const { certificates, identity, trial } = server;
  adopt(server);
  const renewed = certificates.renewTemporary(over);
  assert.deepEqual([renewed.ok && renewed.value.signIn, trial.standing], [[], null]);
  const local = await certificates.add(adding(fileOf(theirs, start + day)));
  assert.deepEqual([local.ok && local.value.signIn, trial.standing], [[], null]);
  assert.equal(fingerprintOf(identity.certificates.shown("clients").certificate).length, 64);
});

test("[OC7][CS4] the temporary certificate is made anew on demand, with another key, and kept", () => {
  const server = aServer();
  const { certificates, identity, world, uses, open } = server;
  const before = identity.certificates.temporary;
  const local = { isTry: false, actor: admin, mustProve: false };
  assert.ok(certificates.renewTemporary({ ...local, isTry: true }).ok);
  assert.deepEqual([identity.link().certificate, uses], [before.certificate, []]);
  world.at += 9 * 365 * day;
  const renewed = certificates.renewTemporary(local);
  assert.ok(renewed.ok);
  const { certificate, key } = identity.link();
  assert.deepEqual(renewed.value.inUse, ["link", "clients"]);
  assert.deepEqual([renewed.value.origin, renewed.value.status], ["temporary", "valid"]);
  assert.equal(renewed.value.fingerprint, fingerprintOf(certificate));
  assert.match(certificate.subject, /O=Temporary certificate of Gridward/);
  assert.ok(certificate.checkPrivateKey(key) && !certificate.checkPrivateKey(before.key));
  assert.ok(certificate.checkPrivateKey(createPrivateKey(identity.tls.key.reveal())));
  assert.equal(world.refreshed, 1);
  assert.match(uses.at(-1)?.change ?? "", /^temporary certificate renewed: .* -> [0-9a-f]{64}$/);
  assert.equal(uses.at(-1)?.actor, admin);
  const again = open();
  assert.equal(again.link().certificate.fingerprint256, certificate.fingerprint256);
  assert.ok(again.link().certificate.checkPrivateKey(again.link().key));
  adopt(server);
  assert.ok(
    identity.link().certificate.checkPrivateKey(identity.tlsKey),
    "the issued keeps its key",
  );
});

test("[OC7][CS4][CS17] over HTTPS the temporary certificate that is shown is renewed on trial", () => {
  const server = aServer();
  const { certificates, identity, world, trial, open } = server;
  const before = identity.link().certificate;
  const renewed = certificates.renewTemporary(over);
  assert.equal(renewed.ok && renewed.value.signIn.length, 1);
  assert.notEqual(identity.link().certificate, before);
  world.at += trialLasts;
  trial.tick();
  assert.equal(identity.link().certificate, before);
  assert.ok(certificates.renewTemporary(over).ok && signIn(server).ok);
  assert.equal(
    open().link().certificate.fingerprint256,
    identity.link().certificate.fingerprint256,
  );
});

test("[EX2][CS4][CS12] the end of the temporary certificate is told of while it is the one shown", () => {
  const server = aServer();
  const { identity, certificates, world } = server;
  const alarm = () => expiryAlarms(livesOf(identity, emptyState), world.at)[0];
  const notAfter = notAfterOf(identity.certificates.temporary.certificate);
  for (const days of [61, 60, 30, 14, 7, 1]) {
    world.at = notAfter - days * day + 1;
    const text = days === 61 ? undefined : `ends within ${days} day`;
    assert.ok(text === undefined ? alarm() === undefined : alarm()?.text.includes(text), `${days}`);
  }
  assert.equal(alarm()?.code, "expiry.temporary");
  assert.match(alarm()?.remedy ?? "", /gridward security certificates renew-temporary/);
  assert.ok(certificates.renewTemporary({ ...over, mustProve: false }).ok);
  assert.equal(alarm(), undefined);
  world.at = start;
  adopt(server);
  assert.equal(livesOf(identity, emptyState).length, 0);
});
