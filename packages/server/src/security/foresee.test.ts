import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { NodeId } from "@gridward/core/base/identity";
import { defaultSecurity, type SecurityChange } from "@gridward/core/base/security-settings";
import { second } from "@gridward/core/base/time";
import { emptyState, type DirectoryState } from "@gridward/core/domain/state";
import { isTlsCauseCode, type TlsCauseCode } from "@gridward/core/domain/tls-cause";
import type { ServerRow } from "@gridward/core/domain/types";
import type { LinkOutcome, VerifiedPeer } from "@gridward/runtime/link/peer";
import { systemClock } from "@gridward/runtime/os/clock";
import { freshSystemKey } from "@gridward/runtime/os/seal";
import { initServer, readServerDirectory } from "@gridward/runtime/trust/server-directory";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { buildCertificate } from "@gridward/runtime/trust/x509/certificate";
import { fingerprintOf, keyFingerprintOf } from "@gridward/runtime/trust/x509/read";
import { createSigningKey, pairingKeyText } from "@gridward/runtime/trust/x509/keys";
import { dialInTrial, dialPartner, openLinkPort } from "../link-port.ts";
import { OwnIdentity } from "../own-identity.ts";
import { foresee } from "./foresee.ts";
import type { Told } from "../pair/dial-check.ts";
import { Postures } from "./postures.ts";
import { openTrials } from "./trials.ts";

/** Two servers of one system with real link ports, whose journal is a table of both. */

const place = mkdtempSync(join(tmpdir(), "gridward-foresee-"));
after(() => rmSync(place, { recursive: true }));

const clock = systemClock();
const authority = testAuthority("Ours", clock.now());

function aServer(name: string, isMember = true) {
  const directory = join(place, name);
  const ports = { https: 0, link: 0, ldaps: 0 };
  assert.ok(initServer(directory, { name, listen: "127.0.0.1", ports, now: clock.now() }).ok);
  const found = readServerDirectory(directory);
  assert.ok(found.ok);
  const identity = new OwnIdentity(directory, found.value, clock);
  const { node } = identity;
  const issue = (profile: "server" | "replica-signer", publicKey = identity.tlsKey) =>
    buildCertificate(
      {
        profile,
        publicKey,
        name: { kind: "server", node },
        subject: { commonName: name },
        hosts: ["127.0.0.1"],
        now: clock.now(),
      },
      authority,
    );
  if (isMember) {
    identity.adopt(freshSystemKey(), {
      authority: authority.certificate,
      above: [],
      cross: null,
      certificate: issue("server"),
      signerCertificate: issue("replica-signer", createSigningKey()),
    });
  }
  const postures = new Postures({ identity, state, now: () => clock.now() });
  return { identity, postures, link: 0 };
}

const servers = new Map<string, ServerRow>();

function state(): DirectoryState {
  const { tables } = emptyState;
  const rows = [...servers.values()].reduce((table, row) => table.set(row.id, row), tables.servers);
  return { ...emptyState, tables: { ...tables, servers: rows } };
}

type TestServer = ReturnType<typeof aServer>;

const a = aServer("A");
const b = aServer("B");
const stop = new AbortController();
const onLegacy = (): void => {};
const shared = { state, known: () => [], onLegacy, clock, stop: stop.signal };
const live = { enter: () => () => undefined };

/** At whose port a connection or its refusal was noted. */
const met: string[] = [];
const tokens: string[] = [];
const trials = openTrials({
  identity: a.identity,
  state,
  pair: () => ({
    dialInTrial: async (node, token, settings) => {
      const outcome = await dialInTrial({ ...shared, ...a, live }, node, { token, settings });
      if (outcome.outcome === "verified") tried.push(outcome.peer);
      return outcome;
    },
    dialCheck: { askInTrial },
  }),
});
/** Connections of ours that were only trials. */
const tried: VerifiedPeer[] = [];

/** The partner dials, as it is asked to, and says what it ran into. */
async function askInTrial(_: NodeId, token: string): Promise<Told> {
  tokens.push(token);
  const outcome = await dialInTrial({ ...shared, ...b, live }, a.identity.node, { token });
  if (outcome.outcome === "refused") return { ...outcome, cause: tlsCauseOf(outcome.cause) };
  outcome.peer.close("end of test");
  return null;
}

function tlsCauseOf(cause: string): TlsCauseCode {
  return isTlsCauseCode(cause) ? cause : "T17";
}

const ports = await Promise.all([a, b].map(opened));
after(async () => Promise.all(ports.map((port) => port.close())));

