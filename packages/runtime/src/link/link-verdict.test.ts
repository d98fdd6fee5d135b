import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceId, nodeId } from "@gridward/core/base/identity";
import { day } from "@gridward/core/base/time";
import { systemClock } from "../os/clock.ts";
import { freshId } from "../os/random.ts";
import { fingerprintOf } from "../trust/x509/read.ts";
import { dialLink } from "./dial.ts";
import type { LinkIdentity } from "./identity.ts";
import {
  brief,
  deviceIdentity,
  dialOptions,
  serverIdentity,
  testServer,
  trustedAuthority,
  validating,
  withTemporary,
} from "./test-link.ts";
import {
  patience,
  a,
  b,
  careless,
  strangers,
  opened,
  until,
  verdictUnderTls12,
} from "./test-ends.ts";

interface Case {
  readonly what: string;
  readonly dialler?: LinkIdentity;
  readonly acceptor?: LinkIdentity;
  readonly expected: readonly [dial: string, accept: string];
  readonly isTolerant?: "dialler" | "acceptor";
}

const expired = trustedAuthority.issue({
  profile: "server",
  name: a.name,
  now: systemClock().now() - 800 * day,
});

const early = trustedAuthority.issue({
  profile: "server",
  name: a.name,
  now: systemClock().now() + day,
});

const foreign = strangers.issue({ profile: "server", name: a.name });

const foreignB = strangers.issue({ profile: "server", name: b.name });

const ofC = trustedAuthority.issue({
  profile: "server",
  name: { kind: "server", node: nodeId(freshId()) },
});

const cases: readonly Case[] = [
  {
    what: "dialler is temporary",
    dialler: withTemporary(a),
    expected: ["T01 by them", "T01 by us"],
  },
  {
    what: "acceptor is temporary",
    acceptor: withTemporary(b),
    expected: ["T01 by us", "T01 by them"],
  },
  {
    what: "both are temporary",
    dialler: withTemporary(a),
    acceptor: withTemporary(b),
    expected: ["T01 by us", "T01 by us"],
  },
  {
    what: "dialler of another authority",
    dialler: { ...a, ...foreign },
    expected: ["T02 by them", "T02 by us"],
  },
  {
    what: "acceptor of another authority",
    acceptor: { ...b, ...foreignB },
    expected: ["T02 by us", "T02 by them"],
  },
  {
    what: "acceptor trusts nobody",
    acceptor: { ...b, anchors: [] },
    expected: ["T02 by them", "T02 by us"],
  },
  {
    what: "dialler has expired",
    dialler: { ...a, ...expired },
    expected: ["T03 by them", "T03 by us"],
  },
  {
    what: "dialler is not yet valid",
    dialler: { ...a, ...early },
    expected: ["T04 by them", "T04 by us"],
  },
  {
    what: "acceptor is another server",
    acceptor: { ...b, ...ofC },
    expected: ["T05 by us", "T05 by them"],
  },
  {
    what: "acceptor validates nothing",
    dialler: withTemporary(a),
    isTolerant: "acceptor",
    expected: ["verified", "verified"],
  },
  {
    what: "dialler validates nothing",
    acceptor: withTemporary(b),
    isTolerant: "dialler",
    expected: ["verified", "verified"],
  },
];

test("[LK14] a witness and its servers know each other by their keys alone, over TLS 1.3", async (t) => {
  const protocols = ["gridward-witness/1"] as const;
  // A certificate that nobody would accept: it is not asked about.
  const old = { ...a, ...expired, anchors: [] };
  const witness = { ...withTemporary(b), name: { kind: "witness", node: b.node } } as const;
  const server = await opened(t, testServer(witness, a, { protocols }));
  const options = { ...dialOptions(old, b, server.port), protocol: protocols[0] };
  const dialled = await dialLink(options);
  assert.ok(dialled.outcome === "verified", brief(dialled));
  t.after(() => dialled.peer.close("end of test"));
  assert.deepEqual(dialled.peer.name, { kind: "witness", node: b.node });
  assert.deepEqual((await server.peer()).name, { kind: "server", node: a.node });
  const c = serverIdentity();
  const stranger = await dialLink({ ...options, identity: c });
  assert.equal(brief(stranger), "T16 by them");
  const impostor = await dialLink({ ...options, partnerKey: c.pairingKey });
  assert.equal(brief(impostor), "T16 by us");
  const partner = await dialLink(dialOptions(a, b, server.port));
  assert.equal(brief(partner), "T13 by them");
  const elsewhere = await opened(t, testServer(b, a));
  assert.equal(brief(await dialLink({ ...options, port: elsewhere.port })), "T13 by them");
});

