import { Map as PersistentMap } from "immutable";
import type { AccountId } from "../base/identity.ts";
import type { Instant } from "../base/time.ts";
import { changesOf } from "./changes-of.ts";
import type { Entry } from "./entry.ts";
import { emptyState, type DirectoryState, type Table } from "./state.ts";
import { askerOf, requestKey } from "./tables.ts";
import type { AccountRow, RequestRow, RowChange, Rows, TableName } from "./types.ts";

/** The state after an entry. Never refuses: an entry is true. */
export function applyEntry(state: DirectoryState, entry: Entry): DirectoryState {
  return advance(state, entry).state;
}

/** All rows that an entry writes or takes away; a row may come more than once, the last counts. */
export function changesOfEntry(state: DirectoryState, entry: Entry): readonly RowChange[] {
  return advance(state, entry).changes;
}

/** Both at once, for whoever keeps state, digest and database in step. */
export function advance(
  before: DirectoryState,
  entry: Entry,
): { readonly state: DirectoryState; readonly changes: readonly RowChange[] } {
  let state = before;
  const changes: RowChange[] = [];
  const follow = (more: readonly RowChange[]): void => {
    state = applyChanges(state, more);
    changes.push(...more);
  };
  for (const fact of entry.facts) {
    follow(changesOf(state, fact, entry.at));
    if (fact.kind === "session-ended") follow(forgetEndedSessions(state, entry.at));
  }
  const { requestId, actor, seq, answer } = entry;
  const row = { requestId, by: askerOf(actor), seq, answer };
  follow([{ table: "requests", key: requestKey(seq), row }]);
  return { state, changes };
}

/** A session that would be over anyway need not be remembered as ended. */
function forgetEndedSessions(state: DirectoryState, at: Instant): readonly RowChange[] {
  const over: string[] = [];
  for (const [key, row] of state.tables.endedSessions) if (row.expiresAt <= at) over.push(key);
  over.sort();
  return over.map((key) => ({ table: "endedSessions", key, row: null }));
}

/** A state from nothing but its rows: a snapshot or a first pass. */
export function loadRows(rows: Iterable<RowChange>): DirectoryState {
  return applyChanges(emptyState, rows);
}

/** A state that comes row by row; nobody sees it before it is done. */
export interface GrowingState {
  add(rows: Iterable<RowChange>): void;
  done(): DirectoryState;
}

/** As `loadRows` for rows that come in pieces: a version for each would cost half as much again. */
export function growState(): GrowingState {
  const draft = openDraft(emptyState);
  return {
    add(rows) {
      for (const row of rows) write(draft, row);
    },
    done: () => closeDraft(emptyState, draft),
  };
}

/** Rows written and taken away, with the indexes kept in step. Untouched tables stay the same. */
export function applyChanges(state: DirectoryState, changes: Iterable<RowChange>): DirectoryState {
  const draft = openDraft(state);
  for (const change of changes) write(draft, change);
  return closeDraft(state, draft);
}

/** A state whose maps may be changed in place; it never leaves this file. */
type Draft = DirectoryState;

function openDraft({ tables, ...indexes }: DirectoryState): Draft {
  return {
    tables: {
      system: tables.system.asMutable(),
      pair: tables.pair.asMutable(),
      terms: tables.terms.asMutable(),
      accounts: tables.accounts.asMutable(),
      groups: tables.groups.asMutable(),
      devices: tables.devices.asMutable(),
      servers: tables.servers.asMutable(),
      removed: tables.removed.asMutable(),
      witness: tables.witness.asMutable(),
      invites: tables.invites.asMutable(),
      policies: tables.policies.asMutable(),
      privateRoles: tables.privateRoles.asMutable(),
      rightsMaps: tables.rightsMaps.asMutable(),
      certificates: tables.certificates.asMutable(),
      authorities: tables.authorities.asMutable(),
      crls: tables.crls.asMutable(),
      mappings: tables.mappings.asMutable(),
      legacyPeers: tables.legacyPeers.asMutable(),
      requests: tables.requests.asMutable(),
      endedSessions: tables.endedSessions.asMutable(),
      setAside: tables.setAside.asMutable(),
      changeSets: tables.changeSets.asMutable(),
    },
    accountsByName: indexes.accountsByName.asMutable(),
    membersByGroup: indexes.membersByGroup.asMutable(),
    requestsById: indexes.requestsById.asMutable(),
  };
}

