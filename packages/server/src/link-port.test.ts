import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { deviceId, groupId, sealed, type DeviceId } from "@gridward/core/base/identity";
import { defaultSecurity, type SecuritySettings } from "@gridward/core/base/security-settings";
import { hour, minute } from "@gridward/core/base/time";
import { emptyState, type DirectoryState } from "@gridward/core/domain/state";
import type { CrlRow, DeviceRow, ServerRow } from "@gridward/core/domain/types";
import { dialLink } from "@gridward/runtime/link/dial";
import { strictLink } from "@gridward/runtime/link/link-settings";
import type { VerifiedPeer } from "@gridward/runtime/link/peer";
import { brief } from "@gridward/runtime/link/test-link";
import { systemClock } from "@gridward/runtime/os/clock";
import { freshSystemKey } from "@gridward/runtime/os/seal";
import { initServer, readServerDirectory } from "@gridward/runtime/trust/server-directory";
import { type TestAuthority, testAuthority } from "@gridward/runtime/trust/test-authority";
import { buildCertificate } from "@gridward/runtime/trust/x509/certificate";
import { buildCrl } from "@gridward/runtime/trust/x509/crl";
import { createSigningKey, pairingKeyText } from "@gridward/runtime/trust/x509/keys";
import { serialOf } from "@gridward/runtime/trust/x509/read";
import { dialPartner, openLinkPort } from "./link-port.ts";
import { OwnIdentity } from "./own-identity.ts";
import { admitServer, parseFarewell } from "./pair/removal.ts";
import { LiveConnections } from "./security/live-connections.ts";

const place = mkdtempSync(join(tmpdir(), "gridward-link-port-"));
after(() => rmSync(place, { recursive: true }));

const clock = systemClock();
const now = clock.now();
const authority = testAuthority("Ours", now - hour);

function aMember(name: string): OwnIdentity {
  const directory = join(place, name);
  const ports = { https: 0, link: 5480, ldaps: 0 };
  assert.ok(initServer(directory, { name, listen: "127.0.0.1", ports, now }).ok);
  const found = readServerDirectory(directory);
  assert.ok(found.ok);
  const identity = new OwnIdentity(directory, found.value, clock);
  const certified = { kind: "server", node: identity.node } as const;
  const shared = { subject: { commonName: name }, name: certified, hosts: [], now } as const;
  identity.adopt(freshSystemKey(), {
    authority: authority.certificate,
    above: [],
    cross: null,
    certificate: buildCertificate(
      { ...shared, profile: "server", publicKey: identity.tlsKey },
      authority,
    ),
    signerCertificate: buildCertificate(
      { ...shared, profile: "replica-signer", publicKey: createSigningKey() },
      authority,
    ),
  });
  return identity;
}

/** No device has renewed. */
const renewals = { see: () => {}, isReplaced: () => false };

const a = aMember("A");
const b = aMember("B");

function rowOf(identity: OwnIdentity, link = 0): ServerRow {
  return {
    id: identity.node,
    name: identity.name,
    address: "127.0.0.1",
    ports: { https: 0, link, ldaps: 0 },
    pairingKey: pairingKeyText(identity.pairingKey),
    kind: "promotable",
    joinedAt: now,
  };
}

function crlRow(revoked: readonly OwnIdentity[], nextUpdate: number): CrlRow {
  const listed = revoked.map(({ certificate }) => {
    return { serial: serialOf(certificate), at: now - minute, reason: "keyCompromise" } as const;
  });
  const thisUpdate = now - hour / 2;
  const list = buildCrl({ number: 3, thisUpdate, nextUpdate, listed }, authority);
  const encoded = Buffer.from(list).toString("base64");
  const shared = { authority: "issuing", number: 3, thisUpdate, nextUpdate };
  const responder = { certificate: "", key: sealed("") };
  return { ...shared, revoked: revoked.length, encoded, responder };
}

function stateWith(servers: readonly ServerRow[], crl: CrlRow | null): DirectoryState {
  const { tables } = emptyState;
  const rows = servers.reduce((table, row) => table.set(row.id, row), tables.servers);
  const crls = crl === null ? tables.crls : tables.crls.set("issuing", crl);
  return { ...emptyState, tables: { ...tables, servers: rows, crls } };
}

