import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bytes, utf8 } from "@gridward/core/base/bytes";
import { Secret } from "@gridward/core/base/secret";
import { day, hour } from "@gridward/core/base/time";
import { encodePasswordModify, passwordModifyOid } from "@gridward/core/codec/ldap/password-modify";
import { passwordPolicyOid, readPasswordPolicy } from "@gridward/core/codec/ldap/password-policy";
import { aNewPassword, anActor, aStation, noon } from "@gridward/core/domain/fixtures";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { OwnChange } from "../../desk/change-own-password.ts";
import { aBind, anna, annaDn, anything, aSearch, base, rootDse, Talk, whoAmI } from "./fixtures.ts";

const control = { oid: passwordPolicyOid, isCritical: true, value: null };

/** A conversation that changes passwords, and what was asked of it. */
function aTalk(refusal: Refusal | null = null, isClear = false) {
  const asked: OwnChange[] = [];
  const world = aStation();
  const clear = { isAllowed: () => true, noteSignIn: () => {}, startTls: () => {} };
  const talk = new Talk(world, isClear ? clear : null, async (change) => {
    asked.push(change);
    if (refusal !== null) return refusal;
    const password = aNewPassword("changed");
    world.must({ kind: "change-password", id: anna, password }, { actor: anActor("anna") });
    return null;
  });
  const told = () => {
    const [first] = talk.controls;
    return first === undefined ? undefined : readPasswordPolicy(first);
  };
  return { talk, world, asked, told };
}

function modify(current: string | null, chosen: string | null, identity: string | null = null) {
  const secret = (text: string | null) => (text === null ? null : new Secret<Bytes>(utf8(text)));
  const value = encodePasswordModify({
    identity,
    current: secret(current),
    chosen: secret(chosen),
  });
  return { kind: "extended", oid: passwordModifyOid, value } as const;
}

test("[LDS25][AM3][FE1] who asks is told when the password ends, or how many sign-ins are left", async () => {
  const { talk, told } = aTalk();
  const bind = async () => (await talk.ask(aBind(annaDn, "right"), [control])).code;
  assert.deepEqual([await bind(), told()], ["success", {}]);
  talk.told = { expiresAt: noon + 3 * day + 500, warns: true };
  assert.deepEqual([await bind(), told()], ["success", { secondsLeft: 3 * 86_400 }]);
  talk.told = { expiresAt: noon - hour, warns: true, graceLeft: 2, mustChange: true };
  assert.deepEqual([await bind(), told()], ["success", { graceLeft: 2 }]);
  await talk.ask(aBind(annaDn, "wrong"), [control]);
  assert.deepEqual(told(), {});
  talk.told = {};
  await talk.ask(aBind(annaDn, "right"));
  assert.deepEqual(talk.controls, []);
});

test("[LDS26][AM3] who must change the password may do nothing else, until it is changed", async () => {
  const { talk, world, told, asked } = aTalk();
  const password = aNewPassword("set");
  world.must({ kind: "set-password", id: anna, password, mustChange: true });
  assert.equal((await talk.ask(aBind(annaDn, "right"))).code, "invalidCredentials");
  assert.equal((await talk.ask(aBind(annaDn, "right"), [control])).code, "success");
  assert.deepEqual(told(), { error: "changeAfterReset" });
  for (const request of [aSearch(anything, { base }), whoAmI]) {
    assert.equal((await talk.ask(request)).code, "insufficientAccessRights");
  }
  assert.equal((await talk.ask(modify("right", "new"), [control])).code, "success");
  assert.deepEqual(told(), {});
  assert.equal((await talk.ask(whoAmI)).value, `dn:${annaDn}`);
  const [change] = asked;
  assert.deepEqual(
    [change?.current?.reveal(), change?.chosen.reveal(), change?.actor.door, change?.account.id],
    ["right", "new", "ldap", anna],
  );
});

test("[LDS27][FE1] a password is changed by its owner, with the present one, within TLS", async () => {
  const { talk, asked, told } = aTalk();
  assert.equal((await talk.ask(modify("right", "new"))).code, "insufficientAccessRights");
  await talk.signIn("anna");
  const cases = [
    [modify(null, "new"), "insufficientAccessRights"],
    [modify("right", null), "unwillingToPerform"],
    [modify("right", "new", `uid=admin,ou=people,${base}`), "insufficientAccessRights"],
    [{ ...modify("right", "new"), value: Uint8Array.of(4, 0) }, "protocolError"],
  ] as const;
  for (const [request, code] of cases) assert.equal((await talk.ask(request)).code, code);
  assert.equal((await talk.ask(modify(null, "new"), [control])).code, "insufficientAccessRights");
  assert.deepEqual(told(), { error: "mustSupplyOldPassword" });
  assert.equal(asked.length, 0);
  for (const identity of [annaDn, "u:anna", `dn:UID=Anna, ou=people,${base}`]) {
    assert.equal((await talk.ask(modify("right", "new", identity))).code, "success", identity);
  }
  const clear = aTalk(null, true);
  await clear.talk.signIn("anna");
  assert.equal((await clear.talk.ask(modify("right", "new"))).code, "confidentialityRequired");
});

test("[LDS27][AM3] a password that the policy does not take is refused with the rule", async () => {
  const cases = [
    ["password.too-short", "passwordTooShort"],
    ["password.too-young", "passwordTooYoung"],
    ["password.repeated", "passwordInHistory"],
    ["password.common", "insufficientPasswordQuality"],
    ["credential.rejected", undefined],
    ["pair.not-main", undefined],
  ] as const;
  for (const [code, error] of cases) {
    const { talk, told } = aTalk({ code, detail: "" });
    await talk.signIn("anna");
    const { code: result } = await talk.ask(modify("right", "new"), [control]);
    assert.notEqual(result, "success", code);
    assert.deepEqual(told(), error === undefined ? {} : { error }, code);
    assert.equal((await talk.ask(whoAmI)).value, `dn:${annaDn}`);
  }
});

test("[LDS2] what is offered is named, and where no password is changed the control is unknown", async () => {
  const { talk } = aTalk();
  const { entries } = await talk.ask(rootDse("supportedExtension", "supportedControl"));
  const { supportedExtension, supportedControl } = entries[0]?.attributes ?? {};
  assert.ok(supportedExtension?.includes(passwordModifyOid));
  assert.deepEqual(supportedControl, [passwordPolicyOid]);
  const without = new Talk();
  const refused = await without.ask(aBind(annaDn, "right"), [control]);
  assert.equal(refused.code, "unavailableCriticalExtension");
});