async function opened({ identity, postures }: TestServer) {
  const port = await openLinkPort(
    {
      ...shared,
      live,
      identity,
      postures,
      proposed: (token) => (identity === a.identity ? trials.proposed(token) : null),
      onServer: () => void met.push(identity.name),
      onDevice: () => assert.fail("no device"),
      onRefused: () => void met.push(identity.name),
      onUnknownDevice: () => {},
      renewals: { see: () => {}, isReplaced: () => false },
      onContact: async () => {},
    },
    { host: "127.0.0.1", port: 0 },
  );
  servers.set(identity.node, {
    id: identity.node,
    name: identity.name,
    address: "127.0.0.1",
    ports: { https: 0, link: port.port, ldaps: 0 },
    pairingKey: pairingKeyText(identity.pairingKey),
    kind: "promotable",
    joinedAt: clock.now(),
  });
  return port;
}

/** What really comes of a dial, as the end that dials sees it: by whom, and why. */
async function dialled(from: TestServer, to: TestServer): Promise<string> {
  const { identity, postures } = from;
  const outcome: LinkOutcome = await dialPartner(
    { ...shared, live, identity, postures },
    to.identity.node,
    "main",
  );
  for (const port of ports) port.refresh();
  if (outcome.outcome === "verified") {
    outcome.peer.close("end of test");
    return "ok";
  }
  return `${outcome.cause} by ${(outcome.by === "us" ? from : to).identity.name}`;
}

const unchanged: readonly SecurityChange[] = [{}];

const open = { https: 3, ldaps: 2, ldap: 1, devices: 1, partners: 2 };

async function effectsOf(change: SecurityChange, cut = open) {
  const { identity, postures } = a;
  const parts = { identity, state, now: () => clock.now(), postures, countCut: async () => cut };
  return foresee(parts, { ...identity.settings.now, ...change });
}

async function foreseen(change: SecurityChange, cut = open) {
  const effects = await effectsOf(change, cut);
  return effects.map(({ who, direction, after: { verdict, cause }, breaks, closes, why }) => ({
    who: `${who}, ${direction}`,
    word: verdict === "refused" ? `${cause ?? ""} by ${why?.refused_by ?? ""}` : verdict,
    breaks,
    closes,
    remedy: why?.remedy ?? "",
  }));
}

test("[FS2][CS11] of a partner that has said nothing nothing is foreseen", async () => {
  const [dial, accept] = await foreseen({ temporary: true });
  assert.deepEqual([dial?.word, accept?.word], ["unknown", "unknown"]);
});

for (const change of [
  ...unchanged,
  { temporary: true },
  { temporary: true, client_certificate: "disabled" },
  { client_certificate: "disabled" },
  { client_certificate: "0".repeat(64) },
  { client_certificate: "CN=A+CN=Ours" },
  { client_certificate: fingerprintOf(a.identity.certificates.temporary.certificate) },
  { validate_partner: false },
  { revocation: "hard" },
  { tls_min: "1.3" },
  { legacy: true, legacy_peers: "any" },
] as const) {
  test(`[FS1][FS4][CS9][CS11] ${JSON.stringify(change)}: what is foreseen is what comes`, async () => {
    a.identity.settings.apply(defaultSecurity, clock.now());
    assert.deepEqual([await dialled(a, b), await dialled(b, a)], ["ok", "ok"]);
    const [dial, accept] = await foreseen(change);
    const trial = await triedOnly(change);
    a.identity.settings.apply({ ...defaultSecurity, ...change }, clock.now());
    for (const port of ports) port.refresh();
    const real = [await dialled(a, b), await dialled(b, a)];
    assert.deepEqual([dial?.word, accept?.word], real);
    assert.deepEqual(trial, real);
    assert.deepEqual([dial?.closes, accept?.closes], [2, 2]);
    assert.deepEqual(
      [dial?.breaks, accept?.breaks],
      real.map((word) => word !== "ok"),
    );
  });
}

test("[FS1][CS2][CS9][CS11] a partner's temporary certificate that is pinned is taken, and no other", async () => {
  a.identity.settings.apply(defaultSecurity, clock.now());
  b.identity.settings.apply({ ...defaultSecurity, temporary: true }, clock.now());
  for (const port of ports) port.refresh();
  assert.deepEqual([await dialled(a, b), await dialled(b, a)], ["T01 by A", "T01 by A"]);
  const { certificate } = b.identity.certificates.temporary;
  for (const pin of [fingerprintOf(certificate), keyFingerprintOf(certificate)]) {
    const other = await foreseen({ partner_pin: "0".repeat(64) });
    assert.deepEqual([other[0]?.word, other[1]?.word], ["T01 by A", "T01 by A"]);
    const change = { partner_pin: `${"0".repeat(64)},${pin}` };
    const [dial, accept] = await foreseen(change);
    assert.deepEqual([dial?.word, accept?.word, dial?.breaks], ["ok", "ok", false]);
    a.identity.settings.apply({ ...defaultSecurity, ...change }, clock.now());
    assert.deepEqual([await dialled(a, b), await dialled(b, a)], ["ok", "ok"]);
    a.identity.settings.apply(defaultSecurity, clock.now());
  }
  b.identity.settings.apply(defaultSecurity, clock.now());
});

