import { faultyJournalStore } from "./faulty-journal.ts";
import { journalContract } from "./journal.contract.ts";
import { memoryJournalStore } from "./memory-journal.ts";

journalContract("memory journal", () => {
  // Memory has no size of its own: a faulty disk below stands for the full one.
  let isFull = false;
  const plan = (): "disk-full" | undefined => (isFull ? "disk-full" : undefined);
  return {
    store: faultyJournalStore(memoryJournalStore(), plan),
    withFullDisk: (_journal, work) => {
      isFull = true;
      work();
      isFull = false;
    },
  };
});
