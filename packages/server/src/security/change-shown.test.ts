import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { day } from "@gridward/core/base/time";
import { expiryAlarms } from "@gridward/core/domain/expiry-alarms";
import { emptyState } from "@gridward/core/domain/state";
import { fingerprintOf, notAfterOf } from "@gridward/runtime/trust/x509/read";
import {
  adding,
  admin,
  adopt,
  aServer,
  fileOf,
  over,
  signIn,
  start,
  theirs,
} from "./a-certified-server.ts";
import { livesOf } from "./own-lives.ts";
import type { SecurityUse } from "./security-use.ts";
import { trialLasts } from "./sign-in-trial.ts";
import { tellUndone } from "./take-back.ts";

/** Certificates that are changed over a port that shows them, and the temporary one. */

const place = mkdtempSync(join(tmpdir(), "gridward-shown-"));
after(() => rmSync(place, { recursive: true }));

test("[OC6][CS17] a certificate that clients would see is held in memory until an administrator signed in under it", async () => {
  const server = aServer(place);
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
  assert.match(
    uses.at(-1)?.change ?? "",
    /^taken back, no administrator signed in under it: certificate added: /,
  );
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

test("[OC6][CS17] a server that ended within the trial of a certificate says at its start that it is gone, and why", async () => {
  const server = aServer(place);
  const { directory, certificates, world, trial } = server;
  adopt(server);
  const told = (): readonly string[] => {
    const uses: SecurityUse[] = [];
    tellUndone(directory, (use) => uses.push(use));
    return uses.map(({ change }) => change);
  };
  world.at += 2 * day;
  const add = async () => certificates.add({ files: [fileOf(theirs, start + day)], ...order });
  const order = { passphrase: null, ...over };
  const added = await add();
  assert.ok(added.ok);
  const { subject, fingerprint } = added.value;
  const ended = "this server ended before an administrator signed in under it";
  const words = `taken back, ${ended}: certificate added: ${subject}, ${fingerprint}`;
  assert.deepEqual([told(), told()], [[words], []]);
  assert.ok(signIn(server).ok);
  assert.ok(certificates.remove({ fingerprint, ...over }).ok && signIn(server).ok);
  assert.deepEqual(told(), [], "what is kept is undone by nobody");
  assert.ok((await add()).ok);
  world.at += trialLasts;
  trial.tick();
  assert.deepEqual(told(), [], "what was taken back before was told then");
  writeFileSync(join(directory, "certificate-pending.json"), '{"v":1,"change":');
  assert.deepEqual(told(), []);
});

test("[OC6][CS17] what changes nothing for clients needs no sign-in, nor does what is ordered at the machine", async () => {
  const server = aServer(place);
  const { certificates, identity, trial } = server;
  adopt(server);
  const renewed = certificates.renewTemporary(over);
  assert.deepEqual([renewed.ok && renewed.value.signIn, trial.standing], [[], null]);
  const local = await certificates.add(adding(fileOf(theirs, start + day)));
  assert.deepEqual([local.ok && local.value.signIn, trial.standing], [[], null]);
  assert.equal(fingerprintOf(identity.certificates.shown("clients").certificate).length, 64);
});

test("[OC7][CS4] the temporary certificate is made anew on demand, with another key, and kept", () => {
  const server = aServer(place);
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
  const server = aServer(place);
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
  const server = aServer(place);
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
