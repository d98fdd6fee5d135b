import assert from "node:assert/strict";
import { existsSync, mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { gapEvent } from "@gridward/core/domain/security-event";
import { removePath } from "../os/files.ts";
import { runSoon } from "../os/clock.ts";
import type { SecurityEventContent } from "./kept-event.ts";
import { SecurityEventStore } from "./security-events.ts";

const noon = Date.UTC(2026, 5, 1, 12);

test("[ES1] events are numbered, chained, owner-only, and there after a restart", async (t) => {
  const path = aPath(t);
  const store = new SecurityEventStore(path, noon);
  assert.ok(store.append([anEvent(1), anEvent(2)]));
  assert.ok(store.append([anEvent(3)]));
  store.close();
  const again = new SecurityEventStore(path, noon);
  again.append([anEvent(4)]);
  const { events, total } = again.list({ limit: 10 });
  assert.equal(total, 4);
  assert.deepEqual(
    events.map(({ sequence, subject }) => [sequence, subject]),
    [4, 3, 2, 1].map((number) => [number, `anna ${number}`]),
  );
  assert.equal(events[0]?.prev, events[1]?.hash);
  assert.deepEqual(await again.verify(pause), { ok: true, value: 4 });
  assert.equal(statSync(path).mode & 0o777, 0o600);
  again.close();
});

test("[ES2] an altered, a removed and an exchanged event are found", async (t) => {
  const damages = [
    ["UPDATE events SET outcome = 'accepted' WHERE sequence = 3", 3, /altered/],
    ["DELETE FROM events WHERE sequence = 3", 4, /missing/],
    ["UPDATE events SET prev = hash WHERE sequence = 3", 3, /altered/],
    ["UPDATE events SET outcome = 'none' WHERE sequence = 5", 5, /not readable/],
    ["DELETE FROM events WHERE sequence < 3", 3, /before this one are missing/],
    ["DELETE FROM events WHERE sequence > 4", 5, /all after it are missing/],
    ["DELETE FROM events", 1, /all after it are missing/],
  ] as const;
  for (const [damage, sequence, says] of damages) {
    const path = aPath(t);
    const store = new SecurityEventStore(path, noon);
    for (let number = 1; number < 7; number++) store.append([anEvent(number)]);
    new DatabaseSync(path).exec(damage);
    const verdict = await store.verify(pause);
    assert.ok(!verdict.ok);
    assert.equal(verdict.error.sequence, sequence);
    assert.match(verdict.error.says, says);
    store.close();
  }
});

test("[ES3] only so many events are kept, and what is kept verifies", async (t) => {
  const path = aPath(t);
  const store = new SecurityEventStore(path, noon, { kept: 100 });
  for (let number = 1; number <= 256; number++) store.append([anEvent(number)]);
  assert.deepEqual(await store.verify(pause), { ok: true, value: 100 });
  assert.equal(store.list({ limit: 1 }).events[0]?.sequence, 256);
  store.close();
});

test("[ES4] without room nothing throws, and a gap event follows when there is some", async (t) => {
  const path = aPath(t);
  const store = new SecurityEventStore(path, noon);
  store.append([anEvent(1)]);
  // Another program that holds the file stands for every reason why nothing can be written.
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  assert.equal(store.append([anEvent(2), anEvent(3)]), false);
  assert.equal(store.append([anEvent(4)]), false);
  other.exec("ROLLBACK");
  other.close();
  assert.ok(store.append([anEvent(5)]));
  assert.ok(store.append([anEvent(6)]));
  const [, newest, gap] = store.list({ limit: 3 }).events;
  assert.equal(newest?.subject, "anna 5");
  assert.deepEqual(
    [gap?.sequence, gap?.event, gap?.outcome, gap?.detail],
    [2, gapEvent, "gap", "no room for 3 events since 2026-06-01T12:00:00.002Z"],
  );
  assert.deepEqual(await store.verify(pause), { ok: true, value: 4 });
  store.close();
});

test("[ES5] pages follow one another, and a search finds any text or the number", (t) => {
  const store = new SecurityEventStore(aPath(t), noon);
  for (let number = 1; number <= 25; number++) store.append([anEvent(number)]);
  store.append([{ ...anEvent(26), event: 1110, device: "Q01", detail: "" }]);
  const first = store.list({ limit: 10 });
  const second = store.list({ limit: 10, before: first.events.at(-1)?.sequence });
  assert.deepEqual([first.total, second.total], [26, 26]);
  assert.deepEqual(
    second.events.map(({ sequence }) => sequence),
    [16, 15, 14, 13, 12, 11, 10, 9, 8, 7],
  );
  assert.deepEqual(sequencesOf(store, "ANNA 12"), [12]);
  assert.deepEqual(sequencesOf(store, "q01"), [26]);
  assert.deepEqual(sequencesOf(store, "1110"), [26]);
  assert.deepEqual(sequencesOf(store, "' OR 1=1"), []);
  store.close();
});

test("[ES6] an unreadable file is kept aside and a new one says so", (t) => {
  const path = aPath(t);
  for (const round of [1, 2]) {
    writeFileSync(path, `not a database ${"x".repeat(5_000)}`);
    const store = new SecurityEventStore(path, noon);
    const [gap] = store.list({ limit: 9 }).events;
    assert.equal(gap?.outcome, "gap");
    assert.match(gap?.detail ?? "", /damaged/);
    store.close();
    assert.ok(existsSync(round === 1 ? `${path}.damaged` : `${path}.damaged-2`));
  }
});

test("[ES8] no text of a stranger breaks the chain or the line", async (t) => {
  const store = new SecurityEventStore(aPath(t), noon);
  const half = "\u{1F600}".slice(0, 1);
  const texts = [half, `a\u0000b`, "a\r\nb", "\u001B[2J", `${"x".repeat(255)}\u{1F600}`];
  for (const subject of texts) store.append([{ ...anEvent(1), subject }]);
  assert.deepEqual(await store.verify(pause), { ok: true, value: texts.length });
  for (const { subject } of store.list({ limit: 10 }).events) {
    assert.doesNotMatch(subject, /[\p{Cc}\p{Cs}]/u);
  }
  store.close();
});

test("[ES7] a name of a megabyte is kept as 256 characters", async (t) => {
  const store = new SecurityEventStore(aPath(t), noon);
  store.append([{ ...anEvent(1), subject: "x".repeat(1_000_000), detail: "y".repeat(9_999) }]);
  const [event] = store.list({ limit: 1 }).events;
  assert.deepEqual([event?.subject.length, event?.detail.length], [256, 512]);
  assert.ok((await store.verify(pause)).ok);
  store.close();
});

test("[ES9][AM7] a filter holds in all its parts, and nothing typed is SQL", (t) => {
  const store = new SecurityEventStore(aPath(t), noon);
  store.append([
    { ...anEvent(1), event: 1110, outcome: "accepted", subject: "Anna" },
    { ...anEvent(2), subject: "anna", device: "Q01" },
    { ...anEvent(3), event: 3810, outcome: "done", subject: "otto", device: "Q01" },
    { ...anEvent(4), event: 2110, outcome: "done", subject: "otto" },
  ]);
  const filters = [
    [{ subject: "ANNA" }, [2, 1]],
    [{ device: "q01" }, [3, 2]],
    [{ device: "q01", subject: "anna" }, [2]],
    [{ event: 1110 }, [1]],
    [{ outcome: "done" }, [4, 3]],
    [{ severity: "critical" }, [3]],
    [{ severity: "warning" }, [3, 2]],
    [{ severity: "informational" }, [4, 3, 2, 1]],
    [{ since: noon + 2, until: noon + 4 }, [3, 2]],
    [{ subject: "' OR TRUE --" }, []],
  ] as const;
  for (const [filter, wanted] of filters) {
    const { events, total } = store.list({ ...filter, limit: 10 });
    assert.deepEqual(
      events.map(({ sequence }) => sequence),
      wanted,
    );
    assert.equal(total, wanted.length);
    const upwards = store.after(0, 10, filter).map(({ sequence }) => sequence);
    assert.deepEqual(upwards, wanted.toReversed());
  }
  assert.deepEqual(
    store.after(2, 1).map(({ sequence }) => sequence),
    [3],
  );
  store.close();
});

test("[ES10] a walk of the chain lets others work, and events go on meanwhile", async (t) => {
  const store = new SecurityEventStore(aPath(t), noon);
  store.append(Array.from({ length: 1_200 }, (_, index) => anEvent(index)));
  let pauses = 0;
  const verdict = await store.verify(async () => {
    pauses++;
    store.append([anEvent(pauses)]);
    return pause();
  });
  assert.ok(verdict.ok);
  assert.deepEqual([verdict.value, pauses], [1_200, 3]);
  store.close();
});

/** As a server does between pieces. */
async function pause(): Promise<void> {
  return new Promise((resolve) => {
    runSoon(() => resolve());
  });
}

function sequencesOf(store: SecurityEventStore, search: string): readonly number[] {
  return store.list({ search, limit: 100 }).events.map(({ sequence }) => sequence);
}

function anEvent(number: number): SecurityEventContent {
  return {
    at: noon + number,
    event: 1130,
    outcome: "refused",
    subject: `anna ${number}`,
    door: "ldap",
    source: "192.0.2.1",
    device: null,
    detail: "wrong password",
  };
}

function aPath(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "gridward-events-"));
  t.after(() => removePath(directory));
  return join(directory, "events.db");
}