test("[LK14] a key proves nothing to a witness under TLS 1.2", async (t) => {
  const server = await opened(t, testServer(b, a, { protocols: ["gridward-witness/1"] }));
  const { port } = server;
  assert.equal(await verdictUnderTls12(t, { port, protocol: "gridward-witness/1" }), "T11");
});

for (const { what, dialler = a, acceptor = b, expected, isTolerant } of cases) {
  test(`[LK4][CS9] ${what}: both sides know`, patience, async (t) => {
    const settings = isTolerant === "acceptor" ? careless : validating;
    const server = await opened(
      t,
      testServer({ ...acceptor, pairingKey: b.pairingKey }, a, { settings: () => settings }),
    );
    const own = isTolerant === "dialler" ? careless : validating;
    const identity = { ...dialler, pairingKey: a.pairingKey };
    const outcome = await dialLink({ ...dialOptions(identity, b, server.port), settings: own });
    const accepted =
      expected[1] === "verified"
        ? { outcome: "verified" as const, peer: await server.peer() }
        : await server.refused();
    assert.deepEqual([brief(outcome), brief(accepted)], expected);
    if (outcome.outcome === "refused" && accepted.outcome === "refused") {
      assert.ok(outcome.fromPartner && accepted.fromPartner);
      // Of several partners the one that called is refused, and no other.
      assert.deepEqual([outcome.caller, accepted.caller], [undefined, a.node]);
      assert.match(`${outcome.ours}${outcome.theirs}`, /fingerprint|presents/);
    }
    if (outcome.outcome === "verified") outcome.peer.close("end of test");
  });
}

test(
  "[LK4][CS9] a server that lost its pairing key is T16 on both sides, whatever its certificate",
  patience,
  async (t) => {
    const server = await opened(
      t,
      testServer({ ...b, pairingKey: serverIdentity().pairingKey }, a),
    );
    const outcome = await dialLink(dialOptions(a, b, server.port));
    assert.equal(brief(outcome), "T16 by us");
    assert.equal(brief(await server.refused()), "T16 by them");
  },
);

test(
  "[LK4] a server whose dialler has another pairing key counts a stranger, who hears T16",
  patience,
  async (t) => {
    const server = await opened(t, testServer(b, a));
    const outcome = await dialLink(
      dialOptions({ ...a, pairingKey: serverIdentity().pairingKey }, b, server.port),
    );
    assert.equal(brief(outcome), "T16 by them");
    await until(() => server.strangers().get("T16") === 1);
  },
);

test(
  "[LK6] a server without partner counts strangers by cause and tells nobody else",
  patience,
  async (t) => {
    const server = await opened(
      t,
      testServer(b, undefined, { onRefused: () => assert.fail("told") }),
    );
    assert.equal(brief(await dialLink(dialOptions(a, b, server.port))), "T16 by them");
    await until(() => server.strangers().get("T16") === 1);
  },
);

test(
  "[LK10][PK9] a device is let in with the certificate that it was enrolled with, and no other",
  patience,
  async (t) => {
    const device = deviceId(freshId());
    const identity = deviceIdentity(device);
    const server = await opened(
      t,
      testServer(b, undefined, {
        admission: {
          partnerKey: () => undefined,
          isEnrolled: (id, fingerprint) =>
            id === device && fingerprint === fingerprintOf(identity.certificate),
        },
      }),
    );
    const dial = (own: LinkIdentity): ReturnType<typeof dialLink> =>
      dialLink({
        ...dialOptions(own, b, server.port),
        protocol: "gridward-replica/1",
        expectedNode: null,
        partnerKey: null,
      });
    const outcome = await dial(identity);
    assert.ok(outcome.outcome === "verified", brief(outcome));
    t.after(() => outcome.peer.close("end of test"));
    assert.deepEqual((await server.peer()).name, { kind: "device", device });
    assert.deepEqual(outcome.peer.name, { kind: "server", node: b.node });
    for (const [other, expected] of [
      [deviceIdentity(device), "T16 by them"],
      [deviceIdentity(deviceId(freshId())), "T16 by them"],
      [deviceIdentity(device, systemClock().now() - 800 * day), "T03 by them"],
      [a, "T05 by them"],
    ] as const) {
      assert.equal(brief(await dial(other)), expected);
    }
  },
);

test("[LK10] a device is no partner, and no server to a device", patience, async (t) => {
  const device = deviceIdentity(deviceId(freshId()));
  const server = await opened(t, testServer(device, a));
  const asReplica = {
    ...dialOptions(deviceIdentity(deviceId(freshId())), b, server.port),
    protocol: "gridward-replica/1",
    expectedNode: null,
    partnerKey: null,
  } as const;
  assert.equal(brief(await dialLink(asReplica)), "T05 by us");
  const honest = await opened(t, testServer(b, a));
  assert.equal(brief(await dialLink(dialOptions(device, b, honest.port))), "T05 by them");
});
