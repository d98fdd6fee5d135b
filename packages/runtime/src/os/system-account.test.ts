import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { userInfo } from "node:os";
import { test } from "node:test";
import { accountText } from "./system-account.ts";

const program = `
  const { accountText, systemAccount } = await import(${JSON.stringify(import.meta.resolve("./system-account.ts"))});
  console.log(accountText(systemAccount()));`;

function saidUnder(environment: Readonly<Record<string, string>>): string {
  const { SUDO_UID: _, ...own } = process.env;
  const env = { ...own, ...environment };
  const ended = spawnSync(process.execPath, ["--input-type=module", "-e", program], { env });
  return ended.stdout.toString().trim();
}

test("[OS19][HS12] whatever the environment says, it is the account that the kernel knows", () => {
  const { username, uid } = userInfo();
  const own = `operating-system account ${username} (uid ${uid})`;
  assert.equal(saidUnder({ USER: "anna", LOGNAME: "anna", SUDO_USER: "anna", SUDO_UID: "" }), own);
});

test("[OS19] who became root through sudo is named as what the environment says", () => {
  const root = { name: "root", uid: 0 };
  assert.equal(
    accountText({ ...root, sudoUid: "1000" }),
    "operating-system account root (uid 0), through sudo for uid 1000 (SUDO_UID)",
  );
  for (const sudoUid of [undefined, "", "anna", "1000\n", "-1", "1".repeat(11)]) {
    assert.equal(accountText({ ...root, sudoUid }), "operating-system account root (uid 0)");
  }
  const forged = accountText({ name: "eva", uid: 1001, sudoUid: "1000" });
  assert.equal(forged, "operating-system account eva (uid 1001)");
});

test("[OS19] an account without a name, and one without a number, are still told", () => {
  const none = { name: undefined, uid: undefined, sudoUid: undefined };
  assert.equal(accountText({ ...none, uid: 4711 }), "operating-system account uid 4711");
  assert.equal(accountText({ ...none, name: "anna" }), "operating-system account anna");
  assert.equal(accountText({ ...none, name: "a".repeat(500) }).length, 125);
});
