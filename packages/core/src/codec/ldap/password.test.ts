import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type Bytes, utf8 } from "../../base/bytes.ts";
import { Secret } from "../../base/secret.ts";
import { decodePasswordModify, encodePasswordModify } from "./password-modify.ts";
import {
  type PasswordPolicyAnswer,
  passwordPolicyControl,
  passwordPolicyOid,
  readPasswordPolicy,
} from "./password-policy.ts";

function hexOf(answer: PasswordPolicyAnswer): string {
  return Buffer.from(passwordPolicyControl(answer).value ?? []).toString("hex");
}

test("[LPP1][AM3] the answer to the password policy control is as OpenLDAP writes it", () => {
  assert.equal(hexOf({ secondsLeft: 3_600 }), "3006a00480020e10");
  assert.equal(hexOf({ error: "accountLocked" }), "3003810101");
  assert.equal(hexOf({ error: "changeAfterReset" }), "3003810102");
  assert.equal(hexOf({ graceLeft: 2 }), "3005a003810102");
  assert.equal(hexOf({}), "3000");
});

test("[LPP1] what is written is read again, and other bytes are refused or read without a throw", () => {
  const answers = [
    {},
    { secondsLeft: 1 },
    { graceLeft: 0 },
    { error: "passwordInHistory" },
  ] as const;
  for (const answer of answers) {
    assert.deepEqual(readPasswordPolicy(passwordPolicyControl(answer)), answer);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (value) => {
      readPasswordPolicy({ oid: passwordPolicyOid, isCritical: false, value });
      decodePasswordModify(value);
    }),
  );
});

test("[LPM1][FE1] RFC 3062: every part may be left out, in order, and nothing else is taken", () => {
  const text = (secret: Secret<Bytes> | null) =>
    secret && new TextDecoder().decode(secret.reveal());
  for (const identity of [null, "u:anna"]) {
    for (const current of [null, "old"]) {
      for (const chosen of [null, "new"]) {
        const asked = { identity, current: asSecret(current), chosen: asSecret(chosen) };
        const read = decodePasswordModify(encodePasswordModify(asked));
        assert.ok(read.ok);
        const { value } = read;
        assert.deepEqual(
          [value.identity, text(value.current), text(value.chosen)],
          [identity, current, chosen],
        );
      }
    }
  }
  assert.deepEqual(decodePasswordModify(null), {
    ok: true,
    value: { identity: null, current: null, chosen: null },
  });
  for (const hex of [
    "",
    "04",
    "300482018000",
    "3004810182",
    "3004810081 00".replace(" ", ""),
    "3003830101",
  ]) {
    assert.equal(decodePasswordModify(Buffer.from(hex, "hex")).ok, false, hex);
  }
});

function asSecret(text: string | null): Secret<Bytes> | null {
  return text === null ? null : new Secret<Bytes>(utf8(text));
}
