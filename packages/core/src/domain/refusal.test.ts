import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isRefusalCode,
  publicRefusal,
  refusals,
  type RefusalCode,
  type RefusalSpec,
} from "./refusal.ts";

const rows = Object.entries<RefusalSpec>(refusals);
const sentence = /^[A-Z`][^\n]*[^.\s]\.$/;

test("[RF1] every refusal has numbers in range, one sentence and one remedy", () => {
  const exits = new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  for (const [code, { http, ldap, exit, says, remedy }] of rows) {
    assert.match(code, /^[a-z]+(?:-[a-z]+)*\.[a-z]+(?:-[a-z]+)*$/, code);
    assert.ok(http >= 400 && http <= 599, code);
    assert.ok(ldap > 0 && ldap <= 80, code);
    assert.ok(exits.has(exit), code);
    assert.match(says, sentence, code);
    assert.match(remedy, sentence, code);
    assert.doesNotMatch(says, /\. [A-Z]/, `${code} says more than one sentence`);
  }
});

test("[RF1] exit codes agree with the HTTP status", () => {
  for (const [code, { http, exit }] of rows) {
    if (http === 404) assert.equal(exit, 5, code);
    if (exit === 9) assert.equal(http, 503, code);
  }
  assert.equal(refusals["pair.not-main"].exit, 9);
  assert.equal(refusals["account.unchanged"].exit, 6);
});

test("[RF2][AM10] what would tell a stranger of an account is for operators", () => {
  const revealing = [
    /^account\./,
    /^credential\.(?:unknown|code)/,
    /^group\./,
    /^device\.(?:not|ex)/,
  ];
  for (const [code, { tell }] of rows) {
    if (revealing.some((pattern) => pattern.test(code))) assert.equal(tell, "operator", code);
  }
  assert.deepEqual(
    rows.filter(([, { exit, tell }]) => exit === 3 && tell === "anyone").map(([code]) => code),
    [
      "credential.rejected",
      "credential.missing",
      "credential.session-ended",
      "password.expired",
      "password.must-change",
      "access.no-session",
      "device.replication-off",
      "device.no-replica",
      "device.replica-too-old",
      "enrolment.rejected",
      "client-certificate.required",
      "client-certificate.refused",
      "client-certificate.nobody",
      "client-certificate.none",
      "client-certificate.not-mapped",
      "invite.rejected",
    ],
  );
});

test("[RF3][AM10] a stranger hears the same of every refused sign-in", () => {
  const codes: readonly RefusalCode[] = [
    "credential.unknown-account",
    "account.locked",
    "account.disabled",
    "account.expired",
  ];
  for (const code of codes) {
    assert.deepEqual(publicRefusal({ code, detail: "anna" }), {
      code: "credential.rejected",
      detail: "",
    });
  }
  const rejected = { code: "credential.rejected", detail: "anna" } as const;
  assert.deepEqual(publicRefusal(rejected), { code: "credential.rejected", detail: "" });
  assert.equal(refusals["account.locked"].http, refusals["credential.rejected"].http);
  assert.equal(refusals["account.locked"].ldap, refusals["credential.rejected"].ldap);
});

test("[RF1] a word that is no code is none", () => {
  assert.equal(isRefusalCode("pair.not-main"), true);
  assert.equal(isRefusalCode("toString"), false);
});
