import { assert } from "../base/result.ts";
import type { AccountId, GroupId } from "../base/identity.ts";
import type { Instant } from "../base/time.ts";
import { deviceOverlapMax } from "./limits.ts";
import { changeAuthorities } from "./change-authorities.ts";
import { changeChangeSets } from "./change-sets.ts";
import type { Fact } from "./fact.ts";
import { mappingsOf } from "./mapping.ts";
import { changePeer } from "./change-peer.ts";
import { changeRights } from "./change-rights.ts";
import type { MemberOf } from "./member-of.ts";
import { singleKey, type DirectoryState, type Table } from "./state.ts";
import { removeServer } from "./remove-server.ts";
import type { AccountRow, DeviceRow, GroupRow, PairRow, RowChange, SystemRow } from "./types.ts";

type FactOf<Kind extends Fact["kind"]> = MemberOf<Fact, Kind>;

/**
 * The rows that a fact writes or takes away, given the state before it and the time of its entry.
 * A fact that names a row which does not exist is a defect: `decide` never makes one.
 */
// oxlint-disable-next-line max-lines-per-function -- one case for each kind, so that none is forgotten
export function changesOf(state: DirectoryState, fact: Fact, at: Instant): readonly RowChange[] {
  switch (fact.kind) {
    case "system-created":
    case "authority-requested":
    case "authority-request-closed":
    case "recovery-key-set":
    case "system-restored":
      return [{ table: "system", key: singleKey, row: systemAfter(state, fact, at) }];
    case "rights-set":
    case "role-named":
    case "role-name-removed":
      return [changeRights(fact)];
    case "authority-switched":
    case "authority-retired":
      return changeAuthorities(state, fact);
    case "authority-created":
    case "witness-added":
    case "witness-removed":
    case "group-created":
    case "certificate-issued":
    case "crl-published":
    case "certificate-revoked":
    case "policy-set":
    case "session-ended":
      return [oneRow(state, fact, at)];
    case "account-created":
    case "account-deleted":
      return changeAccounts(state, fact, at);
    case "account-updated":
    case "account-enabled":
    case "account-disabled":
    case "account-locked":
    case "account-unlocked":
    case "password-set":
    case "code-issued":
    case "code-used":
      return [changeAccount(state, fact.id, at, accountMembers(fact))];
    case "grace-used":
      return [useGrace(state, fact, at)];
    case "certificate-mapped":
    case "certificate-unmapped":
    case "legacy-peer-allowed":
    case "legacy-peer-removed":
      return [changePeer(fact)];
    case "group-deleted":
      return deleteGroup(state, fact.id, at);
    case "group-joined":
    case "group-left":
    case "group-denied":
    case "group-deny-lifted":
    case "group-administrator-admitted":
      return changeMembership(state, fact, at);
    case "device-registered":
    case "device-code-issued":
    case "device-enrolled":
    case "device-renewed":
    case "device-renewal-confirmed":
    case "device-replication-set":
      return [changeDevice(state, fact, at)];
    case "invite-issued":
    case "invite-tried":
    case "invite-used":
      return [changeInvite(state, fact)];
    case "server-joined":
    case "server-removed":
    case "server-address-set":
      return changeServer(state, fact, at);
    case "change-set-recorded":
    case "change-set-undone":
      return changeChangeSets(state, fact, at);
    case "set-aside-recorded":
    case "set-aside-judged":
      return [changeSetAside(state, fact, at)];
    case "term-started":
      return startTerm(fact.pair);
    case "ack-set-changed":
    case "mode-changed":
      return [{ table: "pair", key: singleKey, row: pairAfter(state, fact) }];
    case "state-digested":
      return [];
  }
}

