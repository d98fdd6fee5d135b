import assert from "node:assert/strict";
import { test } from "node:test";
import { hour, minute } from "@gridward/core/base/time";
import { Sessions } from "./sessions.ts";

const anna = { id: "1", name: "anna", displayName: "Anna" };
const content = {
  account: anna,
  roles: [],
  mustChange: false,
  source: "main",
  accessPoint: "panel",
} as const;

test("[DA6][PN5] a session ends after the display time-out without use; to look at it is no use", () => {
  const sessions = new Sessions(10);
  sessions.open(content, 0);
  assert.ok(sessions.find("anna", 10 * minute - 1));
  assert.equal(sessions.find("anna", 10 * minute), undefined);
  assert.ok(sessions.use("anna", 9 * minute));
  assert.ok(sessions.find("anna", 19 * minute - 1));
  assert.equal(sessions.use("anna", 19 * minute), undefined);
});

test("[DA6][PN5] another display time-out holds from the next use on, and none is longer than twelve hours", () => {
  const sessions = new Sessions(10);
  sessions.open(content, 0);
  sessions.setDisplayTimeout(60);
  assert.equal(sessions.find("anna", 10 * minute), undefined);
  assert.equal(sessions.use("anna", minute)?.expiresAt, 61 * minute);
  for (let at = hour; at < 12 * hour; at += hour / 2) sessions.use("anna", at);
  assert.equal(sessions.find("anna", 12 * hour), undefined);
});
