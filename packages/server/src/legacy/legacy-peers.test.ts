import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { defaultSecurity, securitySpecs, weakenedBy } from "@gridward/core/base/security-settings";
import { day, minute } from "@gridward/core/base/time";
import { aStation, noon } from "@gridward/core/domain/fixtures";
import { LegacyPeers } from "./legacy-peers.ts";

const directories: string[] = [];
after(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

function aList(directory = mkdtempSync(join(tmpdir(), "gridward-legacy-"))) {
  directories.push(directory);
  const world = aStation();
  const moment = { at: noon, settings: { ...defaultSecurity, legacy: true } };
  const said: string[] = [];
  const open = () =>
    new LegacyPeers({
      directory,
      settings: () => moment.settings,
      state: () => world.state,
      clock: { now: () => moment.at },
      note: (text) => said.push(text),
    });
  return { directory, world, moment, said, open, peers: open() };
}

test("[LE1][CS7] served is who is on the list in its time, or anybody where any is", () => {
  const { world, moment, peers } = aList();
  const entry = { address: "192.0.2.7", owner: "Anna", reason: "a relay", until: noon + day };
  world.must({ kind: "allow-legacy-peer", ...entry });
  assert.equal(peers.isAllowed("192.0.2.7"), true);
  assert.equal(peers.isAllowed("192.0.2.8"), false);
  moment.settings = { ...moment.settings, legacy_peers: "any" };
  assert.equal(peers.isAllowed("192.0.2.8"), true);
  moment.settings = { ...moment.settings, legacy: false };
  assert.equal(peers.isAllowed("192.0.2.7"), false);
  moment.settings = { ...defaultSecurity, legacy: true };
  moment.at = noon + day;
  assert.equal(peers.isAllowed("192.0.2.7"), false);
});

test("[LE5][CS7] who was served is remembered for 30 days, over a restart", () => {
  const { moment, peers, open } = aList();
  peers.noteSignIn("192.0.2.7", "anna");
  moment.at += minute;
  peers.noteSignIn("192.0.2.7", "otto");
  peers.noteSignIn("192.0.2.7", "anna");
  peers.noteLink({ address: "192.0.2.9", name: "B", cause: "T01" });
  peers.close();
  const again = open().seen;
  assert.deepEqual(again, peers.seen);
  const [b, first] = again.toSorted((left, right) => (left.door > right.door ? -1 : 1));
  assert.deepEqual([b?.door, b?.names, b?.cause], ["link", ["B"], "T01"]);
  assert.deepEqual(
    [first?.count, first?.names, first?.first, first?.last],
    [3, ["anna", "otto"], noon, noon + minute],
  );
  moment.at += 30 * day + 1;
  assert.deepEqual(open().seen, []);
});

test("[LE5] neither many peers nor a broken file hurt it", () => {
  const { directory, moment, peers, open } = aList();
  for (let index = 0; index < 3_000; index++) {
    moment.at += 1;
    peers.noteSignIn(`10.0.${index >> 8}.${index & 255}`, `account${index % 40}`);
  }
  assert.equal(peers.seen.length, 1_024);
  assert.equal(peers.seen[0]?.address, "10.0.11.183");
  for (let index = 0; index < 40; index++) peers.noteSignIn("10.0.11.183", `account${index}`);
  assert.equal(peers.seen[0]?.names.length, 16);
  peers.close();
  const file = join(directory, "legacy-peers.json");
  assert.equal(open().seen.length, 1_024);
  for (const text of [
    "",
    "{}",
    '{"v":1,"seen":[{"door":"x"}]}',
    readFileSync(file, "utf8").slice(1),
  ]) {
    writeFileSync(file, text);
    assert.deepEqual(open().seen, []);
  }
});

test("[LE5] a list that cannot be written is said, and turns nobody away", () => {
  const { directory, moment, peers, said } = aList();
  rmSync(directory, { recursive: true });
  moment.at += minute;
  peers.noteSignIn("192.0.2.7", "anna");
  assert.equal(peers.seen.length, 1);
  assert.match(said[0] ?? "", /legacy peers was not written: ENOENT/);
});

test("[LE6][CS7] each of the two settings is an alarm while it is weaker", () => {
  assert.deepEqual(weakenedBy({ ...defaultSecurity, legacy: true }), ["legacy"]);
  assert.deepEqual(weakenedBy({ ...defaultSecurity, legacy_peers: "any" }), ["legacy_peers"]);
  assert.match(securitySpecs.legacy.alarm?.remedy ?? "", /security legacy list/);
});
