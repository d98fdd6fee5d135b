import type { Bytes } from "@gridward/core/base/bytes";
import { encodeResponseOperation, type LdapAttribute } from "@gridward/core/codec/ldap/response";
import { findAttributeType } from "@gridward/core/codec/ldap/schema";
import type { DirectoryEntry } from "./entry.ts";
import { selectionsMax } from "./limits.ts";
import type { View } from "./view.ts";

/** Which attributes a search asks for (RFC 4511 §4.5.1.8, RFC 3673). */
export interface Selection {
  readonly allUser: boolean;
  readonly allOperational: boolean;
  readonly names: ReadonlySet<string>;
  readonly typesOnly: boolean;
}

interface Encoded {
  readonly selection: Selection;
  /** What else the bytes were made from: with the row the same and these the same, they are true. */
  readonly madeFrom: readonly unknown[];
  readonly trueUntil: number;
  readonly bytes: Bytes;
}

/**
 * Encodes entries, and remembers for each row the form that was asked for last: clients of one kind
 * ask for the same attributes again and again. A row that changes is another row.
 */
export class EntryEncoder {
  readonly #selections = new Map<string, Selection>();
  readonly #encoded = new WeakMap<object, Encoded>();

  /** The same object for the same list, so that remembered forms are found by identity. */
  select(attributes: readonly string[], typesOnly: boolean): Selection {
    const key = `${typesOnly ? "types" : "values"} ${attributes.join(" ")}`.toLowerCase();
    const known = this.#selections.get(key);
    if (known !== undefined) return known;
    if (this.#selections.size >= selectionsMax) this.#selections.clear();
    const selection = makeSelection(attributes, typesOnly);
    this.#selections.set(key, selection);
    return selection;
  }

  /** The search result entry as an operation, without its message. */
  encode(entry: DirectoryEntry, selection: Selection, view: View | null): Bytes {
    if (view === null) return encodeEntry(entry, selection);
    const { tables } = view.state;
    const madeFrom = [view.system, tables.groups, view.seesSecurity];
    const known = this.#encoded.get(entry.row);
    const isKnown = known?.selection === selection && view.at < known.trueUntil;
    if (isKnown && known.madeFrom.every((part, index) => part === madeFrom[index])) {
      return known.bytes;
    }
    const bytes = encodeEntry(entry, selection);
    const trueUntil = entry.trueUntil();
    if (trueUntil !== null) {
      this.#encoded.set(entry.row, { selection, madeFrom, trueUntil, bytes });
    }
    return bytes;
  }
}

function makeSelection(attributes: readonly string[], typesOnly: boolean): Selection {
  const names = new Set<string>();
  for (const attribute of attributes) {
    const type = findAttributeType(attribute); // "1.1" is no attribute: it selects nothing.
    if (type !== undefined) names.add(type.name);
  }
  return {
    allUser: attributes.length === 0 || attributes.includes("*"),
    allOperational: attributes.includes("+"),
    names,
    typesOnly,
  };
}

function encodeEntry(entry: DirectoryEntry, selection: Selection): Bytes {
  const attributes: LdapAttribute[] = [];
  for (const name of entry.names()) {
    if (!isSelected(selection, name)) continue;
    const values = entry.valuesOf(name);
    if (values.length > 0) attributes.push({ name, values: selection.typesOnly ? [] : values });
  }
  return encodeResponseOperation({ kind: "entry", dn: entry.dnText(), attributes });
}

function isSelected(selection: Selection, name: string): boolean {
  if (selection.names.has(name)) return true;
  const isOperational = findAttributeType(name)?.isOperational === true;
  return isOperational ? selection.allOperational : selection.allUser;
}
