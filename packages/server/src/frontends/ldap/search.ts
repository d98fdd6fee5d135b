import type { Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import { type Millis, second } from "@gridward/core/base/time";
import { compileFilter, type FilterTest } from "@gridward/core/codec/ldap/filter-match";
import type { LdapSearch } from "@gridward/core/codec/ldap/request";
import { type LdapResult, resultOf, success } from "@gridward/core/codec/ldap/response";
import { candidatesFor } from "./candidates.ts";
import { collections } from "./collection.ts";
import type { DirectoryEntry } from "./entry.ts";
import { searchEntriesMax, searchMax, searchSlice } from "./limits.ts";
import { baseEntry, branchEntry, findPlace, type Place } from "./place.ts";
import type { EntryEncoder } from "./selection.ts";
import type { View } from "./view.ts";

/** Entries found, encoded as operations, and how the search ended. */
export interface SearchOutcome {
  readonly entries: readonly Bytes[];
  readonly result: LdapResult;
}

export interface SearchTools {
  readonly encoder: EntryEncoder;
  /** Reads a base; clients send the same one again and again. */
  readonly parseBase: (text: string) => Result<readonly string[], string>;
  readonly monotonic: () => Millis;
}

/**
 * A search in slices: it yields whenever it has looked at `searchSlice` entries, so that nobody
 * else waits for it. One that an index answers ends without yielding.
 */
export function* search(
  view: View,
  request: LdapSearch,
  tools: SearchTools,
): Generator<undefined, SearchOutcome> {
  const base = tools.parseBase(request.base);
  if (!base.ok) return { entries: [], result: resultOf("invalidDnSyntax", base.error) };
  const place = findPlace(view, base.value);
  if (place.kind === "nowhere") {
    return { entries: [], result: resultOf("noSuchObject", "", place.above) };
  }
  return yield* collect(reachable(view, place, request), { view, request, tools });
}

/** A search that can only be about one entry known beforehand: root DSE or subschema. */
export function searchOne(
  entry: DirectoryEntry,
  request: LdapSearch,
  encoder: EntryEncoder,
): SearchOutcome {
  if (compileFilter(request.filter)(entry) !== true) {
    return { entries: [], result: success };
  }
  const selection = encoder.select(request.attributes, request.typesOnly);
  return { entries: [encoder.encode(entry, selection, null)], result: success };
}

/** The entries in scope that may match. */
function* reachable(view: View, place: Place, request: LdapSearch): Generator<DirectoryEntry> {
  const { scope } = request;
  switch (place.kind) {
    case "nowhere":
      return;
    case "leaf":
      if (scope !== "one") yield place.entry;
      return;
    case "branch":
      if (scope !== "one") yield place.entry;
      if (scope !== "base") yield* candidatesFor(place.collection, view, request.filter);
      return;
    case "base":
      if (scope !== "one") yield baseEntry(view);
      if (scope === "base") return;
      for (const collection of collections) yield branchEntry(view, collection);
      if (scope === "one") return;
      for (const collection of collections) {
        yield* candidatesFor(collection, view, request.filter);
      }
  }
}

interface Collecting {
  readonly view: View;
  readonly request: LdapSearch;
  readonly tools: SearchTools;
}

function* collect(
  candidates: Iterable<DirectoryEntry>,
  { view, request, tools }: Collecting,
): Generator<undefined, SearchOutcome> {
  const test: FilterTest = compileFilter(request.filter);
  const selection = tools.encoder.select(request.attributes, request.typesOnly);
  const { sizeLimit } = request;
  const limit = sizeLimit === 0 ? searchEntriesMax : Math.min(sizeLimit, searchEntriesMax);
  let endAt: Millis | undefined; // Set after the first slice: a clock costs more than an index.
  const entries: Bytes[] = [];
  let looked = 0;
  for (const candidate of candidates) {
    if (looked++ % searchSlice === searchSlice - 1) {
      endAt ??= tools.monotonic() + timeFor(request);
      yield undefined;
      if (tools.monotonic() > endAt) return { entries, result: resultOf("timeLimitExceeded") };
    }
    if (test(candidate) !== true) continue;
    if (entries.length === limit) return { entries, result: resultOf("sizeLimitExceeded") };
    entries.push(tools.encoder.encode(candidate, selection, view));
  }
  return { entries, result: success };
}

function timeFor(request: LdapSearch): Millis {
  const { timeLimitSeconds } = request;
  return timeLimitSeconds === 0 ? searchMax : Math.min(timeLimitSeconds * second, searchMax);
}

/** The entry that a compare names, or how to say that there is none. */
export function findEntry(view: View, key: readonly string[]): Result<DirectoryEntry, LdapResult> {
  const place = findPlace(view, key);
  if (place.kind !== "nowhere") return ok(place.entry);
  return err(resultOf("noSuchObject", "", place.above));
}
