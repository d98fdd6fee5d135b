import type { Instant } from "@gridward/core/base/time";
import { type Dn, parseDn } from "@gridward/core/codec/ldap/dn";
import type { FilterEntry } from "@gridward/core/codec/ldap/filter-match";
import type { View } from "./view.ts";

/** One LDAP entry, made from a row when somebody looks at it. */
export interface DirectoryEntry extends FilterEntry {
  readonly dnText: () => string;
  /** What an encoded form is remembered under, and until when it is true; null: never kept. */
  readonly row: object;
  readonly trueUntil: () => Instant | null;
}

/** How each attribute is read off a row, in the order in which attributes are shown. */
export type Attributes<Row> = ReadonlyMap<string, (row: Row, view: View) => readonly string[]>;

/** The one description of a kind of entry. */
export interface EntryKind<Row extends object> {
  /** Every class that an entry of this kind may have. */
  readonly classes: readonly string[];
  readonly attributes: Attributes<Row>;
  readonly dnText: (row: Row, view: View) => string;
  readonly trueUntil: (row: Row, view: View) => Instant | null;
  readonly holds?: (
    row: Row,
    view: View,
    wanted: { readonly name: string; readonly normal: string },
  ) => boolean | undefined;
}

export function makeEntry<Row extends object>(
  kind: EntryKind<Row>,
  row: Row,
  view: View,
): DirectoryEntry {
  const { attributes, holds } = kind;
  const shortcut = holds && {
    holds: (name: string, normal: string) => holds(row, view, { name, normal }),
  };
  return {
    dnText: () => kind.dnText(row, view),
    dn: () => parsed(kind.dnText(row, view)),
    row,
    trueUntil: () => kind.trueUntil(row, view),
    names: () => attributes.keys(),
    valuesOf: (name) => attributes.get(name)?.(row, view) ?? [],
    ...shortcut,
  };
}

function parsed(text: string): Dn {
  const dn = parseDn(text);
  return dn.ok ? dn.value : [];
}

/** For what no clock and no other row can change. */
export const always: Instant = Number.MAX_SAFE_INTEGER;

export function single(value: string | null): readonly string[] {
  return value === null || value === "" ? [] : [value];
}

export function flag(value: boolean): readonly string[] {
  return [value ? "TRUE" : "FALSE"];
}