type Parts = Parameters<typeof openLinkPort>[0];

/** What both ends of a test have where it says nothing else. */
function plainParts(t: TestContext): Omit<Parts, "identity" | "state"> {
  const stop = new AbortController();
  return {
    known: () => [],
    live: { enter: () => () => undefined },
    postures: { own: () => null, heard: () => undefined },
    onLegacy: () => {},
    clock,
    stop: stop.signal,
    proposed: () => null,
    onServer: (peer) => t.after(() => peer.close("end of test")),
    onDevice: () => assert.fail("no device"),
    onRefused: () => {},
    onUnknownDevice: () => {},
    renewals,
    onContact: async () => {},
  };
}

/** B's port, open until the test ends; gives its number. */
async function openPort(
  t: TestContext,
  parts: Partial<Parts> & Pick<Parts, "state">,
): Promise<number> {
  const all = { ...plainParts(t), identity: b, ...parts };
  const server = await openLinkPort(all, { host: "127.0.0.1", port: 0 });
  t.after(() => server.close());
  return server.port;
}

const whole = clock.now() + hour;
const cases: readonly (readonly [string, SecuritySettings["revocation"], CrlRow | null, string])[] =
  [
    ["nobody revoked", "hard", crlRow([], whole), "verified"],
    ["the dialled one revoked", "soft", crlRow([b], whole), "T07 by us"],
    ["the dialled one revoked", "hard", crlRow([b], whole), "T07 by us"],
    ["the dialled one revoked, lists off", "off", crlRow([b], whole), "verified"],
    ["the caller revoked", "soft", crlRow([a], whole), "T07 by them"],
    ["a stale list", "soft", crlRow([], now - minute), "verified"],
    ["a stale list", "hard", crlRow([], now - minute), "T08 by us"],
    ["no list", "soft", null, "verified"],
    ["no list", "hard", null, "T08 by us"],
  ];

for (const [what, revocation, crl, expected] of cases) {
  test(`[LP1][CS1][PK5] ${what}, revocation=${revocation}: ${expected}`, async (t) => {
    for (const one of [a, b]) one.settings.apply({ ...defaultSecurity, revocation }, now);
    const port = await openPort(t, { state: () => stateWith([rowOf(a)], crl) });
    const state = stateWith([rowOf(b, port)], crl);
    const dialler = { ...plainParts(t), identity: a, state: () => state };
    const outcome = await dialPartner(dialler, b.node, "main");
    assert.equal(brief(outcome), expected);
    if (outcome.outcome === "verified") outcome.peer.close("end of test");
  });
}

test("[LC5][CS16] a list that names a partner closes the link to it that is open, within seconds", async (t) => {
  const world = { crl: crlRow([], whole) };
  const state = () => stateWith([rowOf(a)], world.crl);
  const settings: SecuritySettings = defaultSecurity;
  for (const one of [a, b]) one.settings.apply(settings, now);
  const stop = new AbortController().signal;
  const told: string[] = [];
  const live = new LiveConnections({
    settings: () => settings,
    clock,
    stop,
    onClosed: ({ change }) => void told.push(change),
  });
  live.follow(state());
  const port = await openPort(t, { live, state });
  const called = stateWith([rowOf(b, port)], null);
  const dialler = { ...plainParts(t), identity: a, state: () => called };
  const outcome = await dialPartner(dialler, b.node, "main");
  assert.ok(outcome.outcome === "verified", brief(outcome));
  const none = { https: 0, ldaps: 0, ldap: 0, devices: 0, partners: 0 };
  assert.deepEqual(await live.countCut(settings), none);
  assert.deepEqual(await live.countCut({ ...settings, revocation: "hard" }), none);
  world.crl = crlRow([a], whole);
  assert.deepEqual(await live.countCut(settings), { ...none, partners: 1 });
  assert.deepEqual(await live.countCut({ ...settings, revocation: "off" }), none);
  live.follow(state());
  await outcome.peer.closed;
  assert.deepEqual(told, ["closed 1 connection to other servers: T07, revoked"]);
});

