import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceId, sealed } from "../base/identity.ts";
import { hour } from "../base/time.ts";
import { holdersOf, issuingAuthority, trustAnchors } from "./authority-in-use.ts";
import type { Command } from "./command.ts";
import { aCertificate, anActor, aServer, aStation, noon, serverA } from "./fixtures.ts";
import { parseEntry } from "./parse-entry.ts";
import type { AuthorityRow, CertificateRow } from "./types.ts";

const next: AuthorityRow = {
  id: "second",
  standing: "next",
  certificate: "NEW",
  cross: "NEW BY OLD",
  key: sealed("key"),
  createdAt: noon,
};

function start(row: AuthorityRow = next, more: Partial<CertificateRow> = {}): Command {
  const certificate = { ...aCertificate("50", "authority"), authority: row.id, ...more };
  return { kind: "start-roll-over", authority: row, certificate };
}

const change: Command = { kind: "switch-authority" };
const finish: Command = { kind: "retire-authority" };

/** A certificate of a server or device, by one of the two. */
function of(serial: string, profile: "server" | "device", authority: string): CertificateRow {
  const subject = profile === "server" ? "CN=A, serialNumber=A" : "CN=Q01";
  const notBefore = noon + Number(serial);
  return { ...aCertificate(serial, profile), authority, subject, notBefore };
}

function enrolled(world: ReturnType<typeof aStation>): void {
  const id = deviceId("Q01");
  const about = { manufacturer: "", type: "", accessPoints: [], area: "Hill/Q01" };
  const devices = [{ id, name: "Q01", ...about }];
  world.must({ kind: "register-devices", devices, group: world.group });
  world.must({ kind: "issue-device-code", id, verifier: sealed("code"), expiresAt: noon + hour });
  const certificate = of("10", "device", "issuing");
  world.must({ kind: "enrol-device", id, certificate }, { actor: serverA });
}

function renewServer(serial: string, authority: string): Command {
  const certificates = [of(serial, "server", authority)];
  return { kind: "renew-server", id: aServer("A").id, certificates };
}

test("[CT9][PK7] the next authority is trusted at once, issues when it is known, and the former falls when nobody needs it", () => {
  const world = aStation();
  enrolled(world);
  const later = { at: noon + hour };
  world.must(renewServer("11", "issuing"), { actor: serverA, ...later });
  assert.deepEqual(trustAnchors(world.state), [""]);
  world.must(start());
  assert.ok(world.last !== undefined);
  assert.ok(parseEntry({ ...world.last, prev: "0".repeat(64) }).ok);
  assert.deepEqual(trustAnchors(world.state), ["", "NEW"]);
  assert.equal(issuingAuthority(world.state)?.id, "issuing");
  assert.equal(world.codeOf(change, { at: noon + hour - 1 }), "authority.too-new");
  assert.equal(world.codeOf(finish, later), "authority.no-former");
  world.must(change, later);
  assert.ok(parseEntry({ ...world.last, prev: "0".repeat(64) }).ok);
  assert.deepEqual(trustAnchors(world.state), ["NEW", ""]);
  assert.equal(issuingAuthority(world.state)?.id, "second");
  assert.deepEqual(holdersOf(world.state, "issuing", later.at), ["A", "Q01"]);
  assert.equal(world.codeOf(finish, later), "authority.in-use");
  world.must(renewServer("12", "second"), { actor: serverA, ...later });
  const renewal: Command = {
    kind: "renew-device",
    id: deviceId("Q01"),
    of: "10",
    certificate: of("13", "device", "second"),
  };
  world.must(renewal, { actor: serverA, ...later });
  assert.deepEqual(holdersOf(world.state, "second", later.at), ["A", "Q01"]);
  world.must(finish, later);
  assert.deepEqual(trustAnchors(world.state), ["NEW"]);
  assert.deepEqual([...world.state.tables.authorities.keys()], ["second"]);
});

test("[CT9] one change at a time, by a SECADM, with an authority that the present one certified", () => {
  const world = aStation();
  assert.equal(world.codeOf(change), "authority.no-next");
  assert.equal(world.codeOf(start({ ...next, cross: null })), "certificate.wrong-profile");
  assert.equal(world.codeOf(start({ ...next, standing: "issuing" })), "certificate.wrong-profile");
  assert.equal(world.codeOf(start(next, { authority: "issuing" })), "certificate.wrong-profile");
  assert.equal(world.codeOf(start(next, { profile: "server" })), "certificate.wrong-profile");
  assert.equal(world.codeOf(start({ ...next, id: "issuing" })), "certificate.exists");
  assert.equal(world.codeOf(start(), { actor: serverA }), "access.denied");
  assert.equal(world.codeOf(start(), { actor: anActor("anna") }), "access.denied");
  world.must(start());
  assert.equal(world.codeOf(start({ ...next, id: "third" })), "authority.under-way");
  world.must(change, { at: noon + hour });
  assert.equal(world.codeOf(start({ ...next, id: "third" })), "authority.under-way");
});

const requested = { id: "asked", keyType: "p256", request: "AA==", key: sealed("k") } as const;
const ask: Command = { kind: "request-authority", request: { ...requested, createdAt: noon } };
const withdraw: Command = { kind: "withdraw-authority-request" };
const answered: AuthorityRow = {
  ...next,
  id: "asked",
  chain: ["MIDDLE", "ROOT"],
  cross: null,
  key: sealed("k"),
};

test("[CT10][PK1] a request is open until it is answered or given up, and its key alone may follow", () => {
  const world = aStation();
  assert.equal(world.codeOf(ask, { actor: anActor("anna") }), "access.denied");
  assert.equal(world.codeOf(start(answered)), "authority.no-request");
  assert.equal(world.codeOf(withdraw), "authority.no-request");
  world.must(ask);
  assert.ok(world.last !== undefined);
  assert.ok(parseEntry({ ...world.last, prev: "0".repeat(64) }).ok);
  assert.equal(world.codeOf(ask), "authority.requested");
  // What else the row of the system holds is as it was.
  world.must({ kind: "set-recovery-key", publicKey: "A".repeat(43) });
  assert.equal(world.codeOf(ask), "authority.requested");
  const strangers = start({ ...answered, key: sealed("another") });
  assert.equal(world.codeOf(strangers), "authority.no-request");
  assert.equal(world.codeOf(start({ ...answered, id: "third" })), "authority.no-request");
  assert.equal(world.codeOf(start(answered, { serial: "01" })), "certificate.exists");
  world.must(withdraw);
  assert.equal(world.codeOf(start(answered)), "authority.no-request");
  world.must(ask);
  world.must(start(answered));
  assert.ok(parseEntry({ ...world.last, prev: "0".repeat(64) }).ok);
  assert.deepEqual(trustAnchors(world.state), ["", "NEWMIDDLEROOT"]);
  assert.equal(world.codeOf(withdraw), "authority.no-request");
});

test("[CT9][CT11] without devices nothing is waited for, but for the servers that are away", () => {
  const world = aStation();
  world.must(ask);
  world.must(start(answered));
  const invited: Command = {
    kind: "issue-invite",
    name: "B",
    secret: sealed("secret"),
    expiresAt: noon + hour,
  };
  world.must(invited);
  const joining: Command = { kind: "join-server", server: aServer("B"), certificates: [] };
  world.must(joining, { actor: serverA });
  assert.equal(world.codeOf(change), "authority.server-away");
  const ackSet = [aServer("A").id, aServer("B").id];
  world.must({ kind: "change-ack-set", ackSet, unprotected: null }, { actor: serverA });
  assert.equal(world.codeOf(change), "accepted");
});
