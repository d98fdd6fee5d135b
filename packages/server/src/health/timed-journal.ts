import type { Journal, JournalStore, OpenedJournal } from "@gridward/runtime/journal/journal";
import type { Clock } from "@gridward/runtime/os/clock";
import type { FoundDatabase } from "../open-database.ts";
import type { SlowWatch } from "./slow-watch.ts";

interface Stopwatch {
  readonly clock: Pick<Clock, "monotonic">;
  readonly watch: Pick<SlowWatch, "onWrite">;
}

/** The same database, whatever generation of it is opened; told is how long each append took. */
export function timeWrites<Found extends Pick<FoundDatabase, "store" | "opened">>(
  found: Found,
  clock: Stopwatch["clock"],
  to: Stopwatch["watch"],
): Found {
  const { opened } = found;
  const watch = { clock, watch: to };
  return {
    ...found,
    store: timeStore(found.store, watch),
    opened: opened && timeJournal(opened, watch),
  };
}

function timeStore(store: JournalStore, watch: Stopwatch): JournalStore {
  return {
    open: (incarnation) => {
      const opened = store.open(incarnation);
      return opened.ok ? { ok: true, value: timeJournal(opened.value, watch) } : opened;
    },
    create: (incarnation) => timeJournal(store.create(incarnation), watch),
    build: (name) => {
      const builder = store.build(name);
      return {
        incarnation: builder.incarnation,
        rows: (changes) => builder.rows(changes),
        finish: (position, digest, earlier) => {
          const opened = builder.finish(position, digest, earlier);
          return opened.ok ? { ok: true, value: timeJournal(opened.value, watch) } : opened;
        },
        abandon: () => builder.abandon(),
      };
    },
    keepOnly: (incarnation) => store.keepOnly(incarnation),
  };
}

function timeJournal(opened: OpenedJournal, { clock, watch }: Stopwatch): OpenedJournal {
  const { journal } = opened;
  const timed: Journal = {
    incarnation: journal.incarnation,
    head: () => journal.head(),
    first: () => journal.first(),
    append: (entries, committed) => {
      const startedAt = clock.monotonic();
      journal.append(entries, committed);
      watch.onWrite(clock.monotonic() - startedAt);
    },
    noteCommitted: (seq) => journal.noteCommitted(seq),
    read: (seq, limit) => journal.read(seq, limit),
    hashAt: (seq) => journal.hashAt(seq),
    terms: () => journal.terms(),
    truncate: (seq) => journal.truncate(seq),
    saveSnapshot: (state, position, digest) => journal.saveSnapshot(state, position, digest),
    close: () => journal.close(),
  };
  return { ...opened, journal: timed };
}
