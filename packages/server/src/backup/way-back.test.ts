import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { systemId } from "@gridward/core/base/identity";
import { blankControl } from "@gridward/core/domain/control-record";
import {
  aControl,
  aValidStandby,
  noon,
  serverA,
  started,
  withPeer,
} from "@gridward/core/domain/pair/fixtures";
import { ControlStore } from "@gridward/runtime/journal/control-store";
import { journalPath, sqliteJournalStore } from "@gridward/runtime/journal/sqlite-store";
import { initServer } from "@gridward/runtime/trust/server-directory";
import { aSystem } from "../a-system.ts";
import { KnownServers } from "../known-servers.ts";
import { nextSteps } from "../pair/next-steps.ts";
import { resync } from "../resync/resync.ts";

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

test("[BS6][HS11] a database that a newer version wrote is not put aside: that version is started", (t) => {
  const newer = mkdtempSync(join(tmpdir(), "gridward-newer-"));
  t.after(() => rmSync(newer, { recursive: true }));
  const ports = { https: 0, link: 0, ldaps: 0 };
  const made = initServer(newer, { name: "A", listen: "127.0.0.1", ports, now: noon });
  assert.ok(made.ok);
  sqliteJournalStore(newer).create("first").journal.close();
  const record = { ...blankControl(made.value.node, systemId("ours")), incarnation: "first" };
  ControlStore.create(newer, record);
  const file = new DatabaseSync(journalPath(newer, "first"));
  file.exec("PRAGMA user_version = 9");
  file.close();
  const refused = resync(newer, noon);
  assert.ok(!refused.ok);
  assert.equal(refused.error.code, "journal.unsupported");
  assert.match(refused.error.detail, /a newer version wrote it \(format 9/);
  const machine = { ...broken, code: "journal.unsupported" } as const;
  assert.equal(nextSteps({ ...aValidStandby().state, machine }, 0, newer), undefined);
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

test(
  "[BS7][HS8] without room for the servers the file stays as it was, and the server goes on",
  { skip: process.platform === "win32" ? "needs a shell" : false },
  () => {
    const full = mkdtempSync(join(place, "full-"));
    const [row] = [...aSystem(noon).front.state().tables.servers.values()];
    assert.ok(row !== undefined);
    new KnownServers(full).keep([row]);
    const moved = { ...row, address: "10.0.0.9" };
    const follow = `
      const { KnownServers } = await import(${JSON.stringify(import.meta.resolve("../known-servers.ts"))});
      const known = new KnownServers(${JSON.stringify(full)});
      known.follow(new Map([["A", ${JSON.stringify(moved)}]]));
      console.log(known.rows[0].address);`;
    // No file may grow: to a program it is a disk without room.
    const withoutRoom = `trap "" XFSZ; ulimit -f 0; exec "$0" "$@"`;
    const words = ["-c", withoutRoom, process.execPath, "--input-type=module", "-e", follow];
    const ended = spawnSync("sh", words);
    assert.equal(ended.stdout.toString(), `${row.address}\n`, ended.stderr.toString());
    assert.equal(new KnownServers(full).rows[0]?.address, row.address);
    assert.deepEqual(readdirSync(full), ["servers.json"]);
  },
);
