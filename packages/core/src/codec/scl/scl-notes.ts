import { sclLimits } from "./scl-file.ts";

/** Gathers sentences for the engineer; beyond the limit only their number. */
export interface SclNotes {
  readonly add: (sentence: string) => void;
  readonly all: () => readonly string[];
}

export function gatherNotes(): SclNotes {
  const kept: string[] = [];
  let more = 0;
  return {
    add: (sentence) => {
      if (kept.length < sclLimits.notesMax) kept.push(sentence);
      else more += 1;
    },
    all: () => (more === 0 ? kept : [...kept, `There are ${more} more notes of this kind.`]),
  };
}