function systemAfter(
  state: DirectoryState,
  fact: FactOf<
    | "system-created"
    | "authority-requested"
    | "authority-request-closed"
    | "recovery-key-set"
    | "system-restored"
  >,
  at: Instant,
): SystemRow {
  if (fact.kind === "system-created") return fact.system;
  const { authorityRequest, ...system } = getRow(state.tables.system, singleKey);
  const open = authorityRequest === undefined ? {} : { authorityRequest };
  switch (fact.kind) {
    case "authority-requested":
      return { ...system, authorityRequest: fact.request };
    case "authority-request-closed":
      return system;
    case "system-restored":
      return { ...system, ...open, uidNext: fact.uidNext };
    case "recovery-key-set":
      return { ...system, ...open, recovery: { publicKey: fact.publicKey, since: at } };
  }
}

function changeServer(
  state: DirectoryState,
  fact: FactOf<"server-joined" | "server-removed" | "server-address-set">,
  at: Instant,
): readonly RowChange[] {
  if (fact.kind === "server-removed") return removeServer(state, fact, at);
  if (fact.kind === "server-joined") {
    const { server } = fact;
    const joined: RowChange = { table: "servers", key: server.id, row: server };
    // A restore makes the server that it runs on a member again, whatever the backup says of it.
    const wasRemoved = state.tables.removed.has(server.id);
    return wasRemoved ? [joined, { table: "removed", key: server.id, row: null }] : [joined];
  }
  const { backup: _, ...server } = getRow(state.tables.servers, fact.id);
  const backup = fact.backup === null ? {} : { backup: fact.backup };
  return [{ table: "servers", key: fact.id, row: { ...server, address: fact.address, ...backup } }];
}

function getRow<Row>(table: Table<Row>, key: string): Row {
  const row = table.get(key);
  assert(row !== undefined, `a fact names the row ${key}, which does not exist`);
  return row;
}

function changeAccounts(
  state: DirectoryState,
  fact: FactOf<"account-created" | "account-deleted">,
  at: Instant,
): readonly RowChange[] {
  return fact.kind === "account-created"
    ? createAccount(state, fact.account)
    : deleteAccount(state, fact.id, at);
}

function createAccount(state: DirectoryState, account: AccountRow): readonly RowChange[] {
  const system = getRow(state.tables.system, singleKey);
  const uidNext = Math.max(system.uidNext, account.uidNumber + 1);
  return [
    { table: "accounts", key: account.id, row: account },
    { table: "system", key: singleKey, row: { ...system, uidNext } },
  ];
}

function deleteAccount(state: DirectoryState, id: AccountId, at: Instant): readonly RowChange[] {
  getRow(state.tables.accounts, id);
  const changes: RowChange[] = [{ table: "accounts", key: id, row: null }];
  for (const { key } of mappingsOf(state, id)) changes.push({ table: "mappings", key, row: null });
  for (const group of state.tables.groups.values()) {
    if (!group.deny.includes(id) && !group.administrators.includes(id)) continue;
    const row = { ...without(group, "deny", id), changedAt: at };
    changes.push({ table: "groups", key: group.id, row: without(row, "administrators", id) });
  }
  return changes;
}

type AccountMembersFact = FactOf<
  | "account-updated"
  | "account-enabled"
  | "account-disabled"
  | "account-locked"
  | "account-unlocked"
  | "password-set"
  | "code-issued"
  | "code-used"
>;

function accountMembers(fact: AccountMembersFact): Partial<AccountRow> {
  switch (fact.kind) {
    case "account-updated":
      return { displayName: fact.displayName, roles: fact.roles, policy: fact.policy };
    case "account-enabled":
      return { enabled: true };
    case "account-disabled":
      return { enabled: false };
    case "account-locked":
      return { lockedUntil: fact.until };
    case "account-unlocked":
      return { lockedUntil: null };
    case "password-set":
      return { password: fact.password };
    case "code-issued":
      return { code: fact.code };
    case "code-used":
      return { code: null };
  }
}

