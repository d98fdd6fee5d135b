import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { day, minute } from "@gridward/core/base/time";
import { noon } from "@gridward/core/domain/fixtures";
import { Approvals, type OfferedPeer } from "./approvals.ts";

const directories: string[] = [];
after(() => {
  for (const directory of directories) rmSync(directory, { recursive: true });
});

const actor = { kind: "account", id: "admin", name: "admin", door: "https", source: "" } as const;

function aHouse() {
  const directory = mkdtempSync(join(tmpdir(), "gridward-approvals-"));
  directories.push(directory);
  const moment = { at: noon };
  const events: string[] = [];
  const open = () =>
    new Approvals({
      directory,
      clock: { now: () => moment.at },
      note: () => assert.fail("nothing goes wrong"),
      isSettled: () => false,
      onRejected: ({ change }) => events.push(change),
    });
  return { directory, moment, events, open, approvals: open() };
}

function aPeer(number: number, changes: Partial<OfferedPeer> = {}): OfferedPeer {
  const fingerprint = number.toString(16).padStart(8, "0").padEnd(64, "0");
  const place = { door: "ldap", source: "192.0.2.7" } as const;
  return {
    kind: "client",
    id: "",
    fingerprint,
    text: "CN=x",
    names: [],
    certificate: null,
    ...place,
    ...changes,
  };
}

test("[WA1][CS14] who comes again waits once, over a restart, until 14 days without a try", () => {
  const { moment, open, approvals } = aHouse();
  approvals.offer(aPeer(1));
  moment.at += 13 * day;
  approvals.offer(aPeer(1, { source: "192.0.2.8" }));
  approvals.close();
  const [peer, ...more] = open().peers;
  assert.deepEqual([peer?.first, peer?.last, peer?.tries], [noon, moment.at, 2]);
  assert.deepEqual([peer?.source, more.length], ["192.0.2.8", 0]);
  moment.at += 14 * day + 1;
  assert.deepEqual([approvals.peers, open().peers, approvals.alarms()], [[], [], []]);
});

test("[WA2][CS14] the hundredth is the last, and nobody pushes anybody out", () => {
  const { moment, approvals } = aHouse();
  for (let number = 0; number < 300; number++) {
    moment.at += 1;
    approvals.offer(aPeer(number));
  }
  const fingerprints = new Set(approvals.peers.map(({ fingerprint }) => fingerprint));
  assert.equal(fingerprints.size, 100);
  for (let number = 0; number < 100; number++) {
    assert.ok(fingerprints.has(aPeer(number).fingerprint));
  }
  assert.equal(approvals.turnedAway, 200);
  assert.match(approvals.alarms()[0]?.text ?? "", /^100 peers .* no more are taken in/);
  approvals.settle(waiting(approvals, 5));
  approvals.offer(aPeer(200));
  assert.equal(approvals.peers.length, 100);
});

function waiting(approvals: Approvals, number: number) {
  const found = approvals.find(aPeer(number).fingerprint);
  assert.ok(found.ok);
  return found.value;
}

test("[WA4][CS14] who is rejected does not wait again for 90 days, and bounds hold", () => {
  const { moment, events, approvals, open } = aHouse();
  approvals.offer(aPeer(1));
  approvals.reject(waiting(approvals, 1), actor);
  assert.match(events[0] ?? "", /unknown client 00000001.* was rejected/);
  assert.deepEqual(approvals.alarms(), []);
  approvals.offer(aPeer(1));
  assert.deepEqual(
    open().peers.map(({ rejected }) => rejected),
    [noon],
  );
  // However often it comes: it was this certificate that was rejected then.
  moment.at += 89 * day;
  approvals.offer(aPeer(1));
  moment.at += day + minute;
  approvals.offer(aPeer(1));
  assert.deepEqual(
    approvals.peers.map(({ rejected }) => rejected),
    [null],
  );
  for (let number = 1; number <= 250; number++) {
    moment.at += 1;
    approvals.offer(aPeer(number));
    approvals.reject(waiting(approvals, number), actor);
  }
  assert.equal(approvals.peers.length, 100);
  approvals.offer(aPeer(1_000));
  assert.equal(approvals.peers.length, 101);
});

test("[WA5] a peer is found by the beginning of its fingerprint, as tools print it", () => {
  const { approvals } = aHouse();
  approvals.offer(aPeer(0x01ab));
  approvals.offer(aPeer(0, { fingerprint: "000001ab".padEnd(63, "0") + "1" }));
  approvals.offer(aPeer(2));
  const codeOf = (typed: string): string => {
    const found = approvals.find(typed);
    return found.ok ? found.value.fingerprint.slice(0, 8) : found.error.code;
  };
  assert.equal(codeOf("00:00:00:02"), "00000002");
  assert.equal(codeOf("0000 0002"), "00000002");
  assert.equal(codeOf("000001AB"), "approval.ambiguous");
  assert.equal(codeOf("000001AB".padEnd(64, "0")), "000001ab");
  for (const typed of ["", "0000000", "ffffffff"]) {
    assert.equal(codeOf(typed), "approval.not-found");
  }
});

test("[WA1] a file that is none, or another, is an empty list", () => {
  const { directory, open } = aHouse();
  for (const text of ["", "[]", '{"v":1,"peers":[{"fingerprint":"x"}]}', '{"v":2,"peers":[]}']) {
    writeFileSync(join(directory, "approvals.json"), text);
    assert.deepEqual(open().peers, []);
  }
});

test("[WA6][CS14] while somebody waits there is an alarm, since the first came", () => {
  const { moment, approvals } = aHouse();
  approvals.offer(aPeer(1));
  moment.at += day;
  approvals.offer(aPeer(2));
  const [alarm] = approvals.alarms();
  assert.equal(alarm?.code, "security.approvals");
  assert.equal(Date.parse(alarm?.since ?? ""), noon);
});
