import assert from "node:assert/strict";
import { test } from "node:test";
import { hour } from "../base/time.ts";
import { decodeServerConfig } from "./server-config.ts";
import {
  isCopied,
  namesItsOwn,
  serverSettings,
  settingsOf,
  withSetting,
} from "./server-settings.ts";

const text = `# Ours.
name = "A"
keep = 1

[pair]
# Bytes a second.
first_pass_rate = 0

# [backup]
# keep = 14
`;

function configOf(more: Readonly<Record<string, unknown>>) {
  const config = decodeServerConfig({ name: "A", listen: "::", address: "a", ...more });
  assert.ok(config.ok);
  return config.value;
}

test("[SST1][HS16] every key of the file is a setting, told as the file would say it", () => {
  const config = configOf({ backup: { every: "36h", keep: 3 }, pair: { first_pass_rate: 7 } });
  assert.equal(config.backup.every, 36 * hour);
  const settings = new Map(settingsOf(config).map(({ key, value }) => [key, value]));
  const tables = ["ports", "pair", "backup", "security"] as const;
  const keys = [
    "name",
    "listen",
    "address",
    ...tables.flatMap((table) => Object.keys(config[table]).map((name) => `${table}.${name}`)),
  ];
  assert.equal(Object.keys(config).length, 3 + tables.length);
  assert.deepEqual([...settings.keys()].toSorted(), keys.toSorted());
  assert.equal(settings.get("backup.every"), "36h");
  assert.equal(settings.get("backup.keep"), 3);
  assert.equal(settings.get("pair.first_pass_rate"), 7);
  for (const every of ["90m", "1h", "7d"]) {
    const told = settingsOf(configOf({ backup: { every } }));
    assert.equal(told.find(({ key }) => key === "backup.every")?.value, every);
  }
});

test("[SST2][HS16] what is a server's own is not copied, nor is what is no setting", () => {
  const own = Object.keys(serverSettings).filter((key) => !isCopied(key));
  assert.deepEqual(own, [
    "name",
    "listen",
    "address",
    "ports.https",
    "ports.link",
    "ports.ldaps",
    "ports.ldap",
    "backup.directory",
    "security.temporary",
    "security.partner_pin",
    "security.require_client_certificates",
    "security.map_clients",
  ]);
  for (const key of ["toString", "security", "security.more", ""]) {
    assert.equal(isCopied(key), false, key);
  }
  const named = ["automatic", "disabled", "ab".repeat(32), "CN=A+CN=Ours"].map((value) =>
    namesItsOwn({ key: "security.client_certificate", value }),
  );
  assert.deepEqual(named, [false, false, true, true]);
  assert.equal(namesItsOwn({ key: "backup.keep", value: 14 }), false);
});

test("[SST3] a setting is changed in its line, and all else of the file stays", () => {
  const changed = withSetting(text, { key: "pair.first_pass_rate", value: 5 });
  assert.equal(changed, text.replace("rate = 0", "rate = 5"));
  const added = withSetting(text, { key: "pair.suspect_after_ms", value: 900 });
  assert.equal(added, text.replace("[pair]\n", "[pair]\nsuspect_after_ms = 900\n"));
  const table = withSetting(text, { key: "backup.every", value: "24h" });
  assert.equal(table, `${text}\n[backup]\nevery = "24h"\n`);
  assert.equal(withSetting(table, { key: "backup.every", value: null }), `${text}\n[backup]\n`);
  assert.equal(withSetting(text, { key: "backup.every", value: null }), text);
  const flag = withSetting(text, { key: "security.temporary", value: true });
  assert.equal(flag, `${text}\n[security]\ntemporary = true\n`);
});
