import assert from "node:assert/strict";
import type { KeyObject, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { defaultSecurity } from "@gridward/core/base/security-settings";
import { dialLink } from "@gridward/runtime/link/dial";
import { strictLink } from "@gridward/runtime/link/link-settings";
import type { LinkOutcome } from "@gridward/runtime/link/peer";
import { brief } from "@gridward/runtime/link/test-link";
import { systemClock } from "@gridward/runtime/os/clock";
import { initServer, readServerDirectory } from "@gridward/runtime/trust/server-directory";
import { decodeCertsOnly } from "@gridward/runtime/trust/x509/certs-only";
import { createTlsKey, pairingKeyText } from "@gridward/runtime/trust/x509/keys";
import { issueOwn } from "../../ca/issue-own.ts";
import { SeenRenewals } from "../../ca/seen-renewals.ts";
import { openLinkPort } from "../../link-port.ts";
import type { MountedAnswer } from "../../mounted-route.ts";
import { OwnIdentity } from "../../own-identity.ts";
import { LiveConnections } from "../../security/live-connections.ts";
import { aBay, anEnrolment, aRenewal, type TestBay } from "./a-bay.ts";

const place = mkdtempSync(join(tmpdir(), "gridward-renewal-"));
after(() => rmSync(place, { recursive: true }));

const clock = systemClock();
const ports = { https: 8443, link: 5480, ldaps: 636 };

interface Shown {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

function shownBy({ status, body }: MountedAnswer, key: KeyObject): Shown {
  assert.equal(status, 200, String(body));
  const decoded = decodeCertsOnly(Buffer.from(String(body), "base64"));
  const [certificate] = decoded.ok ? decoded.value : [];
  assert.ok(certificate);
  return { certificate, key };
}

/** Q01 has enrolled for one key and asked for a certificate for another. */
async function aRenewed() {
  const bay = aBay(clock.now());
  const [oldKey, newKey] = [createTlsKey(), createTlsKey()];
  const code = bay.issueCode();
  const first = shownBy(await bay.enrol(anEnrolment("Q01", code, oldKey)), oldKey);
  const renewal = aRenewal(first.certificate, newKey);
  return { bay, first, renewal, second: shownBy(await bay.renew(renewal), newKey) };
}

/** A server of this system; both read one journal, as if what one wrote were at once at the other. */
async function aServer(
  t: TestContext,
  { system }: TestBay,
  { name, renewals }: { readonly name: string; readonly renewals: SeenRenewals },
) {
  const { state, now } = system.front;
  const directory = join(mkdtempSync(join(place, "server-")), name);
  assert.ok(initServer(directory, { name, listen: "127.0.0.1", ports, now: now() }).ok);
  const found = readServerDirectory(directory);
  assert.ok(found.ok);
  const identity = new OwnIdentity(directory, found.value, clock);
  const pairingKey = pairingKeyText(identity.pairingKey);
  const about = { name, address: "127.0.0.1", ports, kind: "promotable", joinedAt: now() } as const;
  const authority = state().tables.authorities.first();
  assert.ok(authority);
  const server = { ...about, id: identity.node, pairingKey };
  const made = issueOwn({ ...system, authority, server, keys: identity, now: now() });
  assert.ok(made.ok);
  identity.adopt(system.systemKey, made.value.issued);
  const stop = new AbortController();
  t.after(() => stop.abort());
  const closed: string[] = [];
  const live = new LiveConnections({
    settings: () => defaultSecurity,
    clock,
    stop: stop.signal,
    onClosed: ({ change }) => void closed.push(change),
  });
  const link = await openLinkPort(
    {
      identity,
      state,
      known: () => [],
      live,
      renewals,
      postures: { own: () => null, heard: () => undefined },
      onLegacy: () => {},
      proposed: () => null,
      onServer: () => assert.fail("no server"),
      onDevice: () => {},
      onUnknownDevice: () => {},
      onRefused: () => {},
      onContact: async () => {},
      clock,
      stop: stop.signal,
    },
    { host: "127.0.0.1", port: 0 },
  );
  t.after(() => link.close());
  const dial = async ({ certificate, key }: Shown): Promise<LinkOutcome> => {
    const device = state().tables.devices.find((row) => row.name === "Q01")?.id;
    assert.ok(device);
    const anchors = [system.authority.toString()];
    const named = { kind: "device", device } as const;
    const outcome = await dialLink({
      protocol: "gridward-replica/1",
      address: "127.0.0.1",
      port: link.port,
      identity: {
        name: named,
        certificate,
        key,
        issuers: [],
        anchors,
        lists: [],
        pairingKey: null,
      },
      settings: strictLink,
      expectedNode: null,
      partnerKey: null,
      clock,
      stop: stop.signal,
    });
    if (outcome.outcome === "verified") t.after(() => outcome.peer.close("end of test"));
    return outcome;
  };
  return { live, dial, closed };
}

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !holds(); turn++) await clock.sleep(10);
  assert.ok(holds());
}