/** What trials come to, which nobody notes and which tell the partner nothing. */
async function triedOnly(change: SecurityChange): Promise<readonly string[]> {
  const known = () => {
    const { settings, presents } = b.postures.party(a.identity.node) ?? {};
    return [met.length, settings, presents?.length, String(presents?.[0])];
  };
  const before = known();
  const rows = await trials.run({ ...defaultSecurity, ...change });
  assert.deepEqual(known(), before);
  await Promise.all(tried.splice(0).map(async ({ closed }) => closed));
  assert.deepEqual(tokens.splice(0).map(trials.proposed), [null]);
  return rows.map(({ verdict, cause, refused_by: by }) =>
    verdict === "refused" ? `${cause ?? ""} by ${by ?? ""}` : verdict,
  );
}

test("[FS3][CS11] whom it cuts off among clients is told, with how many are open", async () => {
  a.identity.settings.apply(defaultSecurity, clock.now());
  const [, , devices, clients, old] = await foreseen({ temporary: true, tls_min: "1.3" });
  assert.deepEqual(
    [devices, clients, old].map((each) => [each?.who, each?.word, each?.breaks, each?.closes]),
    [
      ["devices, accept", "T01 by devices", true, 1],
      ["clients at HTTPS and LDAPS, accept", "T01 by clients at HTTPS and LDAPS", true, 5],
      ["clients and devices without TLS 1.3, accept", "T11 by A", true, 6],
    ],
  );
  assert.match(devices?.remedy ?? "", /security set temporary=false` at A/);
});

test("[FS3][CS11] of whom there may be none, only those that are there are cut off", async () => {
  a.identity.settings.apply({ ...defaultSecurity, legacy: true }, clock.now());
  const nobody = { https: 0, ldaps: 0, ldap: 0, devices: 0, partners: 0 };
  const change = { temporary: true, tls_min: "1.3", map_clients: true, legacy: false } as const;
  const [, , ...classes] = await foreseen(change, nobody);
  assert.deepEqual(
    classes.map(({ word, breaks }) => [word, breaks]),
    [
      ["T01 by devices", true],
      ["T01 by clients at HTTPS and LDAPS", true],
      ["T11 by A", false],
      ["ok", false],
      ["T10 by A", false],
      ["T14 by A", false],
    ],
  );
  a.identity.settings.apply(defaultSecurity, clock.now());
});

test("[FS3][CS11] clients know this server under its address, and who was refused before is not cut off", async () => {
  a.identity.settings.apply(defaultSecurity, clock.now());
  const known = servers.get(a.identity.node);
  assert.ok(known);
  servers.set(known.id, { ...known, address: "elsewhere.example.org" });
  const clientsUnder = async (change: SecurityChange) =>
    (await effectsOf(change)).find(({ who }) => who === "clients at HTTPS and LDAPS");
  const [found, worse] = [await clientsUnder({}), await clientsUnder({ temporary: true })];
  servers.set(known.id, known);
  assert.deepEqual([found?.before.cause, found?.after.cause, found?.breaks], ["T05", "T05", false]);
  assert.deepEqual([worse?.before.cause, worse?.after.cause, worse?.breaks], ["T05", "T01", false]);
  assert.equal(found?.why?.refused_by, "clients at HTTPS and LDAPS");
  assert.match(found.why.demands, /elsewhere\.example\.org/);
  assert.match(found.why.presents, /CN=A, issued by CN=Ours/);
});

test("[FS3][CS5][CS11] clients are shown their own certificate, which is not the one of the link", async () => {
  a.identity.settings.apply(defaultSecurity, clock.now());
  const { imported } = a.identity.certificates;
  const { certificate, key } = testAuthority("Utility", clock.now()).issue({
    profile: "server",
    hosts: ["127.0.0.1"],
    now: clock.now() + second,
  });
  a.identity.certificates.replaceImported([{ certificate, issuers: [], key }]);
  const effects = await effectsOf({});
  a.identity.certificates.replaceImported(imported);
  assert.deepEqual(
    effects.slice(2, 4).map(({ who, after: { cause } }) => [who, cause]),
    [
      ["devices", null],
      ["clients at HTTPS and LDAPS", "T02"],
    ],
  );
});

test("[FS3][CS11] of clients of a server that has no authority nothing is foreseen", async () => {
  const { identity } = aServer("alone", false);
  const parts = { identity, state, now: () => clock.now(), postures: a.postures };
  const all = { ...parts, countCut: async () => open };
  const effects = await foresee(all, { ...defaultSecurity, require_client_certificates: true });
  assert.deepEqual([...new Set(effects.map(({ kind }) => kind))], ["partner"]);
});

test("[FS3][CS6] clients that a change refuses at this end are told", async () => {
  a.identity.settings.apply(defaultSecurity, clock.now());
  const word = async (whom: string, change: SecurityChange) => {
    const found = (await foreseen(change)).find(({ who }) => who.startsWith(whom));
    return [found?.word, found?.breaks, found?.closes];
  };
  const bare = "clients without a certificate";
  assert.deepEqual(await word(bare, { require_client_certificates: true }), ["T09 by A", true, 5]);
  assert.deepEqual(await word(bare, { require_client_certificates: false }), ["ok", false, 5]);
  const lost = "clients whose certificate leads to no account";
  assert.deepEqual(await word(lost, { map_clients: true }), ["T10 by A", true, 5]);
  assert.deepEqual(await word(lost, { map_clients: false }), ["ok", false, 5]);
  const clear = "clients without TLS";
  assert.deepEqual(await word(clear, { legacy: false }), [undefined, undefined, undefined]);
  a.identity.settings.apply({ ...defaultSecurity, legacy: true }, clock.now());
  assert.deepEqual(await word(clear, { legacy: false }), ["T14 by A", true, 1]);
  a.identity.settings.apply(defaultSecurity, clock.now());
});

test("[FS1][LE4][CS7] a partner that would be served as legacy is foreseen to pass", async () => {
  a.identity.settings.apply(defaultSecurity, clock.now());
  b.identity.settings.apply({ ...defaultSecurity, temporary: true }, clock.now());
  for (const port of ports) port.refresh();
  assert.equal(await dialled(a, b), "T01 by A");
  const dials = async (change: SecurityChange) => (await foreseen(change))[0]?.word;
  assert.equal(await dials({ legacy: true, legacy_peers: "any" }), "ok");
  assert.equal(await dials({ legacy: true }), "T01 by A");
  assert.deepEqual(await triedOnly({ legacy: true, legacy_peers: "any" }), ["ok", "ok"]);
  const served = { ...defaultSecurity, legacy: true, legacy_peers: "any" } as const;
  a.identity.settings.apply(served, clock.now());
  assert.equal(await dialled(a, b), "ok");
  const [, ended] = await foreseen({ legacy: false });
  assert.deepEqual([ended?.word, ended?.breaks], ["T01 by A", true]);
  for (const { identity } of [a, b]) identity.settings.apply(defaultSecurity, clock.now());
  for (const port of ports) port.refresh();
  assert.equal(await dialled(a, b), "ok");
});

test("[FS4][HS15][CS11] a trial takes the backup address where the first is not reached; at none, nobody refused", async () => {
  a.identity.settings.apply(defaultSecurity, clock.now());
  const known = servers.get(b.identity.node);
  assert.ok(known);
  const backup = "127.0.0.1";
  const nowhere = "127.0.0.9";
  const tryAs = async (row: ServerRow) => {
    servers.set(row.id, row);
    const [dial] = await trials.run(defaultSecurity);
    servers.set(row.id, known);
    return [dial?.verdict, dial?.cause, dial?.refused_by];
  };
  assert.deepEqual(await tryAs({ ...known, address: nowhere, backup }), ["ok", null, null]);
  const lost = ["not reached", "T17", null];
  assert.deepEqual(await tryAs({ ...known, address: nowhere, backup: nowhere }), lost);
  b.identity.settings.apply({ ...defaultSecurity, temporary: true }, clock.now());
  for (const port of ports) port.refresh();
  const said = ["refused", "T01", "A"];
  assert.deepEqual(await tryAs({ ...known, backup: nowhere }), said, "it answered at the first");
  b.identity.settings.apply(defaultSecurity, clock.now());
  for (const port of ports) port.refresh();
});

test("[FS4][CS9][CS11] a trial tells what this server and what the partner said, whoever dialled", async () => {
  a.identity.settings.apply(defaultSecurity, clock.now());
  const rows = await trials.run({ ...defaultSecurity, temporary: true });
  for (const { direction, refused_by, ours, theirs } of rows) {
    assert.equal(refused_by, "B", direction);
    assert.match(ours ?? "", /^presents .*Temporary/, direction);
    assert.doesNotMatch(theirs ?? "presents", /presents/, direction);
  }
  assert.equal(rows.length, 2);
});
