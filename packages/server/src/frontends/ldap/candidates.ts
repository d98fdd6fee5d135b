import type { AssertionValue, LdapFilter } from "@gridward/core/codec/ldap/filter";
import { findAttributeType, findObjectClass } from "@gridward/core/codec/ldap/schema";
import type { Candidates, Collection } from "./collection.ts";
import type { DirectoryEntry } from "./entry.ts";
import type { View } from "./view.ts";

const nobody: Candidates = { size: 0, entries: () => [] };

/**
 * The fewest entries of a collection among which every match of the filter is. Only a filter that
 * is True selects an entry, so whatever can only be False or Undefined here selects nobody.
 */
export function candidatesFor(
  collection: Collection,
  view: View,
  filter: LdapFilter,
): Iterable<DirectoryEntry> {
  const narrowed = narrow(collection, view, filter);
  return narrowed === "all" ? collection.all(view) : narrowed.entries();
}

type Narrowed = Candidates | "all";

function narrow(collection: Collection, view: View, filter: LdapFilter): Narrowed {
  switch (filter.kind) {
    case "and":
      return smallest(filter.filters, collection, view);
    case "or":
      return union(filter.filters, collection, view);
    case "equal":
    case "approximate":
      return withValue(collection, view, filter);
    case "present":
    case "substrings":
    case "greater-or-equal":
    case "less-or-equal":
      return mayHave(collection, filter.attribute) ? "all" : nobody;
    case "not":
    case "extensible":
      return "all";
  }
}

function mayHave(collection: Collection, attribute: string): boolean {
  const type = findAttributeType(attribute);
  return type !== undefined && collection.hasAttribute(type.name);
}

function withValue(
  collection: Collection,
  view: View,
  { attribute, value }: { readonly attribute: string; readonly value: AssertionValue },
): Narrowed {
  const type = findAttributeType(attribute);
  if (type === undefined || value === undefined || !collection.hasAttribute(type.name)) {
    return nobody;
  }
  if (type.name === "objectClass") {
    return collection.classes.has(findObjectClass(value) ?? "") ? "all" : nobody;
  }
  const normal = type.rule.normalise(value);
  if (normal === undefined) return nobody;
  return collection.lookUp(view, { name: type.name, normal }) ?? "all";
}

function smallest(filters: readonly LdapFilter[], collection: Collection, view: View): Narrowed {
  let best: Narrowed = "all";
  for (const filter of filters) {
    const other = narrow(collection, view, filter);
    if (other === "all") continue;
    if (best === "all" || other.size < best.size) best = other;
    if (best.size === 0) return best;
  }
  return best;
}

function union(filters: readonly LdapFilter[], collection: Collection, view: View): Narrowed {
  const parts: Candidates[] = [];
  for (const filter of filters) {
    const part = narrow(collection, view, filter);
    if (part === "all") return part;
    parts.push(part);
  }
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  return { size, entries: () => distinct(parts) };
}

function* distinct(parts: readonly Candidates[]): Generator<DirectoryEntry> {
  const seen = new Set<object>();
  for (const part of parts) {
    for (const entry of part.entries()) {
      if (seen.has(entry.row)) continue;
      seen.add(entry.row);
      yield entry;
    }
  }
}
