import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { nodeId } from "@gridward/core/base/identity";
import { day } from "@gridward/core/base/time";
import { freshId } from "../os/random.ts";
import { chooseCertificate, type Candidate, type Occasion } from "./choose-certificate.ts";
import { testAuthority } from "./test-authority.ts";
import { forServersOnly } from "./test-reissue.ts";
import { buildCertificate } from "./x509/certificate.ts";
import { createTlsKey } from "./x509/keys.ts";

const now = Date.UTC(2027, 0, 1);
const node = nodeId(freshId());
const ours = testAuthority("Ours", now - 900 * day);
const theirs = testAuthority("Theirs", now - 900 * day);

function issue(
  from: typeof ours,
  at: number,
  says: { readonly node?: typeof node; readonly hosts?: readonly string[] } = { node },
): Candidate {
  const issued = from.issue({
    profile: "server",
    ...(says.node !== undefined && { name: { kind: "server", node: says.node } }),
    hosts: says.hosts ?? [],
    now: at,
  });
  return { ...issued, issuers: [] };
}

const weakKey = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
const candidates = {
  older: issue(ours, now - 20 * day),
  newest: issue(ours, now - 10 * day),
  expired: issue(ours, now - 800 * day),
  early: issue(ours, now + day),
  keyless: { ...issue(ours, now), key: null },
  foreignKey: { ...issue(ours, now), key: createTlsKey() },
  another: issue(ours, now, { node: nodeId(freshId()) }),
  elsewhere: issue(ours, now, { hosts: ["b.example.org"] }),
  here: issue(ours, now - 5 * day, { hosts: ["a.example.org"] }),
  atAddress: issue(ours, now - 6 * day, { hosts: ["10.0.0.7"] }),
  foreign: issue(theirs, now - day),
  weak: {
    certificate: buildCertificate(
      { profile: "server", publicKey: weakKey, subject: { commonName: "A" }, hosts: [], now },
      ours,
    ),
    issuers: [],
    key: weakKey,
  },
} as const;

const servers = issue(ours, now - 2 * day);
const serversOnly = { ...servers, certificate: forServersOnly(servers.certificate, ours.key) };

const link: Occasion = {
  at: now,
  purpose: "partner",
  names: { node, hosts: ["a.example.org", "10.0.0.7"] },
  anchors: [ours.certificate],
};
const clients: Occasion = { ...link, purpose: "server", anchors: null };

const rows = [
  ["expired", candidates.expired, "expired", "expired"],
  ["not yet valid", candidates.early, "not yet valid", "not yet valid"],
  ["without key", candidates.keyless, "no key", "no key"],
  ["with another's key", candidates.foreignKey, "no key", "no key"],
  ["weak", candidates.weak, "weak key", "weak key"],
  ["for servers only", serversOnly, "wrong purpose", undefined],
  ["an authority", { ...ours, issuers: [] }, "wrong purpose", "wrong purpose"],
  ["another server's", candidates.another, "name mismatch", "name mismatch"],
  ["of another host", candidates.elsewhere, "name mismatch", "name mismatch"],
  ["of this host", candidates.here, "name mismatch", undefined],
  ["of this address", candidates.atAddress, "name mismatch", undefined],
  ["of another authority", candidates.foreign, "unknown issuer", undefined],
  ["good", candidates.newest, undefined, undefined],
] as const;

for (const [what, candidate, onLink, toClients] of rows) {
  test(`[CH1][CS5] a certificate that is ${what}: ${onLink ?? "shown"}, ${toClients ?? "shown"}`, () => {
    for (const [occasion, expected] of [
      [link, onLink],
      [clients, toClients],
    ] as const) {
      const { inUse, passedOver } = chooseCertificate([candidate], occasion);
      assert.equal(passedOver.get(candidate), expected);
      const shown = expected === undefined ? candidate.certificate : undefined;
      assert.equal(inUse?.certificate, shown);
    }
  });
}

test("[CH2][CS5] the latest expiry is shown, whatever the order, and the rest says why not", () => {
  const { older, newest, expired, here } = candidates;
  for (const order of [
    [older, newest, expired, here],
    [here, expired, newest, older],
  ]) {
    const { inUse, passedOver } = chooseCertificate(order, link);
    assert.equal(inUse?.certificate, newest.certificate);
    assert.equal(passedOver.get(older), "earlier expiry");
    assert.equal(passedOver.get(expired), "expired");
    assert.equal(passedOver.size, 3);
  }
  const toClients = chooseCertificate([older, newest, here], clients);
  assert.equal(toClients.inUse?.certificate, here.certificate);
});

test("[CH2][CS5] where none is left there is none", () => {
  const { expired, keyless } = candidates;
  assert.equal(chooseCertificate([expired, keyless], link).inUse, null);
  assert.equal(chooseCertificate([], link).inUse, null);
});
