import assert from "node:assert/strict";
import { test } from "node:test";
import { sealed } from "@gridward/core/base/identity";
import { day, rfc3339 } from "@gridward/core/base/time";
import { crlLife } from "@gridward/core/domain/revocation";
import { emptyState } from "@gridward/core/domain/state";
import { listAlarms } from "./list-alarm.ts";

test("[CA13][PK5] a list that was not renewed for two days raises an alarm until it ends", () => {
  const made = Date.UTC(2027, 0, 1);
  const about = { authority: "issuing", number: 1, revoked: 0, encoded: "" };
  const responder = { certificate: "", key: sealed("") };
  const row = { ...about, thisUpdate: made, nextUpdate: made + crlLife, responder };
  const { tables } = emptyState;
  const state = { ...emptyState, tables: { ...tables, crls: tables.crls.set("issuing", row) } };
  assert.deepEqual(listAlarms(emptyState, made), []);
  assert.deepEqual(listAlarms(state, made + 2 * day - 1), []);
  const [old, ...none] = listAlarms(state, made + 2 * day);
  assert.deepEqual(none, []);
  assert.equal(old?.code, "certificate.list-old");
  assert.match(old.text, /ends in 5 days/);
  assert.equal(old.since, rfc3339(made + 2 * day));
  assert.equal(listAlarms(state, made + crlLife).length, 1);
  assert.deepEqual(listAlarms(state, made + crlLife + 1), []);
});
