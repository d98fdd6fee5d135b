import { requestsKept } from "./limits.ts";
import type { DirectoryState } from "./state.ts";
import type { Rows, TableName } from "./types.ts";

/** Every table and what its rows are kept under. Order is the order of a first pass. */
export const keyedBy = {
  system: "the single key",
  pair: "the single key",
  servers: "id",
  authorities: "id",
  policies: "name",
  groups: "id",
  accounts: "id",
  devices: "id",
  certificates: "serial",
  invites: "name",
  endedSessions: "id",
  requests: "sequence number modulo the ring's length",
} as const satisfies Record<TableName, string>;

export const tableNames: readonly TableName[] = [
  "system",
  "pair",
  "servers",
  "authorities",
  "policies",
  "groups",
  "accounts",
  "devices",
  "certificates",
  "invites",
  "endedSessions",
  "requests",
];

/** Place of a request in the ring: a newer request takes the place of one 16,384 entries older. */
export function requestKey(seq: number): string {
  return String(seq % requestsKept);
}

/** All rows with their keys, table by table. */
export function* allRows(
  state: DirectoryState,
): Generator<{ readonly table: TableName; readonly key: string; readonly row: Rows[TableName] }> {
  for (const table of tableNames) {
    for (const [key, row] of state.tables[table]) yield { table, key, row };
  }
}
