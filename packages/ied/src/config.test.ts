import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { devicePaths, inOrderUnseen, loadConfig, saveConfig, type DeviceConfig } from "./config.ts";
import { placesOf } from "./renew-certificate.ts";

const directory = mkdtempSync(join(tmpdir(), "gridward-config-"));
after(() => rmSync(directory, { recursive: true }));
const paths = devicePaths(directory);

function aServer(name: string, cost?: number): DeviceConfig["servers"][number] {
  return {
    name,
    addresses: [`${name}.example`],
    ports: { https: 8443, link: 5480, ldaps: 0 },
    pairing_fingerprint: "0".repeat(64),
    ...(cost === undefined ? {} : { cost }),
  };
}

function aConfig(...servers: DeviceConfig["servers"]): DeviceConfig {
  return {
    version: 1,
    system: { id: "system", base: "dc=example", site: "Hill" },
    device: { id: "device", name: "Q01", group: { id: "group", name: "bay1" } },
    servers,
    https: 0,
    replica_interval: 15,
    display_timeout: 10,
    revocation: "soft",
  };
}

test("[IN9][CS3] costs are kept, and a configuration without any is read as before", () => {
  for (const config of [aConfig(aServer("A")), aConfig(aServer("A", 1), aServer("B", 99))]) {
    saveConfig(paths, config);
    assert.deepEqual(loadConfig(paths), { ok: true, value: config });
  }
});

test("[IN9][CS3] a wrong cost is refused with its place and the rule", () => {
  const refused = (cost: unknown): string => {
    const config = aConfig(aServer("A", 1));
    const servers = config.servers.map((server) => ({ ...server, cost }));
    writeFileSync(paths.config, JSON.stringify({ ...config, servers }));
    const loaded = loadConfig(paths);
    return loaded.ok ? "taken" : loaded.error.detail;
  };
  for (const cost of [0, 100, -1, 1.5, "6", null, 1e300]) {
    assert.equal(refused(cost), "servers.0.cost: a cost is a whole number from 1 to 99");
  }
});

test("[IN9][CS3] enrolment, renewal and anchors are asked for in the same order", () => {
  const servers = [aServer("A"), aServer("B", 7), aServer("C", 6), aServer("D", 1)];
  const names = ["D", "A", "C", "B"];
  assert.deepEqual(
    inOrderUnseen(servers).map(({ name }) => name),
    names,
  );
  assert.deepEqual(
    placesOf(servers).map(({ name }) => name),
    names,
  );
});
