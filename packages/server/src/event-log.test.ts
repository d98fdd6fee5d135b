import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { accountId, deviceId } from "@gridward/core/base/identity";
import { serverA, serverB } from "@gridward/core/domain/pair/fixtures";
import { anEntry } from "@gridward/runtime/journal/fixtures";
import { SecurityEventStore } from "@gridward/runtime/observe/security-events";
import { removePath } from "@gridward/runtime/os/files";
import { EventLog } from "./event-log.ts";

const actor = {
  kind: "account",
  id: "1",
  name: "anna",
  door: "https",
  source: "192.0.2.1",
} as const;

function aDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "gridward-events-"));
  t.after(() => removePath(directory));
  return directory;
}

function aLog(t: TestContext, later: (() => void)[] = []): EventLog {
  const store = new SecurityEventStore(join(aDirectory(t), "events.db"), 0);
  t.after(() => store.close());
  return new EventLog(store, {
    server: "A",
    servers: () => [],
    now: () => 1,
    soon: (work) => void later.push(work),
  });
}

function rowsOf(log: EventLog): readonly (readonly unknown[])[] {
  const listed = log.list({ search: undefined, limit: 10, cursor: undefined, actor });
  assert.ok(listed.ok);
  return listed.value.rows.map(({ event, outcome, subject, detail }) => [
    event,
    outcome,
    subject,
    detail,
  ]);
}

test("[EL1][HS19] who ordered what of the pair, and why, is an event, refused or not", (t) => {
  const log = aLog(t);
  log.onPairOrder({ actor, order: "promote, because: fire", refusal: null });
  const refusal = { code: "pair.main-answers", detail: "" } as const;
  log.onPairOrder({ actor, order: "promote", refusal });
  assert.deepEqual(rowsOf(log), [
    [20050, "refused", "anna", "promote: pair.main-answers"],
    [20050, "done", "anna", "promote, because: fire"],
  ]);
});

test("[EL5][CS8] who set what of Connection Security, before and after, is an event", (t) => {
  const log = aLog(t);
  const change = "temporary false -> true";
  log.onSecurity({ actor, change, refusal: null });
  log.onSecurity({ actor, change, refusal: { code: "disk.full", detail: "" } });
  log.onSecurity({ actor: null, change: "taken back: temporary true -> false", refusal: null });
  assert.deepEqual(rowsOf(log), [
    [20080, "done", "A", "taken back: temporary true -> false"],
    [20080, "refused", "anna", `${change}: disk.full`],
    [20080, "done", "anna", change],
  ]);
});

test("[EL2] a look at the events is an event itself", (t) => {
  const log = aLog(t);
  rowsOf(log);
  assert.deepEqual(rowsOf(log), [[1370, "done", "anna", ""]]);
});

test("[EL3] of an entry those facts are events that the catalogue numbers", (t) => {
  const log = aLog(t);
  log.onEntries([anEntry(undefined)]);
  assert.deepEqual(rowsOf(log), []);
});

test("[EL4] the events of changes are kept a turn later, as one, and before any other", (t) => {
  const later: (() => void)[] = [];
  const log = aLog(t, later);
  for (const id of ["otto", "rita"]) {
    log.onEntries([
      anEntry(undefined, { facts: [{ kind: "account-deleted", id: accountId(id) }] }),
    ]);
  }
  assert.equal(later.length, 1);
  log.onState("main", "");
  for (const work of later) work();
  assert.deepEqual(
    rowsOf(log).map(([, , , detail]) => detail),
    ["main", "rita", "otto"],
  );
});

test("[EL4] nothing that waits to be kept is lost by an orderly end", (t) => {
  const path = join(aDirectory(t), "events.db");
  const parts = { server: "A", servers: () => [], now: () => 1, soon: () => undefined };
  const log = new EventLog(new SecurityEventStore(path, 0), parts);
  log.onEntries([anEntry(undefined, { facts: [{ kind: "account-deleted", id: accountId("1") }] })]);
  log.close();
  const again = new SecurityEventStore(path, 0);
  assert.equal(again.list({ search: undefined, before: undefined, limit: 10 }).total, 1);
  again.close();
});

test("[EL3][HS17] what a Standby passed on names it beside who asked", (t) => {
  const log = aLog(t);
  const facts = [{ kind: "account-deleted", id: accountId("otto") } as const];
  log.onEntries([anEntry(undefined, { facts, actor: { ...actor, via: "B" } })]);
  assert.deepEqual(rowsOf(log), [[2120, "done", "anna", "otto, via B"]]);
});