test("[LK26][LC3][HS14] who was removed is let in for one word, and nobody judges it again", async (t) => {
  for (const one of [a, b]) one.settings.apply(defaultSecurity, now);
  const { id, name, pairingKey } = rowOf(a);
  const gone = { id, name, pairingKey, by: "anna", at: now };
  const listed = stateWith([rowOf(b)], crlRow([a], whole));
  const removed = listed.tables.removed.set(a.node, gone);
  const world = { state: { ...listed, tables: { ...listed.tables, removed } } };
  const stop = new AbortController().signal;
  const events: string[] = [];
  const onClosed = ({ change }: { readonly change: string }) => void events.push(change);
  const live = new LiveConnections({ settings: () => defaultSecurity, clock, stop, onClosed });
  const postures = { own: () => null, heard: () => undefined };
  const parts = { known: () => [], postures, onLegacy: () => {}, clock, stop };
  const met = Promise.withResolvers<VerifiedPeer>();
  const server = await openLinkPort(
    {
      ...parts,
      live,
      identity: b,
      state: () => world.state,
      proposed: () => null,
      renewals,
      onServer: met.resolve,
      onDevice: () => assert.fail("no device"),
      onRefused: () => {},
      onUnknownDevice: () => {},
      onContact: async () => {},
    },
    { host: "127.0.0.1", port: 0 },
  );
  t.after(() => server.close());
  const ofOthers = { enter: () => () => undefined };
  const dialler = {
    ...parts,
    live: ofOthers,
    identity: a,
    state: () => stateWith([rowOf(b, server.port)], null),
  };
  const outcome = await dialPartner(dialler, b.node, "main");
  assert.equal(brief(outcome), "verified");
  assert.ok(outcome.outcome === "verified");
  const peer = await met.promise;
  t.after(() => outcome.peer.close("end of test"));
  // It is revoked, and would be closed with that for a reason before it heard of its removal.
  assert.equal(live.size, 0);
  await live.recheck("trust");
  const word = Promise.withResolvers<Uint8Array>();
  outcome.peer.onFrame(word.resolve);
  assert.equal(admitServer(world.state, peer), false);
  assert.deepEqual(parseFarewell(JSON.parse(new TextDecoder().decode(await word.promise))), {
    by: "anna",
    at: now,
  });
  assert.deepEqual(events, []);
  // Who takes part under its id again is a partner like any other.
  world.state = {
    ...world.state,
    tables: {
      ...world.state.tables,
      servers: stateWith([rowOf(a), rowOf(b)], null).tables.servers,
    },
  };
  assert.equal(brief(await dialPartner(dialler, b.node, "main")), "T07 by them");
});

interface LegacyCase {
  readonly what: string;
  /** Of the server that is dialled, and of the one that dials. */
  readonly served: Partial<SecuritySettings>;
  readonly dialling: Partial<SecuritySettings>;
  readonly address: string;
  readonly expected: string;
  readonly noted: readonly string[];
}

const temporary = { temporary: true } as const;
const legacy = { legacy: true } as const;
const legacyCases: readonly LegacyCase[] = [
  {
    what: "no box",
    served: {},
    dialling: temporary,
    address: "127.0.0.1",
    expected: "T01 by them",
    noted: [],
  },
  {
    what: "the caller listed",
    served: legacy,
    dialling: temporary,
    address: "127.0.0.1",
    expected: "verified",
    noted: ["A T01"],
  },
  {
    what: "another listed",
    served: legacy,
    dialling: temporary,
    address: "127.0.0.2",
    expected: "T01 by them",
    noted: [],
  },
  {
    what: "any served",
    served: { ...legacy, legacy_peers: "any" },
    dialling: temporary,
    address: "",
    expected: "verified",
    noted: ["A T01"],
  },
  {
    what: "the caller without any certificate",
    served: legacy,
    dialling: { client_certificate: "disabled" },
    address: "127.0.0.1",
    expected: "verified",
    noted: ["A T09"],
  },
  {
    what: "the dialled one listed",
    served: temporary,
    dialling: legacy,
    address: "127.0.0.1",
    expected: "verified",
    noted: ["B T01"],
  },
  {
    what: "a good certificate",
    served: legacy,
    dialling: {},
    address: "127.0.0.1",
    expected: "verified",
    noted: [],
  },
];

