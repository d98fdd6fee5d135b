import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "node:tls";
import { deviceId } from "@gridward/core/base/identity";
import { freshId } from "../os/random.ts";
import type { Scene } from "../trust/test-listening.ts";
import { dialLink } from "./dial.ts";
import type { LinkIdentity } from "./identity.ts";
import { type LinkSettings, strictLink } from "./link-settings.ts";
import type { LinkOutcome } from "./peer.ts";
import { a, b, opened, patience, strangers, verdictUnderTls12 } from "./test-ends.ts";
import {
  brief,
  deviceIdentity,
  dialOptions,
  serverIdentity,
  testServer,
  trustedAuthority,
  withTemporary,
} from "./test-link.ts";

/** Settings of both ends, and what each learns. */

/** Shows no certificate. */
const bare = "bare";
const open: LinkSettings = { ...strictLink, validate: false, requireCertificate: false };
const foreign = strangers.issue({ profile: "server", name: a.name });

const ofC = trustedAuthority.issue({ profile: "server", name: serverIdentity().name });

const cases: readonly (readonly [
  what: string,
  dialler: LinkIdentity | typeof bare,
  acceptor: Partial<LinkSettings>,
  expected: string,
])[] = [
  ["shows none where one is required", bare, {}, "T09"],
  ["shows none where one is required and none validated", bare, { validate: false }, "T09"],
  ["shows none where none is required", bare, { requireCertificate: false }, "verified"],
  ["shows none where nothing is asked", bare, open, "verified"],
  [
    "shows a bad one where none is required",
    withTemporary(a),
    { requireCertificate: false },
    "T01",
  ],
  ["shows a foreign one where none is validated", { ...a, ...foreign }, open, "verified"],
  ["shows that of another server", { ...a, ...ofC }, {}, "T16"],
  [
    "shows that of another where names are not checked",
    { ...a, ...ofC },
    { checkNames: false },
    "verified",
  ],
];

for (const [what, dialler, acceptor, expected] of cases) {
  test(`[LK17][CS1][CS9] a partner that ${what}: ${expected}`, patience, async (t) => {
    const settings = { ...strictLink, ...acceptor };
    const server = await opened(t, testServer(b, a, { settings: () => settings }));
    const identity = { ...(dialler === bare ? a : dialler), pairingKey: a.pairingKey };
    const options = dialOptions(identity, b, server.port);
    const outcome = await dialLink({ ...options, isAnonymous: dialler === bare });
    if (expected === "verified") {
      assert.equal(brief(outcome), "verified");
      const peer = await server.peer();
      assert.deepEqual(peer.name, a.name);
      peer.close("end of test");
      return;
    }
    assert.equal(brief(outcome), `${expected} by them`);
    assert.equal(brief(await server.refused()), `${expected} by us`);
  });
}

test(
  "[LK17] who shows no certificate still has to prove the partner's pairing key",
  patience,
  async (t) => {
    const server = await opened(t, testServer(b, a, { settings: () => open }));
    const impostor = { ...a, pairingKey: serverIdentity().pairingKey };
    const options = { ...dialOptions(impostor, b, server.port), isAnonymous: true };
    assert.equal(brief(await dialLink(options)), "T16 by them");
  },
);

test(
  "[LK18] no setting lets a device in without the certificate it was enrolled with",
  patience,
  async (t) => {
    const device = deviceId(freshId());
    const identity = deviceIdentity(device);
    const foreignDevice = strangers.issue({ profile: "device", name: { kind: "device", device } });
    const admission = { partnerKey: () => undefined, isEnrolled: () => true };
    const server = await opened(t, testServer(b, undefined, { settings: () => open, admission }));
    const dial = async (own: LinkIdentity, isAnonymous = false): Promise<LinkOutcome> =>
      dialLink({
        ...dialOptions(own, b, server.port),
        isAnonymous,
        protocol: "gridward-replica/1",
        expectedNode: null,
        partnerKey: null,
      });
    assert.equal(brief(await dial(identity, true)), "T09 by them");
    assert.equal(brief(await dial({ ...identity, ...foreignDevice })), "T02 by them");
    assert.equal(brief(await dial({ ...a, pairingKey: null })), "T05 by them");
    const outcome = await dial(identity);
    assert.ok(outcome.outcome === "verified", brief(outcome));
    outcome.peer.close("end of test");
  },
);

test(
  "[LK19][CS2] where the pairing key alone counts, TLS 1.2 is refused as T11",
  patience,
  async (t) => {
    assert.equal(await verdictOf(t, strictLink), "ok");
    assert.equal(await verdictOf(t, { ...strictLink, validate: false }), "T11");
  },
);

async function verdictOf(t: Scene, settings: LinkSettings): Promise<string> {
  const { port } = await opened(t, testServer(b, a, { settings: () => settings }));
  return verdictUnderTls12(t, { port, protocol: "gridward-partner/1" }, a);
}

test(
  "[LK20][CS1] tls-min=1.3 refuses TLS 1.2 by alert, from the next connection on",
  patience,
  async (t) => {
    assert.equal(await verdictOf(t, { ...strictLink, tlsMin: "1.3" }), "alert T11");
    let settings = strictLink;
    const server = await opened(t, testServer(b, a, { settings: () => settings }));
    const old = {
      ...dialOptions(a, b, server.port),
      settings: { ...strictLink, tlsMin: "1.3" as const },
    };
    const outcome = await dialLink(old);
    assert.ok(outcome.outcome === "verified", brief(outcome));
    outcome.peer.close("end of test");
    settings = { ...strictLink, tlsMin: "1.3" };
    server.refresh();
    const socket = connect({
      host: "127.0.0.1",
      port: server.port,
      maxVersion: "TLSv1.2",
      rejectUnauthorized: false,
    });
    const said = await new Promise<string>((resolve) => {
      socket.on("error", (error: Error) => resolve(error.message));
      socket.on("secureConnect", () => resolve("taken"));
    });
    assert.match(said, /alert number 70/);
  },
);
