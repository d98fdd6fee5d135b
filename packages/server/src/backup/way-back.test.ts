import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  aControl,
  aValidStandby,
  noon,
  serverA,
  started,
  withPeer,
} from "@gridward/core/domain/pair/fixtures";
import { aSystem } from "../a-system.ts";
import { KnownServers } from "../known-servers.ts";
import { nextSteps } from "../pair/next-steps.ts";

const place = mkdtempSync(join(tmpdir(), "gridward-known-"));
after(() => rmSync(place, { recursive: true }));

const broken = { duty: "none", phase: "invalid", code: "journal.unreadable", text: "" } as const;
const directory = "/srv/gridward";

test("[BS6][HS20] an unusable database: from the Main if it answers, else a restore is named too", () => {
  const alone = { ...aValidStandby().state, machine: broken };
  const way = nextSteps(alone, 60_000, directory) ?? "";
  assert.match(way, /^No Main answers\./);
  assert.match(way, /gridward backup restore FILE --into \/srv\/gridward --key-file KEYFILE/);
  const peer = { linkUp: true, heardAt: 60_000, duty: "main" } as const;
  const { state } = withPeer({ state: alone, actions: [] }, serverA, peer);
  const short = nextSteps(state, 60_000, directory) ?? "";
  assert.match(short, /^The Main answers .*gridward pair resync --local \/srv\/gridward/);
  assert.doesNotMatch(short, /restore/);
  assert.match(nextSteps(state, 180_000, directory) ?? "", /^No Main answers/);
});

test("[BS6][HS20] a blank server of a system waits for a Main; any other state speaks for itself", () => {
  const blank = { duty: "none", phase: "blank" } as const;
  const { state } = started({ control: aControl({ incarnation: null }) });
  assert.match(nextSteps({ ...state, machine: blank }, 0, directory) ?? "", /start the Main/);
  const stranger = { ...state, control: { ...state.control, systemId: null }, machine: blank };
  assert.equal(nextSteps(stranger, 0, directory), undefined);
  assert.equal(nextSteps(aValidStandby().state, 0, directory), undefined);
});

test("[BS7][HS20] the servers that a database named last are known without it", () => {
  const known = new KnownServers(place);
  const { servers } = aSystem(noon).front.state().tables;
  known.follow(servers);
  const [row] = new KnownServers(place).rows;
  assert.equal(row?.name, "A");
  known.follow(servers.clear());
  assert.equal(new KnownServers(place).rows.length, 1, "a database that is not there names nobody");
});
