import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { digestOf } from "@gridward/core/domain/digest";
import { origin } from "@gridward/core/domain/entry";
import { generationsDirectory } from "@gridward/runtime/journal/sqlite-store";
import { systemClock } from "@gridward/runtime/os/clock";
import { sha256 } from "@gridward/runtime/os/hash";
import { freshRecoveryKey, openRecoveryKey } from "@gridward/runtime/os/recovery-key";
import { initServer, readServerDirectory } from "@gridward/runtime/trust/server-directory";
import { aSystem } from "../a-system.ts";
import { ownServerRow } from "../found-system.ts";
import { KnownServers } from "../known-servers.ts";
import { OwnIdentity } from "../own-identity.ts";
import { openBackups } from "./open-backups.ts";
import { restore } from "./restore.ts";

const place = mkdtempSync(join(tmpdir(), "gridward-permanent-"));
after(() => rmSync(place, { recursive: true }));

const start = Date.UTC(2026, 5, 1, 12);

function aDirectory(name: string) {
  const directory = join(place, name);
  const ports = { https: 0, link: 0, ldaps: 0 };
  const made = initServer(directory, { name, listen: "127.0.0.1", ports, now: start });
  const found = readServerDirectory(directory);
  assert.ok(made.ok && found.ok);
  return { directory, identity: new OwnIdentity(directory, found.value), ...found.value };
}

test("[BS11][HS12][HS14] a backup older than its joining makes no Main of a permanent Standby", async () => {
  const opened = openRecoveryKey(freshRecoveryKey());
  assert.ok(opened.ok);
  const recovery = opened.value;
  const system = aSystem(start);
  system.order({ kind: "set-recovery-key", publicKey: recovery.publicKey });
  const main = aDirectory("A");
  Object.defineProperty(main.identity, "systemKey", { value: system.systemKey });
  const state = system.front.state();
  const position = { ...origin, term: 1, start: 1, seq: 3 };
  const digest = digestOf(state, sha256);
  const backups = openBackups({
    directory: main.directory,
    config: { every: null, keep: 1, directory: "backups" },
    identity: main.identity,
    moment: () => ({ state, position, digest, earlier: [], entry: undefined }),
    hasRecoveryKey: () => true,
    clock: systemClock(),
    record: () => {},
  });
  const file = join(place, "before.gwbackup");
  assert.ok((await backups.create(file)).ok);

  const standby = aDirectory("D");
  const row = ownServerRow(standby, start);
  new KnownServers(standby.directory).keep([{ ...row, kind: "permanent" }]);
  const order = { file, recovery, above: 0, user: "root", now: start };
  const refused = await restore({ ...order, directory: standby.directory });
  assert.deepEqual(refused.ok ? null : refused.error, { code: "pair.permanent", detail: "D" });
  assert.equal(existsSync(generationsDirectory(standby.directory)), false);

  new KnownServers(standby.directory).keep([row]);
  const done = await restore({ ...order, directory: standby.directory });
  assert.ok(done.ok, JSON.stringify(done));
});
