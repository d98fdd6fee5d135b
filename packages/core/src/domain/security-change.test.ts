import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  compareSecurity,
  defaultSecurity,
  differenceText,
  pinsOf,
  securityKey,
  securityNames,
  securitySpecs,
  weakenedBy,
} from "../base/security-settings.ts";
import { readSecurityChange } from "./security-change.ts";

test("[SEC1][CS1][CS2] a setting is typed with hyphens, a switch as true, on or yes", () => {
  assert.deepEqual(readSecurityChange({ "validate-partner": "off", "tls-min": "1.3" }), {
    ok: true,
    value: { validate_partner: false, tls_min: "1.3" },
  });
  assert.deepEqual(readSecurityChange({ temporary: "yes", "client-certificate": "disabled" }), {
    ok: true,
    value: { temporary: true, client_certificate: "disabled" },
  });
});

test("[SEC1][CS1] what is no key or no value of it is refused by name, and nothing is taken", () => {
  for (const [typed, code, detail] of [
    [{ "validate-partners": "off" }, "security.unknown-key", /nearest: validate-partner\)/],
    [{ validate_partner: "off" }, "security.unknown-key", /nearest: validate-partner\)/],
    [{ "tls-min": "1.1" }, "security.bad-value", /^tls-min: 1\.2 or 1\.3$/],
    [{ "tls-min": "on" }, "security.bad-value", /^tls-min/],
    [{ temporary: "perhaps" }, "security.bad-value", /^temporary: false or true$/],
    [{ temporary: "true", nothing: "1" }, "security.unknown-key", /^nothing/],
  ] as const) {
    const refused = readSecurityChange(typed);
    assert.ok(!refused.ok && refused.error.code === code);
    assert.match(refused.error.detail, detail);
  }
});

test("[SEC1][CS2] pins and a named certificate are kept in one form, whatever tool printed them", () => {
  const fingerprint = "0a".repeat(32);
  const printed = Array.from({ length: 32 }, () => "0A").join(":");
  for (const [key, typed, kept] of [
    ["partner-pin", `${printed}, ${fingerprint}`, `${fingerprint},${fingerprint}`],
    ["partner-pin", "none", "none"],
    ["client-certificate", printed, fingerprint],
    ["client-certificate", "CN=A, O=B + CN=Ours", "CN=A, O=B+CN=Ours"],
  ] as const) {
    const read = readSecurityChange({ [key]: typed });
    assert.deepEqual(read, { ok: true, value: { [key.replace("-", "_")]: kept } });
    assert.deepEqual(readSecurityChange({ [key]: kept }), read);
  }
  for (const [key, typed] of [
    ["partner-pin", fingerprint.slice(1)],
    ["partner-pin", ""],
    ["partner-pin", Array.from({ length: 4 }, () => fingerprint).join(",")],
    ["client-certificate", "CN=A"],
    ["client-certificate", "CN=A+CN=B+CN=C"],
    ["client-certificate", "CN=A\nO=B+CN=C"],
    ["client-certificate", "true"],
  ] as const) {
    const refused = readSecurityChange({ [key]: typed });
    assert.ok(!refused.ok && refused.error.code === "security.bad-value", typed);
    assert.match(refused.error.detail, /FINGERPRINT/);
  }
  assert.deepEqual(pinsOf(defaultSecurity), []);
  assert.deepEqual(pinsOf({ ...defaultSecurity, partner_pin: "a,b" }), ["a", "b"]);
});

test("[SEC1] no text makes the reader throw", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string()), (typed) => {
      const read = readSecurityChange(typed);
      return read.ok === (Object.keys(typed).length === 0) || !read.ok;
    }),
  );
});

test("[SEC2][CS1] each setting weaker than its default raises an alarm with a remedy, no other does", () => {
  assert.deepEqual(weakenedBy(defaultSecurity), []);
  for (const name of securityNames) {
    const { choices, alarm } = securitySpecs[name];
    for (const value of choices.slice(1)) {
      const settings = { ...defaultSecurity, [name]: value };
      const isWeaker = alarm !== null && (alarm.at === undefined || alarm.at === value);
      assert.deepEqual(weakenedBy(settings), isWeaker ? [name] : []);
    }
    if (alarm !== null) assert.match(alarm.remedy, new RegExp(`${securityKey(name)}=`));
  }
});

test("[SEC3] what differs is told before and after, in the words that are typed", () => {
  const after = { ...defaultSecurity, temporary: true, tls_min: "1.3" } as const;
  const differences = compareSecurity(defaultSecurity, after);
  assert.equal(differenceText(differences), "temporary false -> true, tls-min 1.2 -> 1.3");
  assert.deepEqual(compareSecurity(after, after), []);
});