function closeDraft(before: DirectoryState, draft: Draft): DirectoryState {
  const tables = before.tables;
  return {
    tables: {
      system: closed(tables.system, draft.tables.system),
      pair: closed(tables.pair, draft.tables.pair),
      terms: closed(tables.terms, draft.tables.terms),
      accounts: closed(tables.accounts, draft.tables.accounts),
      groups: closed(tables.groups, draft.tables.groups),
      devices: closed(tables.devices, draft.tables.devices),
      servers: closed(tables.servers, draft.tables.servers),
      removed: closed(tables.removed, draft.tables.removed),
      witness: closed(tables.witness, draft.tables.witness),
      invites: closed(tables.invites, draft.tables.invites),
      policies: closed(tables.policies, draft.tables.policies),
      privateRoles: closed(tables.privateRoles, draft.tables.privateRoles),
      rightsMaps: closed(tables.rightsMaps, draft.tables.rightsMaps),
      certificates: closed(tables.certificates, draft.tables.certificates),
      authorities: closed(tables.authorities, draft.tables.authorities),
      crls: closed(tables.crls, draft.tables.crls),
      mappings: closed(tables.mappings, draft.tables.mappings),
      legacyPeers: closed(tables.legacyPeers, draft.tables.legacyPeers),
      requests: closed(tables.requests, draft.tables.requests),
      endedSessions: closed(tables.endedSessions, draft.tables.endedSessions),
      setAside: closed(tables.setAside, draft.tables.setAside),
      changeSets: closed(tables.changeSets, draft.tables.changeSets),
    },
    accountsByName: closed(before.accountsByName, draft.accountsByName),
    membersByGroup: closed(before.membersByGroup, draft.membersByGroup),
    requestsById: closed(before.requestsById, draft.requestsById),
  };
}

/** The same map where nothing was changed, so that views can tell by identity. */
function closed<Key, Value>(
  before: PersistentMap<Key, Value>,
  draft: PersistentMap<Key, Value>,
): PersistentMap<Key, Value> {
  return draft.wasAltered() ? draft.asImmutable() : before;
}

function write(draft: Draft, change: RowChange): void {
  if (change.table === "accounts") {
    indexAccount(draft, draft.tables.accounts.get(change.key), change.row);
  }
  if (change.table === "requests") indexRequest(draft, change.key, change.row);
  writeRow(draft, change);
}

function writeRow<Name extends TableName>(
  draft: Draft,
  change: { readonly table: Name; readonly key: string; readonly row: Rows[Name] | null },
): void {
  const table: Table<Rows[Name]> = draft.tables[change.table];
  if (change.row === null) table.delete(change.key);
  else table.set(change.key, change.row);
}

function indexAccount(
  draft: Draft,
  before: AccountRow | undefined,
  after: AccountRow | null,
): void {
  if (before !== undefined) unindexAccount(draft, before, after);
  if (after === null) return;
  draft.accountsByName.set(after.name, after.id);
  for (const group of after.groups) {
    if (!before?.groups.includes(group)) addMember(draft, group, after.id);
  }
}

/** Takes away what `after` no longer says. */
function unindexAccount(draft: Draft, before: AccountRow, after: AccountRow | null): void {
  if (after?.name !== before.name) draft.accountsByName.delete(before.name);
  for (const group of before.groups) {
    if (!after?.groups.includes(group)) removeMember(draft, group, before.id);
  }
}

function addMember(draft: Draft, group: string, account: AccountId): void {
  const members = draft.membersByGroup.get(group) ?? PersistentMap<AccountId, true>();
  draft.membersByGroup.set(group, members.set(account, true));
}

function removeMember(draft: Draft, group: string, account: AccountId): void {
  const members = draft.membersByGroup.get(group)?.delete(account);
  if (members === undefined || members.isEmpty()) draft.membersByGroup.delete(group);
  else draft.membersByGroup.set(group, members);
}

function indexRequest(draft: Draft, key: string, after: RequestRow | null): void {
  const before = draft.tables.requests.get(key);
  if (before !== undefined && draft.requestsById.get(before.requestId) === key) {
    draft.requestsById.delete(before.requestId);
  }
  if (after !== null) draft.requestsById.set(after.requestId, key);
}
