import { requestsKept } from "./limits.ts";
import type { DirectoryState, Table } from "./state.ts";
import type { Actor, RowChange, TableName } from "./types.ts";

/** Every table and what its rows are kept under, in the order of a first pass. */
export const tableNames: readonly TableName[] = [
  "system", // the single key
  "pair", // the single key
  "terms", // number of the term
  "servers", // id
  "removed", // id of the server
  "witness", // the single key
  "authorities", // id
  "policies", // name
  "privateRoles", // number of the role
  "rightsMaps", // name
  "groups", // id
  "accounts", // id
  "devices", // id
  "certificates", // serial number
  "crls", // id of the authority
  "mappings", // key
  "legacyPeers", // address
  "invites", // name
  "endedSessions", // id
  "setAside", // id
  "changeSets", // id
  "requests", // place in the ring, see requestKey
];

/** Place of a request in the ring: a newer request takes the place of one 16,384 entries older. */
export function requestKey(seq: number): string {
  return String(seq % requestsKept);
}

/** Who asked, as a request's row remembers it: a retry through another door is the same asker's. */
export function askerOf({ kind, id }: Pick<Actor, "kind" | "id">): string {
  return `${kind} ${id}`;
}

/** All rows of a state, each as the change that would write it: the content of a snapshot. */
export function* allRows({ tables }: DirectoryState): Generator<RowChange, void> {
  yield* rows(tables.system, (key, row) => ({ table: "system", key, row }));
  yield* rows(tables.pair, (key, row) => ({ table: "pair", key, row }));
  yield* rows(tables.terms, (key, row) => ({ table: "terms", key, row }));
  yield* rows(tables.servers, (key, row) => ({ table: "servers", key, row }));
  yield* rows(tables.removed, (key, row) => ({ table: "removed", key, row }));
  yield* rows(tables.witness, (key, row) => ({ table: "witness", key, row }));
  yield* rows(tables.authorities, (key, row) => ({ table: "authorities", key, row }));
  yield* rows(tables.policies, (key, row) => ({ table: "policies", key, row }));
  yield* rows(tables.privateRoles, (key, row) => ({ table: "privateRoles", key, row }));
  yield* rows(tables.rightsMaps, (key, row) => ({ table: "rightsMaps", key, row }));
  yield* rows(tables.groups, (key, row) => ({ table: "groups", key, row }));
  yield* rows(tables.accounts, (key, row) => ({ table: "accounts", key, row }));
  yield* rows(tables.devices, (key, row) => ({ table: "devices", key, row }));
  yield* rows(tables.certificates, (key, row) => ({ table: "certificates", key, row }));
  yield* rows(tables.crls, (key, row) => ({ table: "crls", key, row }));
  yield* rows(tables.mappings, (key, row) => ({ table: "mappings", key, row }));
  yield* rows(tables.legacyPeers, (key, row) => ({ table: "legacyPeers", key, row }));
  yield* rows(tables.invites, (key, row) => ({ table: "invites", key, row }));
  yield* rows(tables.endedSessions, (key, row) => ({ table: "endedSessions", key, row }));
  yield* rows(tables.setAside, (key, row) => ({ table: "setAside", key, row }));
  yield* rows(tables.changeSets, (key, row) => ({ table: "changeSets", key, row }));
  yield* rows(tables.requests, (key, row) => ({ table: "requests", key, row }));
}

function* rows<Row>(
  table: Table<Row>,
  toChange: (key: string, row: Row) => RowChange,
): Generator<RowChange, void> {
  for (const [key, row] of table) yield toChange(key, row);
}
