import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ok } from "@gridward/core/base/result";
import type { Entry } from "@gridward/core/domain/entry";
import { origin } from "@gridward/core/domain/entry";
import type { DirectoryState } from "@gridward/core/domain/state";
import { anAccount, anEntry, someEntries } from "@gridward/runtime/journal/fixtures";
import { firstVersion, replay, type Replayed } from "@gridward/runtime/journal/replay";
import { rowsBetween } from "@gridward/runtime/journal/snapshot-rows";
import { sqliteJournalStore } from "@gridward/runtime/journal/sqlite-store";
import { removePath } from "@gridward/runtime/os/files";

/**
 * Durable appends a second for one, eight and 64 writers whose entries share a commit, and the
 * opening, first pass and snapshot of a journal with 50,000 accounts. Prints JSON lines.
 */
const accounts = 50_000;
const commits = 500;

const directory = mkdtempSync(join(tmpdir(), "gridward-bench-"));
try {
  for (const writers of [1, 8, 64]) print(`appends, ${writers} writers`, appends(writers));
  manyAccounts();
} finally {
  removePath(directory);
}

function appends(writers: number): Readonly<Record<string, number>> {
  const { journal } = sqliteJournalStore(directory).create(`writers-${writers}`);
  const times: number[] = [];
  let last: Entry | undefined;
  let spent = 0;
  for (let commit = 0; commit < commits; commit++) {
    const batch: Entry[] = [];
    for (let writer = 0; writer < writers; writer++) {
      last = anEntry(last);
      batch.push(last);
    }
    const start = performance.now();
    journal.append(batch, batch[0]?.seq ?? 0);
    times.push(performance.now() - start);
    spent += times.at(-1) ?? 0;
  }
  journal.close();
  times.sort((left, right) => left - right);
  return {
    perSecond: Math.round((commits * writers * 1000) / spent),
    p50: round(times[commits / 2] ?? 0),
    p99: round(times[Math.floor(commits * 0.99)] ?? 0),
  };
}

/** A station's worth of accounts, made by entries of a thousand. */
function manyAccounts(): void {
  const entries = [...someEntries(1)];
  for (let made = 0; made < accounts; made += 1000) {
    const facts = Array.from({ length: 1000 }, (_, index) => ({
      kind: "account-created" as const,
      account: anAccount(`account-${made + index}`),
    }));
    entries.push(anEntry(entries.at(-1), { facts }));
  }
  const replayed = replay(firstVersion, entries.map(ok), entries.length);
  if (!replayed.ok) throw new Error(replayed.error.detail);
  const { state, digest } = replayed.value;
  const position = entries.at(-1) ?? origin;
  const store = sqliteJournalStore(directory);
  print(
    "build 50,000 accounts",
    timed(() => build(state, position, digest)),
  );
  const memory = process.memoryUsage().rss;
  print(
    "open 50,000 accounts",
    timed(() => mustOpen("built").journal.close()),
  );
  print("resident memory of it", { mib: (process.memoryUsage().rss - memory) / 2 ** 20 });
  const opened = store.create("entries");
  opened.journal.append(entries, entries.length);
  print(
    "first snapshot",
    timed(() => opened.journal.saveSnapshot(state, position, digest)),
  );
  const one = anEntry(entries.at(-1));
  opened.journal.append([one], one.seq);
  const next = replay({ state, position, digest }, [ok(one)], one.seq);
  if (!next.ok) throw new Error(next.error.detail);
  const { state: after, digest: digestAfter } = next.value;
  print(
    "next snapshot",
    timed(() => opened.journal.saveSnapshot(after, one, digestAfter)),
  );
  opened.journal.close();
}

function build(state: DirectoryState, position: Entry | typeof origin, digest: string): void {
  const builder = sqliteJournalStore(directory).build("built");
  const rows = [...rowsBetween(firstVersion.state, state)];
  for (let at = 0; at < rows.length; at += 500) builder.rows(rows.slice(at, at + 500));
  const built = builder.finish(position, digest);
  if (!built.ok) throw new Error(built.error.detail);
  built.value.journal.close();
}

function mustOpen(incarnation: string): { readonly journal: { close(): void } } & Replayed {
  const opened = sqliteJournalStore(directory).open(incarnation);
  if (!opened.ok) throw new Error(opened.error.detail);
  return opened.value;
}

function timed(work: () => void): Readonly<Record<string, number>> {
  const start = performance.now();
  work();
  return { ms: round(performance.now() - start) };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function print(name: string, figures: Readonly<Record<string, number>>): void {
  process.stdout.write(`${JSON.stringify({ name, ...figures })}\n`);
}
