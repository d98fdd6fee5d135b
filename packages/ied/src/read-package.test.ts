import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { DevicePackage } from "@gridward/core/api/device-package";
import { day, rfc3339 } from "@gridward/core/base/time";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { readPackage } from "./read-package.ts";

const now = Date.UTC(2026, 5, 1);
const authority = testAuthority("Ours", now - day);
const directory = mkdtempSync(join(tmpdir(), "gridward-package-"));
after(() => rmSync(directory, { recursive: true }));

const sound: DevicePackage = {
  kind: "gridward-device-package",
  version: 1,
  system: {
    id: "01ARZ3NDEKTSV4RRFFQ69G5FSY",
    base: "dc=example,dc=org",
    site: "Hill",
    certificate: authority.certificate.toString(),
  },
  servers: [
    {
      name: "A",
      addresses: ["127.0.0.1"],
      ports: { https: 8443, link: 5480, ldaps: 636 },
      pairing_fingerprint: "0".repeat(64),
    },
  ],
  device: { id: "01ARZ3NDEKTSV4RRFFQ69G5FDX", name: "Q01", group: { id: "g", name: "bay1" } },
  enrolment: { code: "0123456789ABCDEFGHJK", expires_at: rfc3339(now + day) },
};

function read(text: string): string {
  const path = join(directory, "package");
  writeFileSync(path, text);
  const result = readPackage(path, now);
  return result.ok ? "ok" : `${result.error.code}: ${result.error.detail}`;
}

test("[IN1][PK3] a sound package is read", () => {
  assert.equal(read(JSON.stringify(sound)), "ok");
});

test("[IN1][PK3] any cut of a package is refused with one sentence", () => {
  const text = JSON.stringify(sound);
  for (let length = 0; length < text.length; length += 97) {
    assert.match(read(text.slice(0, length)), /^device.package-damaged: it is cut off/);
  }
});

test("[IN1][PK3] a package that was changed is refused and says where", () => {
  const leaf = authority.issue({ profile: "device" }).certificate.toString();
  const rows: readonly (readonly [unknown, RegExp])[] = [
    [{ ...sound, more: 1 }, /^device.package-damaged/],
    [{ ...sound, version: 2 }, /^device.package-damaged: version/],
    [{ ...sound, servers: [] }, /^device.package-damaged: servers/],
    [{ ...sound, system: { ...sound.system, certificate: leaf } }, /system.certificate/],
    [{ ...sound, system: { ...sound.system, certificate: "x" } }, /system.certificate/],
    [
      { ...sound, enrolment: { ...sound.enrolment, expires_at: rfc3339(now) } },
      /^enrolment.expired/,
    ],
  ];
  for (const [content, expected] of rows) assert.match(read(JSON.stringify(content)), expected);
});

test("[IN1] a package larger than any of ours is not read", () => {
  assert.match(read(" ".repeat(300_000)), /too large/);
});
