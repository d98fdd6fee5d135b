import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { defaultSecurity } from "../base/security-settings.ts";
import { decodeServerConfig } from "./server-config.ts";

const sound = { name: "A", listen: "127.0.0.1", address: "a.example.org" };

test("[SC1] a configuration without ports has the standard ones", () => {
  assert.deepEqual(decodeServerConfig(sound), {
    ok: true,
    value: {
      ...sound,
      ports: { https: 8443, link: 5480, ldaps: 636, ldap: 0 },
      pair: { first_pass_rate: 0, suspect_after_ms: 6_000, slow_after_ms: 2_000 },
      backup: { every: null, keep: 14, directory: "backups" },
      security: defaultSecurity,
    },
  });
  const some = decodeServerConfig({ ...sound, ports: { ldaps: 0 } });
  assert.deepEqual(some.ok && some.value.ports, { https: 8443, link: 5480, ldaps: 0, ldap: 0 });
});

test("[SC2] an unknown key is refused with its name and the nearest one", () => {
  for (const [extra, detail] of [
    [{ adress: "x" }, "adress (nearest: address)"],
    [{ ports: { htps: 1 } }, "ports.htps (nearest: ports.https)"],
    [{ link: 1 }, "link (nearest: ports.link)"],
    [{ security: { tls_mim: "1.3" } }, "security.tls_mim (nearest: security.tls_min)"],
  ] as const) {
    assert.deepEqual(decodeServerConfig({ ...sound, ...extra }), {
      ok: false,
      error: { code: "config.unknown-key", detail },
    });
  }
});

test("[SC3] a bad value is refused with its place", () => {
  for (const [value, place] of [
    [{ ...sound, ports: { link: 65_536 } }, "ports.link: "],
    [{ ...sound, ports: { link: "5480" } }, "ports.link: is no port"],
    [{ ...sound, name: "-" }, "name: is no name"],
    [{ ...sound, listen: "a b" }, "listen: is no host"],
    [{ ...sound, backup: { every: "1 day" } }, "backup.every: is no time such as"],
    [{ ...sound, backup: { keep: 0 } }, "backup.keep: "],
    [{ ...sound, security: { temporary: "yes" } }, "security.temporary: is neither false nor true"],
    [{ ...sound, security: { tls_min: 1.3 } }, 'security.tls_min: is neither "1.2" nor "1.3"'],
    [{ name: "A", listen: "::" }, "address: "],
    [null, ": "],
  ] as const) {
    const refused = decodeServerConfig(value);
    assert.ok(!refused.ok && refused.error.code === "config.bad-value");
    assert.ok(refused.error.detail.startsWith(place), refused.error.detail);
  }
});

test("[SC4][HS12] a schedule of backups is read in minutes, hours and days", () => {
  for (const [every, ms] of [
    ["30m", 1_800_000],
    ["24h", 86_400_000],
    ["7d", 604_800_000],
  ] as const) {
    const read = decodeServerConfig({ ...sound, backup: { every, keep: 3, directory: "/mnt" } });
    assert.deepEqual(read.ok && read.value.backup, { every: ms, keep: 3, directory: "/mnt" });
  }
});

test("[SC5][CS1][CS2] what is not said of Connection Security is safe, and what is said holds", () => {
  const said = decodeServerConfig({ ...sound, security: { temporary: true, tls_min: "1.3" } });
  assert.deepEqual(said.ok && said.value.security, {
    ...defaultSecurity,
    temporary: true,
    tls_min: "1.3",
  });
});

test("[SC3] no value makes the decoder throw", () => {
  fc.assert(fc.property(fc.anything(), (value) => !decodeServerConfig(value).ok));
});
