import { decodeHex, encodeHex, lengthPrefixed, utf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import type { Sha256 } from "../base/digest.ts";
import type { NodeId } from "../base/identity.ts";
import { assert } from "../base/result.ts";
import type { Entry, EntryContent, Position } from "./entry.ts";

/** Where an entry goes: after `previous`, in the term and start of the server that writes it. */
export interface EntryPlace {
  readonly node: NodeId;
  readonly term: number;
  readonly start: number;
  readonly previous: Position;
}

/**
 * Entries whose hash was computed from all of them, here: each is sealed, written, sent and replayed,
 * and an entry never changes. One that was read or parsed anew is another object.
 */
const proven = new WeakSet<object>();

/** Gives a content its place and its hash, which covers place, content and all that came before. */
export function sealEntry(content: EntryContent, place: EntryPlace, sha256: Sha256): Entry {
  const { node, term, start, previous } = place;
  const unhashed = { ...content, node, term, start, seq: previous.seq + 1, prev: previous.hash };
  const entry = { ...unhashed, hash: entryHash(unhashed, sha256) };
  proven.add(entry);
  return entry;
}

/** Is the hash of an entry that of its place and content? */
export function isHashed(entry: Entry, sha256: Sha256): boolean {
  if (proven.has(entry)) return true;
  if (entry.hash !== entryHash(entry, sha256)) return false;
  proven.add(entry);
  return true;
}

/** SHA-256 over (hash before, canonical JSON of all other members), lower-case hexadecimal. */
export function entryHash(entry: Omit<Entry, "hash">, sha256: Sha256): string {
  const { at, actor, requestId, kind, facts, answer, node, term, start, seq, prev } = entry;
  const body = { at, actor, requestId, kind, facts, answer, node, term, start, seq };
  const before = decodeHex(prev);
  assert(before.ok, "the hash of the entry before is hexadecimal");
  return encodeHex(sha256(lengthPrefixed([before.value, utf8(canonical(body))])));
}
