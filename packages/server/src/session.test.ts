import assert from "node:assert/strict";
import { test } from "node:test";
import { assert as holds, property, string } from "fast-check";
import { Secret } from "@gridward/core/base/secret";
import { freshSystemKey } from "@gridward/runtime/os/seal";
import { aDesk, serverActor } from "./desk/a-desk.ts";
import { createSessions, mustChangeLifetime, sessionLifetime } from "./session.ts";
import type { AccountRow } from "@gridward/core/domain/types";

function adminOf(desk: ReturnType<typeof aDesk>): AccountRow {
  const account = desk.front.state().tables.accounts.first();
  assert.ok(account);
  return account;
}

test("[SES1] a session is valid wherever the system key is, and nowhere else", () => {
  const desk = aDesk();
  const { token } = desk.sessions.issue(adminOf(desk), false);
  const { state, now } = desk.front;
  const partner = createSessions({ key: desk.systemKey, state, now });
  assert.equal(partner.check(token, null).ok, true);
  const stranger = createSessions({ key: () => freshSystemKey(), state, now });
  assert.equal(stranger.check(token, null).ok, false);
  const blank = createSessions({ key: () => null, state, now });
  assert.equal(blank.check(token, null).ok, false);
});

test("[SES1] a session that was checked under one system key is not valid under another", () => {
  const desk = aDesk();
  const { token } = desk.sessions.issue(adminOf(desk), false);
  let key = desk.systemKey();
  const sessions = createSessions({ ...desk.front, key: () => key });
  assert.equal(sessions.check(token, null).ok, true);
  key = freshSystemKey();
  assert.equal(sessions.check(token, null).ok, false);
});

test("[SES2] a session ends with its time", () => {
  const desk = aDesk();
  const long = desk.sessions.issue(adminOf(desk), false);
  const short = desk.sessions.issue(adminOf(desk), true);
  assert.equal(desk.sessions.check(short.token, null).ok, true);
  desk.pass(mustChangeLifetime);
  assert.equal(desk.sessions.check(short.token, null).ok, false);
  assert.equal(desk.sessions.check(long.token, null).ok, true);
  desk.pass(sessionLifetime - mustChangeLifetime);
  assert.equal(desk.sessions.check(long.token, null).ok, false);
});

test("[SES2] a session ends with a lock of its account and by an entry of its own", () => {
  const desk = aDesk();
  const account = adminOf(desk);
  const { token, session } = desk.sessions.issue(account, false);
  assert.equal(desk.sessions.check(token, null).ok, true);
  desk.order(serverActor, {
    kind: "end-session",
    id: session.id,
    expiresAt: session.expiresAt,
  });
  assert.equal(desk.sessions.check(token, null).ok, false);
  const other = desk.sessions.issue(account, false);
  const until = desk.front.now() + 60_000;
  desk.order(serverActor, { kind: "lock-account", id: account.id, until });
  assert.equal(desk.sessions.check(other.token, null).ok, false);
  desk.pass(60_000);
  assert.equal(desk.sessions.check(other.token, null).ok, true);
});

test("[SES3] no text but the token itself gives a session, and none makes the check throw", () => {
  const desk = aDesk();
  const issued = desk.sessions.issue(adminOf(desk), false);
  assert.equal(desk.sessions.check(issued.token, null).ok, true);
  const token = issued.token.reveal();
  holds(
    property(string({ unit: "binary" }), (text) => {
      assert.equal(desk.sessions.check(new Secret(text), null).ok, false);
      assert.equal(desk.sessions.check(new Secret(`gws1.${text}.${text}`), null).ok, false);
    }),
  );
  for (let index = 0; index < token.length; index++) {
    const other = token[index] === "A" ? "Q" : "A";
    const changed = token.slice(0, index) + other + token.slice(index + 1);
    assert.equal(desk.sessions.check(new Secret(changed), null).ok, false, `at ${index}`);
  }
  // Its last letter has two bits that no decoder looks at: the letter beside it means the same bytes.
  const alike = String.fromCharCode(token.charCodeAt(token.length - 1) + 1);
  assert.equal(desk.sessions.check(new Secret(token.slice(0, -1) + alike), null).ok, false);
});