function changeAccount(
  state: DirectoryState,
  id: AccountId,
  at: Instant,
  members: Partial<AccountRow>,
): RowChange {
  const row = { ...getRow(state.tables.accounts, id), ...members, changedAt: at };
  return { table: "accounts", key: id, row };
}

function useGrace(state: DirectoryState, fact: FactOf<"grace-used">, at: Instant): RowChange {
  const { password } = getRow(state.tables.accounts, fact.id);
  assert(password !== null, `${fact.id} has a password that was used`);
  const graceUsed = [...(password.graceUsed ?? []), fact.use];
  return changeAccount(state, fact.id, at, { password: { ...password, graceUsed } });
}

function deleteGroup(state: DirectoryState, id: GroupId, at: Instant): readonly RowChange[] {
  getRow(state.tables.groups, id);
  const changes: RowChange[] = [{ table: "groups", key: id, row: null }];
  for (const member of state.membersByGroup.get(id)?.keys() ?? []) {
    const { groups } = getRow(state.tables.accounts, member);
    changes.push(changeAccount(state, member, at, { groups: groups.filter((one) => one !== id) }));
  }
  return changes;
}

type MembershipFact = FactOf<
  | "group-joined"
  | "group-left"
  | "group-denied"
  | "group-deny-lifted"
  | "group-administrator-admitted"
>;

function changeMembership(
  state: DirectoryState,
  fact: MembershipFact,
  at: Instant,
): readonly RowChange[] {
  const account = getRow(state.tables.accounts, fact.account);
  const group = getRow(state.tables.groups, fact.id);
  switch (fact.kind) {
    case "group-joined":
      return [changeAccount(state, account.id, at, { groups: [...account.groups, group.id] })];
    case "group-left": {
      const groups = account.groups.filter((one) => one !== group.id);
      const left = changeAccount(state, account.id, at, { groups });
      if (!group.administrators.includes(account.id)) return [left];
      // An admission ends with the membership; whoever returns must be admitted again.
      const row = { ...without(group, "administrators", account.id), changedAt: at };
      return [left, { table: "groups", key: group.id, row }];
    }
    case "group-denied": {
      const row = { ...group, deny: [...group.deny, account.id], changedAt: at };
      return [{ table: "groups", key: group.id, row }];
    }
    case "group-deny-lifted": {
      const row = { ...without(group, "deny", account.id), changedAt: at };
      return [{ table: "groups", key: group.id, row }];
    }
    case "group-administrator-admitted": {
      const administrators = [...group.administrators, account.id];
      return [{ table: "groups", key: group.id, row: { ...group, administrators, changedAt: at } }];
    }
  }
}

function without(group: GroupRow, list: "deny" | "administrators", id: AccountId): GroupRow {
  return { ...group, [list]: group[list].filter((one) => one !== id) };
}

type DeviceFact = FactOf<
  | "device-code-issued"
  | "device-enrolled"
  | "device-renewed"
  | "device-renewal-confirmed"
  | "device-replication-set"
>;

function changeDevice(
  state: DirectoryState,
  fact: DeviceFact | FactOf<"device-registered">,
  at: Instant,
): RowChange {
  if (fact.kind === "device-registered") {
    return { table: "devices", key: fact.device.id, row: fact.device };
  }
  const device = { ...getRow(state.tables.devices, fact.id), changedAt: at };
  return { table: "devices", key: fact.id, row: { ...device, ...deviceMembers(device, fact, at) } };
}

