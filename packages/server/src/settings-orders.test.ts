import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { nodeId } from "@gridward/core/base/identity";
import { ok } from "@gridward/core/base/result";
import { serverSettings } from "@gridward/core/codec/server-settings";
import { aServer, anActor } from "@gridward/core/domain/fixtures";
import { emptyState } from "@gridward/core/domain/state";
import { copySetting } from "./settings-orders.ts";

const directory = mkdtempSync(join(tmpdir(), "gridward-given-"));
after(() => rmSync(directory, { recursive: true }));
const text = 'name = "A"\nlisten = "127.0.0.1"\naddress = "127.0.0.1"\n\n[backup]\nkeep = 3\n';
const named = `[security]\nclient_certificate = "${"ab".repeat(32)}"\n`;
writeFileSync(join(directory, "server.toml"), text + named);
const [here, there] = [nodeId("A"), nodeId("B")];

test("[SST2][PST1][HS16] a partner is given what this server is set to, and never what is its own", async () => {
  const given: unknown[] = [];
  const actor = anActor("admin");
  const servers = [here, there].reduce(
    (table, id) => table.set(id, aServer(id)),
    emptyState.tables.servers,
  );
  const state = { ...emptyState, tables: { ...emptyState.tables, servers } };
  const [ownName, otherName] = [aServer(here).name, aServer(there).name];
  const copy = async (key: string, to: string) => {
    const settings = {
      ask: async () => ok([]),
      give: async (...words: readonly unknown[]) => {
        given.push(words);
        return ok([]);
      },
    };
    const parts = { directory, identity: { node: here }, pair: { conductor: { state }, settings } };
    const done = await copySetting(parts, { key, to, actor });
    return done.ok ? "" : done.error.code;
  };
  const own = Object.entries(serverSettings).filter(([, { copies }]) => !copies);
  for (const [key] of own) assert.equal(await copy(key, otherName), "pair.own-setting", key);
  assert.equal(await copy("toString", otherName), "pair.own-setting");
  assert.equal(await copy("backup.keep", "nobody"), "pair.server-not-found");
  assert.equal(await copy("backup.keep", ownName), "pair.unchanged");
  assert.equal(await copy("security.client_certificate", otherName), "pair.own-certificate");
  assert.deepEqual(given, []);
  assert.equal(await copy("backup.keep", otherName), "");
  assert.deepEqual(given, [[there, { key: "backup.keep", value: 3 }, actor]]);
});
