import { foldCase } from "@gridward/core/codec/ldap/prepare";
import { type Collection, collections } from "./collection.ts";
import { type DirectoryEntry, makeEntry } from "./entry.ts";
import { type Branch, branchKind } from "./other-entries.ts";
import { isSameName, unescaped, unitDn, units, type View } from "./view.ts";

/** Where a DN points in our tree, which is three levels deep. */
export type Place =
  | { readonly kind: "base"; readonly entry: DirectoryEntry }
  | { readonly kind: "branch"; readonly entry: DirectoryEntry; readonly collection: Collection }
  | { readonly kind: "leaf"; readonly entry: DirectoryEntry }
  /** Nothing is there; the nearest thing above is (RFC 4511 §4.1.9), "" for none. */
  | { readonly kind: "nowhere"; readonly above: string };

const baseBranch: Branch = { unit: null };
const unitBranches: ReadonlyMap<string, Branch> = new Map(units.map((unit) => [unit, { unit }]));

/** The name in normal form. */
export function findPlace(view: View, key: readonly string[]): Place {
  const depth = key.length - view.base.key.length;
  if (depth < 0 || !isSameName(key.slice(depth), view.base.key)) {
    return { kind: "nowhere", above: "" };
  }
  if (depth === 0) return { kind: "base", entry: baseEntry(view) };
  const collection = collections.find(({ unit }) => key[depth - 1] === `ou=${unit}`);
  if (collection === undefined) return { kind: "nowhere", above: view.base.text };
  if (depth === 1) return { kind: "branch", entry: branchEntry(view, collection), collection };
  const entry = depth === 2 ? findLeaf(view, collection, key[0] ?? "") : undefined;
  if (entry !== undefined) return { kind: "leaf", entry };
  return { kind: "nowhere", above: unitDn(view, collection.unit) };
}

export function baseEntry(view: View): DirectoryEntry {
  return makeEntry(branchKind, baseBranch, view);
}

export function branchEntry(view: View, { unit }: Collection): DirectoryEntry {
  return makeEntry(branchKind, unitBranches.get(unit) ?? { unit }, view);
}

function findLeaf(view: View, collection: Collection, rdn: string): DirectoryEntry | undefined {
  const prefix = `${collection.namedBy}=`;
  if (!rdn.startsWith(prefix)) return undefined;
  const name = unescaped(rdn.slice(prefix.length));
  const found = collection.lookUp(view, { name: collection.namedBy, normal: name });
  for (const entry of found?.entries() ?? collection.all(view)) {
    const values = entry.valuesOf(collection.namedBy);
    if (values.some((value) => foldCase(value).trim() === name)) return entry;
  }
  return undefined;
}
