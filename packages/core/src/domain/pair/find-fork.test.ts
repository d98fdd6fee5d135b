import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { origin, type Position } from "../entry.ts";
import { findFork, placesBetween } from "./find-fork.ts";
import { at } from "./fixtures.ts";
import type { HistoryView } from "./pair-state.ts";

/** `length` entries; those after `fork` are of a branch and term of their own. */
function aTree(
  length: number,
  fork: number,
  {
    term,
    branch,
    first,
  }: { readonly term: number; readonly branch: number; readonly first: number },
): { readonly history: HistoryView; readonly head: Position } {
  const place = (seq: number): Position => (seq <= fork ? at(seq) : at(seq, term, branch));
  const kept = (seq: number): Position | undefined =>
    seq >= first && seq <= length ? place(seq) : undefined;
  const ends = term === 1 ? [place(length)] : [place(Math.min(fork, length)), place(length)];
  return {
    head: place(length),
    history: {
      hashAt: (seq) => (seq === 0 ? origin.hash : kept(seq)?.hash),
      placeAt: kept,
      first: () => first,
      terms: () => ends.filter(({ seq }) => seq > 0),
      ownerOf: () => undefined,
      digest: () => "d".repeat(64),
      kinds: () => new Map(),
    },
  };
}

function search(ours: ReturnType<typeof aTree>, main: ReturnType<typeof aTree>) {
  const points = main.history.terms();
  let found = findFork(ours.history, ours.head, { points, between: null });
  let questions = 0;
  while (found.open !== null) {
    questions++;
    assert.ok(questions < 10, "the search ends");
    const between = placesBetween(main.history, main.head, found.open);
    assert.ok(between.length <= 257);
    found = findFork(ours.history, ours.head, { points, between });
  }
  return { seq: found.at.seq, questions };
}

test("[R10][HS9] the fork is found to the entry, wherever it lies and whoever began a term there", () => {
  const length = fc.integer({ min: 0, max: 3_000 });
  const terms = fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 }));
  fc.assert(
    fc.property(length, length, length, terms, (fork, ours, theirs, [ourTerm, theirTerm]) => {
      const left = aTree(fork + ours, fork, { term: ourTerm, branch: 1, first: 1 });
      const right = aTree(fork + theirs, fork, { term: theirTerm, branch: 2, first: 1 });
      if (theirs === 0 && ours === 0) return;
      assert.equal(search(left, right).seq, fork);
    }),
  );
});

test("[R10] few questions are enough, and a journal that is kept no longer ends the search", () => {
  const ours = aTree(9_000_000, 7_654_321, { term: 1, branch: 1, first: 1 });
  const theirs = aTree(8_000_000, 7_654_321, { term: 1, branch: 2, first: 1 });
  assert.deepEqual(search(ours, theirs), { seq: 7_654_321, questions: 3 });
  const pruned = aTree(8_000_000, 7_654_321, { term: 1, branch: 2, first: 7_900_000 });
  assert.deepEqual(search(ours, pruned).seq, 0);
});
