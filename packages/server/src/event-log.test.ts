import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { accountId, deviceId } from "@gridward/core/base/identity";
import { minute } from "@gridward/core/base/time";
import { aServer, aStation, createAccount } from "@gridward/core/domain/fixtures";
import { serverA, serverB } from "@gridward/core/domain/pair/fixtures";
import { emptyState, type DirectoryState } from "@gridward/core/domain/state";
import { anEntry } from "@gridward/runtime/journal/fixtures";
import { SecurityEventStore } from "@gridward/runtime/observe/security-events";
import { runSoon } from "@gridward/runtime/os/clock";
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

function aLog(
  t: TestContext,
  later: (() => void)[] = [],
  state: () => DirectoryState = () => emptyState,
): EventLog {
  const store = new SecurityEventStore(join(aDirectory(t), "events.db"), 0);
  t.after(() => store.close());
  return new EventLog(store, {
    server: "A",
    now: () => 1,
    soon: (work) => void later.push(work),
    state,
  });
}

function rowsOf(log: EventLog): readonly (readonly unknown[])[] {
  const look = { filter: {}, order: "newest", cursor: undefined, limit: 10, actor } as const;
  return log.reader
    .list(look)
    .rows.map(({ event, outcome, subject, detail }) => [event, outcome, subject, detail]);
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

test("[EL2] pages that follow and looking on are one look; another filter, person or time is one more", (t) => {
  let now = 1;
  const store = new SecurityEventStore(join(aDirectory(t), "events.db"), 0);
  t.after(() => store.close());
  const parts = { server: "A", now: () => now, soon: () => undefined, state: () => emptyState };
  const { reader } = new EventLog(store, parts);
  const look = { filter: {}, order: "oldest", cursor: 0, limit: 1, actor } as const;
  for (let page = 0; page < 50; page++) reader.list({ ...look, cursor: page });
  assert.equal(store.newest, 1);
  reader.list({ ...look, filter: { subject: "otto" } });
  reader.list({ ...look, actor: { ...actor, name: "berta" } });
  assert.equal(store.newest, 3);
  now += 10 * minute;
  reader.list(look);
  assert.deepEqual(
    store.after(0, 9).map(({ event, subject, detail }) => [event, subject, detail]),
    [
      [1370, "anna", ""],
      [1370, "anna", "subject=otto"],
      [1370, "berta", ""],
      [1370, "anna", ""],
    ],
  );
});

test("[EL2][EL10] a walk of the chain is an event, and a broken one of the highest severity", async (t) => {
  const path = join(aDirectory(t), "events.db");
  const store = new SecurityEventStore(path, 0);
  t.after(() => store.close());
  const soon = (work: () => void): void => runSoon(work);
  const log = new EventLog(store, { server: "A", now: () => 1, soon, state: () => emptyState });
  for (const state of ["lone", "main", "main", "main"]) log.onState(state, "");
  const [first, second] = await Promise.all([log.reader.verify(actor), log.reader.verify(actor)]);
  assert.deepEqual(first, { events: 4, newest: 4, fault: null });
  assert.equal(first, second);
  new DatabaseSync(path).exec("UPDATE events SET detail = 'blank' WHERE sequence = 2");
  const { fault } = await log.reader.verify(actor);
  assert.equal(fault?.sequence, 2);
  assert.deepEqual(rowsOf(log).slice(0, 2), [
    [20210, "done", "anna", "event 2: The event was altered after it was written."],
    [1370, "done", "anna", "the chain proves 4 events"],
  ]);
});

test("[EL9] what a device decided stands under its number, its name and its time", (t) => {
  const log = aLog(t);
  const by = { account: "otto", accessPoint: "panel", number: 3, at: 0 } as const;
  const device = deviceId("Q01");
  log.onDecision(device, { ...by, source: "replica", event: 1110, reason: "from the replica" }, 0);
  log.onDecision(device, { ...by, source: "device", event: 1460, reason: "no right" }, 2);
  log.onDecision(device, { ...by, source: "device", event: 3810, reason: "A: T06" }, 0);
  assert.deepEqual(rowsOf(log), [
    [3810, "done", "otto", "A: T06; report 3 at 1970-01-01T00:00:00.000Z, by device"],
    [
      1460,
      "refused",
      "otto",
      "no right; report 3 at 1970-01-01T00:00:00.000Z, by device, and 2 more since the last of these",
    ],
    [
      1110,
      "accepted",
      "otto",
      "from the replica; report 3 at 1970-01-01T00:00:00.000Z, by replica",
    ],
  ]);
});

test("[EL3][AM7] a fact is told by names, also of what it takes away", (t) => {
  const world = aStation();
  const id = accountId("7");
  world.must(createAccount("otto", { id }));
  const log = aLog(t, [], () => world.state);
  log.onState("main", "");
  world.must({ kind: "delete-account", id });
  log.onEntries([anEntry(undefined, { facts: [{ kind: "account-deleted", id }] })]);
  assert.deepEqual(rowsOf(log)[0], [2120, "done", "admin", "otto"]);
});

test("[EL3] of an entry those facts are events that the catalogue numbers", (t) => {
  const log = aLog(t);
  const facts = [{ kind: "state-digested", seq: 1, digest: "ab" } as const];
  log.onEntries([anEntry(undefined, { facts })]);
  assert.deepEqual(rowsOf(log), []);
  log.onEntries([anEntry(undefined)]);
  assert.deepEqual(rowsOf(log).slice(0, 1), [[1210, "done", "admin", ""]]);
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
  const parts = { server: "A", now: () => 1, soon: () => undefined, state: () => emptyState };
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
  const servers = emptyState.tables.servers
    .set(serverA, { ...aServer("A"), name: "alpha" })
    .set(serverB, { ...aServer("B"), name: "beta" });
  const log = aLog(t, [], () => ({ ...emptyState, tables: { ...emptyState.tables, servers } }));
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
