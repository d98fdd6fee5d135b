import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { utf8 } from "@gridward/core/base/bytes";
import { defaultSecurity } from "@gridward/core/base/security-settings";
import { day, rfc3339 } from "@gridward/core/base/time";
import { buildCertificate } from "@gridward/runtime/trust/x509/certificate";
import { fingerprintOf, notAfterOf } from "@gridward/runtime/trust/x509/read";
import type { OwnIdentity } from "../own-identity.ts";
import {
  adding,
  admin,
  adopt,
  aServer,
  fileOf,
  ours,
  start,
  theirs,
} from "./a-certified-server.ts";
import { certificateAlarms } from "./own-certificates.ts";
import { shelves } from "./shown-certificates.ts";

const place = mkdtempSync(join(tmpdir(), "gridward-certificates-"));
after(() => rmSync(place, { recursive: true }));

function set({ identity, world }: ReturnType<typeof aServer>, temporary: boolean): void {
  identity.settings.apply({ ...defaultSecurity, temporary }, world.at);
}

test("[OC1][CS4][CS5] until there is an authority the temporary certificate is shown, then never by itself", () => {
  const server = aServer(place);
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
  const server = aServer(place);
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
  const server = aServer(place);
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
  const server = aServer(place);
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
  const { certificates } = aServer(place);
  for (let made = 0; made < 16; made++) {
    assert.ok((await certificates.add(adding(fileOf(ours, start)))).ok);
  }
  const refused = await certificates.add(adding(fileOf(ours, start)));
  assert.ok(!refused.ok && refused.error.code === "server-certificate.too-many");
});

test("[OC4][CS5] time alone makes another one the one that is shown", async () => {
  const server = aServer(place);
  const { certificates, identity, world } = server;
  adopt(server);
  const later = await certificates.add(adding(fileOf(ours, start + 10 * day, identity.node)));
  assert.ok(later.ok);
  assert.deepEqual(later.value.inUse, []);
  world.at += 11 * day;
  assert.equal(fingerprintOf(identity.link().certificate), later.value.fingerprint);
});

test("[OC5][PK7] an authority that followed another is proved by that one, on every port and after each start", () => {
  const server = aServer(place);
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
  const server = aServer(place);
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
