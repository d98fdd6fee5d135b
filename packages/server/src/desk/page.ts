import * as z from "zod";
import { pageDefault } from "@gridward/core/api/route";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Refusal } from "@gridward/core/domain/refusal";

/** How a list is asked for; see `listQuery`. */
export interface ListQuery {
  readonly search?: string | undefined;
  readonly sort?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next: string | null;
  readonly total: number;
}

interface Named {
  readonly name: string;
}

/** Where a page ended: what the last row was sorted by, and what is its alone. */
const cursorPlace = z.tuple([z.union([z.string(), z.number()]), z.string()]);
type Place = z.infer<typeof cursorPlace>;

/** One page of rows. Rows that come or go between two pages shift nothing. */
export function pageOfRows<Row extends Named>(
  rows: Iterable<Row>,
  query: ListQuery,
  searched: (row: Row) => string = nameOf,
  unique?: (row: Row) => string,
): Result<Page<Row>, Refusal> {
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor);
  if (after === null) return err({ code: "request.malformed", detail: "query.cursor" });
  const wanted = query.search?.toLowerCase() ?? "";
  const sorted = sortRows(
    [...rows].filter((row) => searched(row).toLowerCase().includes(wanted)),
    query.sort ?? "name",
    unique,
  );
  if (!sorted.ok) return sorted;
  const { compare, placed } = sorted.value;
  const rest =
    after === undefined ? placed : placed.filter(({ place }) => compare(place, after) > 0);
  const shown = rest.slice(0, query.limit ?? pageDefault);
  const last = rest.length > shown.length ? shown.at(-1) : undefined;
  return ok({
    rows: shown.map(({ row }) => row),
    next: last === undefined ? null : writeCursor(last.place),
    total: placed.length,
  });
}

function nameOf({ name }: Named): string {
  return name;
}

interface Sorted<Row> {
  readonly placed: readonly { readonly row: Row; readonly place: Place }[];
  readonly compare: (left: Place, right: Place) => number;
}

/** By a member of the rows, "-" before it for falling order; refused where rows have no such one. */
function sortRows<Row extends Named>(
  rows: readonly Row[],
  sort: string,
  unique: (row: Row) => string = nameOf,
): Result<Sorted<Row>, Refusal> {
  const member = sort.replace(/^-/, "");
  const sign = sort.startsWith("-") ? -1 : 1;
  const compare = (left: Place, right: Place): number => sign * comparePlaces(left, right);
  const placed: { readonly row: Row; readonly place: Place }[] = [];
  for (const row of rows) {
    const value = sortValue(row, member);
    if (value === undefined) {
      return err({ code: "request.malformed", detail: `query.sort: ${member}` });
    }
    placed.push({ row, place: [value, unique(row)] });
  }
  return ok({
    placed: placed.toSorted((left, right) => compare(left.place, right.place)),
    compare,
  });
}

function sortValue(row: object, member: string): Place[0] | undefined {
  const members: Readonly<Record<string, unknown>> = { ...row };
  if (!Object.hasOwn(members, member)) return undefined;
  const value = members[member] ?? "";
  if (typeof value === "number" || typeof value === "string") return value;
  return Array.isArray(value) ? value.join(" ") : undefined;
}

/** By code unit, so that every server sorts alike. */
function comparePlaces(left: Place, right: Place): number {
  const [leftValue, leftName] = left;
  const [rightValue, rightName] = right;
  if (leftValue !== rightValue) return leftValue < rightValue ? -1 : 1;
  if (leftName === rightName) return 0;
  return leftName < rightName ? -1 : 1;
}

function writeCursor(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

/** Null for what no page of ours ended with. */
function readCursor(text: string): Place | null {
  try {
    const place = cursorPlace.safeParse(JSON.parse(Buffer.from(text, "base64url").toString()));
    return place.success ? place.data : null;
  } catch {
    return null;
  }
}