function confirmations({ system }: TestBay): number {
  return system.asked().filter((kind) => kind === "confirm-renewal").length;
}

test("[LP2][EST17][PK8] the old key neither connects nor renews once the new one was seen, on any server", async (t) => {
  const { bay, first, second } = await aRenewed();
  const { front, self } = bay.system;
  const others = { front, identity: self, clock, stop: new AbortController().signal };
  const here = await aServer(t, bay, { name: "A", renewals: bay.renewals });
  const there = await aServer(t, bay, { name: "B", renewals: new SeenRenewals(others) });
  const open = await there.dial(first);
  assert.ok(open.outcome === "verified", brief(open));
  assert.equal(brief(await here.dial(first)), "verified");
  there.live.follow(front.state());
  for (let time = 0; time < 3; time++) assert.equal(brief(await here.dial(second)), "verified");
  await until(() => bay.q01().earlier === null);
  const refused = await here.dial(first);
  assert.equal(brief(refused), "T16 by them");
  assert.equal(brief(await there.dial(first)), "T16 by them");
  // Whatever a server remembers is gone with its restart.
  const restarted = new SeenRenewals(others);
  const anew = await aServer(t, bay, { name: "C", renewals: restarted });
  assert.equal(brief(await anew.dial(first)), "T16 by them");
  assert.equal(brief(await anew.dial(second)), "verified");
  there.live.follow(front.state());
  await open.peer.closed;
  await until(() => there.closed.length > 0);
  assert.match(there.closed.join("; "), /^closed 1 connection of devices: T16/);
  const late = await bay.renew(aRenewal(first.certificate));
  assert.equal(late.status, 403);
  assert.match(String(late.body), /replaced/);
  assert.equal(bay.refused.at(-1)?.refusal.code, "enrolment.not-renewed");
  assert.equal((await bay.renew(aRenewal(second.certificate))).status, 200);
  assert.equal(confirmations(bay), 1);
});

test("[LP2][EST17] the server that saw the new one refuses the old one before the journal says so", async (t) => {
  const { bay, first, second } = await aRenewed();
  const { dial } = await aServer(t, bay, { name: "A", renewals: bay.renewals });
  bay.refuseChanges({ code: "pair.not-main", detail: "" });
  assert.equal(brief(await dial(second)), "verified");
  await until(() => bay.renewals.isReplaced(bay.q01().id, bay.q01().earlier?.fingerprint ?? ""));
  assert.equal(brief(await dial(first)), "T16 by them");
  assert.equal((await bay.renew(aRenewal(first.certificate))).status, 403);
  assert.equal(brief(await dial(second)), "verified");
});

test("[EST17][PK8] a device that never got the answer goes on with the old key, and renews again", async (t) => {
  const { bay, first, renewal, second } = await aRenewed();
  const { dial } = await aServer(t, bay, { name: "A", renewals: bay.renewals });
  assert.equal(brief(await dial(first)), "verified");
  const again = shownBy(await bay.renew(renewal), second.key);
  assert.equal(again.certificate.fingerprint256, second.certificate.fingerprint256);
  const key = createTlsKey();
  const third = shownBy(await bay.renew(aRenewal(first.certificate, key)), key);
  assert.equal(brief(await dial(first)), "verified");
  assert.equal(confirmations(bay), 0);
  assert.equal(brief(await dial(second)), "T16 by them");
  assert.equal(brief(await dial(third)), "verified");
  await until(() => bay.q01().earlier === null);
  assert.equal(brief(await dial(first)), "T16 by them");
});