test("[EL3][PK8] that a certificate of a device was replaced for good is told with both serial numbers", (t) => {
  const log = aLog(t);
  const id = deviceId("Q01");
  const facts = [{ kind: "device-renewal-confirmed", id, of: "0a", serial: "0b" } as const];
  log.onEntries([anEntry(undefined, { facts })]);
  assert.deepEqual(
    rowsOf(log).map(([event, , , detail]) => [event, detail]),
    [[20090, "serial number 0a replaced: the device Q01 was seen with 0b"]],
  );
});

test("[EL6][CS6][CS7][CS13] a refused client, a certificate and clear text show in the events", (t) => {
  const log = aLog(t);
  const refusal = { code: "client-certificate.required", detail: "T09" } as const;
  const client = { door: "ldap", source: "192.0.2.7", refusal, client: null } as const;
  log.onClientRefused({ ...client, facts: "T09: the client presents none" }, 3);
  const certificate = { fingerprint: "ab", names: [] };
  const question = { door: "ldap", name: "anna", source: "192.0.2.7" } as const;
  const accepted = { event: 1110, at: 1, account: null, fresh: true, reason: null } as const;
  const attempt = { ...question, password: null };
  log.onSignIn({ ...accepted, question: { ...question, certificate } }, attempt);
  log.onSignIn({ ...accepted, question: { ...question, isClear: true } }, attempt);
  assert.deepEqual(rowsOf(log), [
    [1110, "accepted", "anna", "ok, in clear text"],
    [1110, "accepted", "anna", "ok, by certificate ab"],
    [
      20110,
      "refused",
      "",
      "client-certificate.required: T09: the client presents none, and 3 more since the last of these",
    ],
  ]);
});

test("[EL3][HS19] what all servers know of their pair is told on each, by name", (t) => {
  const directory = aDirectory(t);
  const store = new SecurityEventStore(join(directory, "events.db"), 0);
  t.after(() => store.close());
  const servers = () => [
    { id: serverA, name: "alpha" },
    { id: serverB, name: "beta" },
  ];
  const log = new EventLog(store, { server: "A", servers, now: () => 1, soon: (work) => work() });
  const ackSet = [serverA, serverB];
  const term = { term: 7, owner: serverB, by: "takeover", since: 0, mode: "witness" } as const;
  log.onEntries([
    anEntry(undefined, {
      facts: [
        { kind: "term-started", pair: { ...term, ackSet, unprotected: null } },
        {
          kind: "ack-set-changed",
          ackSet: [serverB],
          unprotected: { since: 0, reason: `${serverA} did not answer for 4 s` },
        },
        { kind: "ack-set-changed", ackSet, unprotected: null },
        { kind: "mode-changed", mode: "pair" },
        { kind: "witness-removed" },
        { kind: "server-removed", id: serverA, by: "anna" },
        { kind: "set-aside-judged", id: "1-9", verdict: "rejected", by: "anna", reason: "old" },
      ],
    }),
  ]);
  assert.deepEqual(
    rowsOf(log).map(([event, , , detail]) => `${String(event)} ${String(detail)}`),
    [
      "20130 set-aside change 1-9 rejected by anna: old",
      "20130 server alpha removed by anna",
      "20130 witness removed",
      "20130 mode pair",
      "20130 ack set alpha, beta",
      "20130 ack set beta; one copy since 1970-01-01T00:00:00.000Z: alpha did not answer for 4 s",
      "20130 term 7 of beta by takeover; ack set alpha, beta; mode witness",
    ],
  );
});

test("[EL8][AM3][EV1] a new password that is not taken is told with the number of the rule", (t) => {
  const log = aLog(t);
  for (const code of [
    "password.too-short",
    "password.common",
    "password.too-young",
    "password.expired",
    "credential.rejected",
  ] as const) {
    log.onPasswordRefused({ actor, account: "otto", refusal: { code, detail: "not shown" } });
  }
  assert.deepEqual(rowsOf(log).toReversed(), [
    [2233, "refused", "anna", "otto: password.too-short"],
    [2235, "refused", "anna", "otto: password.common"],
    [2235, "refused", "anna", "otto: password.too-young"],
    [2220, "refused", "anna", "otto: password.expired"],
    [2220, "refused", "anna", "otto: credential.rejected"],
  ]);
});