for (const { what, served, dialling, address, expected, noted } of legacyCases) {
  test(`[LE4][CS7] legacy on the link, ${what}: ${expected}`, async (t) => {
    t.after(() => {
      for (const one of [a, b]) one.settings.apply(defaultSecurity, now);
    });
    a.settings.apply({ ...defaultSecurity, ...dialling }, now);
    b.settings.apply({ ...defaultSecurity, ...served }, now);
    const told: string[] = [];
    const onLegacy: Parts["onLegacy"] = ({ name, cause }) => void told.push(`${name} ${cause}`);
    const withPeer = (state: DirectoryState): DirectoryState => {
      const row = { address, owner: "Anna", reason: "old", until: whole, by: "admin", at: now };
      const legacyPeers = state.tables.legacyPeers.set(address, row);
      return { ...state, tables: { ...state.tables, legacyPeers } };
    };
    const port = await openPort(t, {
      onLegacy,
      state: () => withPeer(stateWith([rowOf(a)], null)),
    });
    const state = withPeer(stateWith([rowOf(b, port)], null));
    const dialler = { ...plainParts(t), onLegacy, identity: a, state: () => state };
    const outcome = await dialPartner(dialler, b.node, "main");
    assert.equal(brief(outcome), expected);
    if (outcome.outcome === "verified") outcome.peer.close("end of test");
    // The end that accepts may be a turn later than the one that dialled.
    for (let turn = 0; turn < 100 && told.length < noted.length; turn++) await clock.sleep(10);
    assert.deepEqual(told, noted);
  });
}

test("[WA1][CS14] a device with a good certificate that it is not enrolled with is offered, others are not", async (t) => {
  for (const one of [a, b]) one.settings.apply(defaultSecurity, now);
  const stop = new AbortController();
  const offered: string[] = [];
  const device = deviceId("0".repeat(25) + "D");
  const { tables, ...rest } = stateWith([rowOf(a)], null);
  const devices = tables.devices.set(device, aDevice(device));
  const state = { ...rest, tables: { ...tables, devices } };
  const port = await openPort(t, {
    onUnknownDevice: (unknown) => offered.push(`${unknown.device} ${unknown.address}`),
    state: () => state,
    onServer: () => assert.fail("no server"),
  });
  const dial = async (issuer: TestAuthority, id: DeviceId = device) => {
    const name = { kind: "device", device: id } as const;
    const { key, certificate } = issuer.issue({ profile: "device", name });
    const anchors = [authority.certificate.toString()];
    const shared = { issuers: [], anchors, lists: [], pairingKey: null };
    return dialLink({
      protocol: "gridward-replica/1",
      address: "127.0.0.1",
      port,
      identity: { ...shared, name, certificate, key },
      settings: strictLink,
      expectedNode: null,
      partnerKey: null,
      clock,
      stop: stop.signal,
    });
  };
  assert.equal(brief(await dial(testAuthority("Theirs", now - hour))), "T02 by them");
  // Nobody could approve it: the system has no such device.
  const strange = deviceId("0".repeat(25) + "E");
  assert.equal(brief(await dial(authority, strange)), "T16 by them");
  assert.equal(brief(await dial(authority)), "T16 by them");
  for (let turn = 0; turn < 100 && offered.length === 0; turn++) await clock.sleep(10);
  assert.deepEqual(offered, [`${device} 127.0.0.1`]);
});

function aDevice(id: DeviceId): DeviceRow {
  return {
    id,
    name: "Q01",
    manufacturer: "",
    type: "",
    accessPoints: [],
    area: "Hill/Q01",
    group: groupId("G"),
    status: "registered",
    enrolment: null,
    certificate: null,
    earlier: null,
    replication: { enabled: true, revision: 1 },
    keyVersion: 1,
    createdAt: now,
    changedAt: now,
  };
}