function deviceMembers(before: DeviceRow, fact: DeviceFact, at: Instant): Partial<DeviceRow> {
  switch (fact.kind) {
    case "device-code-issued":
      return { enrolment: { verifier: fact.verifier, expiresAt: fact.expiresAt } };
    case "device-enrolled": {
      const { serial, fingerprint, notAfter } = fact;
      return {
        status: "enrolled",
        enrolment: null,
        certificate: { serial, fingerprint, notAfter },
        earlier: null,
      };
    }
    case "device-renewed": {
      const { of, serial, fingerprint, notAfter } = fact;
      const shown = before.certificate?.serial === of ? before.certificate : before.earlier;
      // Whoever holds the key that was exchanged shall not be this device for its whole life.
      const until = Math.min(shown?.notAfter ?? at, at + deviceOverlapMax);
      const earlier = shown && { ...shown, notAfter: until };
      return { certificate: { serial, fingerprint, notAfter }, earlier };
    }
    case "device-renewal-confirmed":
      return { earlier: null };
    case "device-replication-set":
      return { replication: { enabled: fact.enabled, revision: fact.revision } };
  }
}

function changeInvite(
  state: DirectoryState,
  fact: FactOf<"invite-issued" | "invite-tried" | "invite-used">,
): RowChange {
  switch (fact.kind) {
    case "invite-issued":
      return { table: "invites", key: fact.invite.name, row: fact.invite };
    case "invite-tried": {
      const invite = getRow(state.tables.invites, fact.name);
      const row = { ...invite, triesLeft: invite.triesLeft - 1 };
      return { table: "invites", key: fact.name, row };
    }
    case "invite-used":
      getRow(state.tables.invites, fact.name);
      return { table: "invites", key: fact.name, row: null };
  }
}

function oneRow(
  state: DirectoryState,
  fact: FactOf<
    | "authority-created"
    | "witness-added"
    | "witness-removed"
    | "group-created"
    | "certificate-issued"
    | "certificate-revoked"
    | "crl-published"
    | "policy-set"
    | "session-ended"
  >,
  at: Instant,
): RowChange {
  switch (fact.kind) {
    case "authority-created":
      return { table: "authorities", key: fact.authority.id, row: fact.authority };
    case "witness-added":
      return { table: "witness", key: singleKey, row: fact.witness };
    case "witness-removed":
      return { table: "witness", key: singleKey, row: null };
    case "group-created":
      return { table: "groups", key: fact.group.id, row: fact.group };
    case "certificate-issued":
      return { table: "certificates", key: fact.certificate.serial, row: fact.certificate };
    case "certificate-revoked":
      return revokeCertificate(state, fact, at);
    case "crl-published":
      return { table: "crls", key: fact.crl.authority, row: fact.crl };
    case "policy-set":
      return { table: "policies", key: fact.policy.name, row: fact.policy };
    case "session-ended": {
      const { id, expiresAt } = fact;
      return { table: "endedSessions", key: id, row: { id, expiresAt } };
    }
  }
}

function revokeCertificate(
  state: DirectoryState,
  { serial, reason, by }: FactOf<"certificate-revoked">,
  at: Instant,
): RowChange {
  const row = getRow(state.tables.certificates, serial);
  return { table: "certificates", key: serial, row: { ...row, revoked: { at, reason, by } } };
}

function changeSetAside(
  state: DirectoryState,
  fact: FactOf<"set-aside-recorded" | "set-aside-judged">,
  at: Instant,
): RowChange {
  if (fact.kind === "set-aside-recorded") {
    return { table: "setAside", key: fact.row.id, row: fact.row };
  }
  const { id, verdict, by, reason } = fact;
  const row = getRow(state.tables.setAside, id);
  return { table: "setAside", key: id, row: { ...row, judged: { verdict, by, at, reason } } };
}

function startTerm(pair: PairRow): readonly RowChange[] {
  const { term, owner } = pair;
  return [
    { table: "pair", key: singleKey, row: pair },
    { table: "terms", key: String(term), row: { term, owner } },
  ];
}

function pairAfter(
  state: DirectoryState,
  fact: FactOf<"ack-set-changed" | "mode-changed">,
): PairRow {
  const pair = getRow(state.tables.pair, singleKey);
  if (fact.kind === "mode-changed") return { ...pair, mode: fact.mode };
  return { ...pair, ackSet: fact.ackSet, unprotected: fact.unprotected };
}
