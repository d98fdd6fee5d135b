import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ok } from "@gridward/core/base/result";
import { serverSettings, type SettingValue } from "@gridward/core/codec/server-settings";
import { anActor } from "@gridward/core/domain/fixtures";
import { refuse } from "@gridward/core/domain/refusal";
import type { SecurityOrder } from "./security-changes.ts";
import { takeSetting } from "./take-setting.ts";

const directory = mkdtempSync(join(tmpdir(), "gridward-taken-"));
after(() => rmSync(directory, { recursive: true }));
const file = join(directory, "server.toml");
const text = 'name = "A"\nlisten = "127.0.0.1"\naddress = "127.0.0.1"\n';
const admin = anActor("admin");

/** What a partner gives, and what came of it. */
function taken(key: string, value: SettingValue, begun: "done" | "unchanged" | "refused" = "done") {
  writeFileSync(file, text);
  const orders: SecurityOrder[] = [];
  const begin = (order: SecurityOrder) => {
    orders.push(order);
    if (begun === "done") return ok([]);
    return refuse(begun === "unchanged" ? "security.unchanged" : "disk.full", key);
  };
  const done = takeSetting({ directory, changes: { begin } }, { key, value }, admin);
  const isWritten = readFileSync(file, "utf8") !== text;
  return { code: done.ok ? "" : done.error.code, orders, isWritten };
}

test("[PST1][SST2][HS16] what is a server's own is taken from no partner, of whatever kind it is", () => {
  const own = Object.entries(serverSettings).filter(([, { copies }]) => !copies);
  assert.ok(own.some(([key]) => key === "security.map_clients"));
  for (const [key] of own) {
    const { code, orders, isWritten } = taken(key, key.startsWith("security.") ? true : "B");
    assert.deepEqual([code, orders, isWritten], ["pair.own-setting", [], false], key);
  }
  const key = "security.client_certificate";
  const named = taken(key, "ab".repeat(32));
  assert.deepEqual([named.code, named.orders], ["pair.own-certificate", []]);
  assert.deepEqual(taken(key, "disabled").orders[0]?.change, { client_certificate: "disabled" });
});

test("[PST1][SCH3][HS16] a setting of Connection Security is ordered here as by hand, and nobody confirms it", () => {
  const { code, orders, isWritten } = taken("security.tls_min", "1.3");
  assert.deepEqual([code, isWritten], ["", false]);
  const [order] = orders;
  assert.deepEqual(order?.change, { tls_min: "1.3" });
  assert.deepEqual([order.isConfirmed, order.isTry, order.actor], [false, false, admin]);
  assert.equal(taken("security.tls_min", "1.3", "unchanged").code, "");
  assert.equal(taken("security.tls_min", "1.3", "refused").code, "disk.full");
  const bad = taken("security.tls_min", "1.1");
  assert.deepEqual([bad.code === "", bad.orders], [false, []]);
  assert.deepEqual(taken("backup.keep", 3), { code: "", orders: [], isWritten: true });
});
