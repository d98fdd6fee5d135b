import { Map as PersistentMap } from "immutable";
import type { AccountId, RequestId } from "../base/identity.ts";
import type { Rows, TableName } from "./types.ts";

/** Read side of one table. Iteration order is unspecified: sort before it shows. */
export type Table<Row> = PersistentMap<string, Row>;

/** All rows of a system, immutable, with the indexes that sign-in and directory need. */
export interface DirectoryState {
  readonly tables: { readonly [Name in TableName]: Table<Rows[Name]> };
  readonly accountsByName: PersistentMap<string, AccountId>;
  /** Allowed members of a group by group id (the deny list is not yet applied here). */
  readonly membersByGroup: PersistentMap<string, PersistentMap<AccountId, true>>;
  readonly requestsById: PersistentMap<RequestId, string>;
}

/** Keys of single rows: the tables `system`, `pair` and `witness` hold one row at most. */
export const singleKey = "this";

export const emptyState: DirectoryState = {
  tables: {
    system: PersistentMap(),
    pair: PersistentMap(),
    terms: PersistentMap(),
    accounts: PersistentMap(),
    groups: PersistentMap(),
    devices: PersistentMap(),
    servers: PersistentMap(),
    removed: PersistentMap(),
    witness: PersistentMap(),
    invites: PersistentMap(),
    policies: PersistentMap(),
    privateRoles: PersistentMap(),
    rightsMaps: PersistentMap(),
    certificates: PersistentMap(),
    authorities: PersistentMap(),
    crls: PersistentMap(),
    mappings: PersistentMap(),
    legacyPeers: PersistentMap(),
    requests: PersistentMap(),
    endedSessions: PersistentMap(),
    setAside: PersistentMap(),
    changeSets: PersistentMap(),
  },
  accountsByName: PersistentMap(),
  membersByGroup: PersistentMap(),
  requestsById: PersistentMap(),
};
