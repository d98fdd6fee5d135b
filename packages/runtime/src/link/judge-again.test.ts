import assert from "node:assert/strict";
import { createPublicKey, type KeyObject } from "node:crypto";
import { test } from "node:test";
import { deviceId, type NodeId } from "@gridward/core/base/identity";
import { hour, minute } from "@gridward/core/base/time";
import { systemClock } from "../os/clock.ts";
import { freshId } from "../os/random.ts";
import type { RevocationList } from "../trust/revocation.ts";
import { buildCrl } from "../trust/x509/crl.ts";
import { readCrl } from "../trust/x509/read-crl.ts";
import { serialOf } from "../trust/x509/read.ts";
import { dialLink } from "./dial.ts";
import type { LinkIdentity } from "./identity.ts";
import { strictLink } from "./link-settings.ts";
import { a, b, opened, patience, strangers } from "./test-ends.ts";
import {
  brief,
  deviceIdentity,
  dialOptions,
  serverIdentity,
  testServer,
  trustedAuthority,
} from "./test-link.ts";

/** What is said of an open connection later, by lists, anchors, settings and time of then. */

const clock = systemClock();

function listOf(...revoked: readonly LinkIdentity[]): RevocationList {
  const at = clock.now();
  const listed = revoked.map(({ certificate }) => {
    return { serial: serialOf(certificate), at: at - minute, reason: "keyCompromise" } as const;
  });
  const times = { number: 1, thisUpdate: at - hour, nextUpdate: at + hour };
  const list = readCrl(buildCrl({ ...times, listed }, trustedAuthority));
  assert.ok(list.ok);
  return list.value;
}

const soft = { ...strictLink, revocation: "soft" } as const;
const before = { identity: b, settings: soft };

test("[LK24][CS16] an open link is refused as soon as a list names it", patience, async (t) => {
  const server = await opened(t, testServer(b, a));
  const outcome = await dialLink(dialOptions(a, b, server.port));
  assert.ok(outcome.outcome === "verified", brief(outcome));
  t.after(() => outcome.peer.close("end of test"));
  const accepted = await server.peer();
  assert.equal(accepted.judgeAgain(before), null);
  const lists = [listOf(a)];
  assert.equal(accepted.judgeAgain({ ...before, identity: { ...b, lists } }), "T07");
  const off = {
    identity: { ...b, lists },
    settings: { ...strictLink, revocation: "off" },
  } as const;
  assert.equal(accepted.judgeAgain(off), null);
  // The end that dialled judges as well.
  const dialler = { identity: { ...a, lists: [listOf(b)] }, settings: soft };
  assert.equal(outcome.peer.judgeAgain(dialler), "T07");
});

test(
  "[LK26][HS14] who was removed is let in to hear it, whatever the list says, by both proofs",
  patience,
  async (t) => {
    const identity = { ...b, lists: [listOf(a)] };
    const partnerKey = (): KeyObject => createPublicKey(a.pairingKey);
    for (const [isRemoved, expected] of [
      [false, "T07 by them"],
      [true, "verified"],
    ] as const) {
      const isDismissed = (node: NodeId): boolean => isRemoved && node === a.node;
      const admission = { partnerKey, isEnrolled: () => false, isDismissed };
      const server = await opened(t, testServer(identity, a, { settings: () => soft, admission }));
      const options = dialOptions(a, b, server.port);
      const outcome = await dialLink(options);
      assert.equal(brief(outcome), expected);
      const thief = { ...options, identity: { ...a, pairingKey: serverIdentity().pairingKey } };
      assert.notEqual(brief(await dialLink(thief)), "verified");
    }
  },
);

test(
  "[LK24][CS8] settings and anchors of now count, not those of the handshake",
  patience,
  async (t) => {
    const server = await opened(t, testServer(b, a));
    const identity: LinkIdentity = { ...a, maxVersion: "TLSv1.2" };
    const outcome = await dialLink({ ...dialOptions(a, b, server.port), identity });
    assert.ok(outcome.outcome === "verified", brief(outcome));
    t.after(() => outcome.peer.close("end of test"));
    const accepted = await server.peer();
    assert.equal(accepted.judgeAgain(before), null);
    const young = { ...before, settings: { ...strictLink, tlsMin: "1.3" } } as const;
    assert.equal(accepted.judgeAgain(young), "T11");
    const anchors = [strangers.certificate.toString()];
    assert.equal(accepted.judgeAgain({ ...before, identity: { ...b, anchors } }), "T02");
  },
);

test(
  "[LK24][LK27][CS16] a device that was disabled, or whose certificate ended, is refused, and none by a clock that stepped back",
  patience,
  async (t) => {
    const known = { isEnrolled: true, later: 0 };
    const server = await opened(
      t,
      testServer(b, a, {
        clock: { ...clock, now: () => clock.now() + known.later },
        admission: { partnerKey: () => undefined, isEnrolled: () => known.isEnrolled },
      }),
    );
    const device = deviceIdentity(deviceId(freshId()));
    const options = dialOptions(a, b, server.port);
    const outcome = await dialLink({
      ...options,
      protocol: "gridward-replica/1",
      identity: device,
      partnerKey: null,
    });
    assert.ok(outcome.outcome === "verified", brief(outcome));
    t.after(() => outcome.peer.close("end of test"));
    const accepted = await server.peer();
    assert.equal(accepted.judgeAgain(before), null);
    known.later = 20 * 365 * 24 * hour;
    assert.equal(accepted.judgeAgain(before), "T03");
    known.later = -365 * 24 * hour;
    assert.equal(accepted.judgeAgain(before), null, "the clock stepped back");
    known.later = 0;
    known.isEnrolled = false;
    assert.equal(accepted.judgeAgain(before), "T16");
  },
);
