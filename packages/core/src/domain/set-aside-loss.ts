import { rfc3339, type Instant } from "../base/time.ts";
import type { Fact } from "./fact.ts";
import { isLegacyPeer } from "./decide-legacy.ts";
import { isLockedAt } from "./lock-out.ts";
import type { MemberOf } from "./member-of.ts";
import { roleName } from "./roles.ts";
import { rightsLoss } from "./set-aside-rights.ts";
import { singleKey, type DirectoryState } from "./state.ts";
import type {
  AccountRow,
  CertificateRow,
  DeviceRow,
  PolicyRow,
  ServerRow,
  SetAsideRow,
} from "./types.ts";

/** What a lost change is compared with: the system as it stands, at this time. */
export interface Present {
  readonly state: DirectoryState;
  readonly now: Instant;
}

/**
 * What is less strict in the system now than it was on the server whose change was lost, a sentence
 * for each: nobody must find out by chance that somebody who was shut out is in again (HS9).
 */
export function lossesOf(
  row: SetAsideRow,
  facts: readonly Fact[],
  present: Present,
): readonly string[] {
  const server = present.state.tables.servers.get(row.node)?.name ?? row.node;
  const there = `on ${server} at ${rfc3339(row.at)}`;
  return facts.flatMap((fact) => lossOf(fact, there, present) ?? []);
}

// oxlint-disable-next-line max-lines-per-function -- one case for each kind, so that none is forgotten
function lossOf(fact: Fact, there: string, present: Present): string | undefined {
  switch (fact.kind) {
    case "account-disabled":
    case "account-deleted":
    case "account-locked":
    case "account-updated":
    case "password-set":
    case "code-used":
      return accountLossOf(fact, there, present);
    case "group-left":
    case "group-denied":
    case "group-deleted":
      return groupLoss(present.state, fact, there);
    case "rights-set":
      return rightsLoss(present.state, fact, there);
    case "device-renewal-confirmed":
    case "device-replication-set":
    case "session-ended":
    case "policy-set":
    case "invite-tried":
    case "invite-used":
    case "recovery-key-set":
    case "server-removed":
    case "certificate-revoked":
    case "certificate-unmapped":
    case "legacy-peer-removed":
      return otherLoss(fact, there, present);
    case "role-named":
    case "role-name-removed":
    case "account-created":
    case "account-enabled":
    case "account-unlocked":
    // Its server counts it on, whatever became of the entry.
    case "grace-used":
    case "code-issued":
    case "group-created":
    case "group-joined":
    case "group-deny-lifted":
    case "group-administrator-admitted":
    case "device-registered":
    case "device-code-issued":
    case "device-enrolled":
    case "device-renewed":
    case "certificate-issued":
    case "crl-published":
    case "certificate-mapped":
    case "legacy-peer-allowed":
    case "system-created":
    case "authority-created":
    case "authority-requested":
    case "authority-request-closed":
    case "authority-switched":
    case "authority-retired":
    case "invite-issued":
    case "server-joined":
    case "server-address-set":
    case "system-restored":
    case "mode-changed":
    case "witness-added":
    case "witness-removed":
    case "change-set-recorded":
    case "change-set-undone":
    case "set-aside-recorded":
    case "set-aside-judged":
    case "term-started":
    case "ack-set-changed":
    case "state-digested":
      return undefined;
  }
}

function accountLossOf(
  fact: AccountFact,
  there: string,
  { state, now }: Present,
): string | undefined {
  const account = state.tables.accounts.get(fact.id);
  return account && accountLoss(account, fact, { there, now });
}

type AccountFact = MemberOf<
  Fact,
  | "account-disabled"
  | "account-deleted"
  | "account-locked"
  | "account-updated"
  | "password-set"
  | "code-used"
>;

function accountLoss(
  account: AccountRow,
  fact: AccountFact,
  { there, now }: { readonly there: string; readonly now: Instant },
): string | undefined {
  const name = account.displayName;
  switch (fact.kind) {
    case "account-disabled":
      if (!account.enabled) return undefined;
      return `${name} was disabled ${there} and is enabled in the system now.`;
    case "account-deleted":
      return `${name} was deleted ${there} and is there in the system now.`;
    case "account-locked":
      if (fact.until <= now || isLockedAt(account, now)) return undefined;
      return `${name} was locked ${there} and is not locked in the system now.`;
    case "account-updated":
      return roleLoss(account, fact, there);
    case "password-set": {
      const isOld =
        account.password !== null && account.password.changedAt < fact.password.changedAt;
      if (!isOld) return undefined;
      return `The password of ${name} was changed ${there}; the old one is valid in the system now.`;
    }
    case "code-used":
      if (account.code === null || account.code.expiresAt <= now) return undefined;
      return `The one-time code of ${name} was used ${there} and is valid in the system now.`;
  }
}

function roleLoss(
  account: AccountRow,
  { roles }: MemberOf<Fact, "account-updated">,
  there: string,
): string | undefined {
  const kept = new Set(roles.map(({ role, area }) => `${role} ${area}`));
  const more = account.roles.filter(({ role, area }) => !kept.has(`${role} ${area}`));
  if (more.length === 0) return undefined;
  const names = more.map(({ role, area }) => `${roleName(role)} in ${area}`).join(", ");
  return `${account.displayName} lost the role ${names} ${there} and has it in the system now.`;
}

function groupLoss(
  state: DirectoryState,
  fact: MemberOf<Fact, "group-left" | "group-denied" | "group-deleted">,
  there: string,
): string | undefined {
  const group = state.tables.groups.get(fact.id);
  if (group === undefined) return undefined;
  if (fact.kind === "group-deleted") {
    return `The group ${group.name} was deleted ${there} and is there in the system now.`;
  }
  const account = state.tables.accounts.get(fact.account);
  if (account === undefined) return undefined;
  const { displayName, groups, id } = account;
  if (fact.kind === "group-left") {
    if (!groups.includes(group.id)) return undefined;
    return `${displayName} was taken out of ${group.name} ${there} and is in it now.`;
  }
  if (group.deny.includes(id)) return undefined;
  return `${displayName} was denied in ${group.name} ${there} and is not denied there now.`;
}

function otherLoss(
  fact: MemberOf<
    Fact,
    | "device-renewal-confirmed"
    | "device-replication-set"
    | "session-ended"
    | "policy-set"
    | "invite-tried"
    | "invite-used"
    | "recovery-key-set"
    | "server-removed"
    | "certificate-revoked"
    | "certificate-unmapped"
    | "legacy-peer-removed"
  >,
  there: string,
  { state, now }: Present,
): string | undefined {
  const { certificates, devices, endedSessions, invites, servers, system } = state.tables;
  switch (fact.kind) {
    case "device-renewal-confirmed":
      return renewalLoss(devices.get(fact.id), fact.of, { there, now });
    case "device-replication-set":
      return deviceLoss(devices.get(fact.id), fact.enabled, there);
    case "session-ended":
      if (fact.expiresAt <= now || endedSessions.has(fact.id)) return undefined;
      return `A session was ended ${there} and is valid in the system now.`;
    case "policy-set":
      return policyLoss(state, fact, there);
    case "invite-tried":
    case "invite-used":
      if ((invites.get(fact.name)?.expiresAt ?? 0) <= now) return undefined;
      return `The join code for ${fact.name} was used ${there} and is open in the system now.`;
    case "recovery-key-set":
      if (system.get(singleKey)?.recovery?.publicKey === fact.publicKey) return undefined;
      return `Another recovery key was set ${there}; the old one opens backups.`;
    case "server-removed":
      return serverLoss(servers.get(fact.id), there);
    case "certificate-revoked":
      return certificateLoss(certificates.get(fact.serial), fact.serial, { there, now });
    case "certificate-unmapped":
      return mappingLoss(state, fact.key, there);
    case "legacy-peer-removed":
      if (!isLegacyPeer(state, fact.address, now)) return undefined;
      return `The peer ${fact.address} was taken off the legacy list ${there} and is on it now.`;
  }
}

function serverLoss(server: ServerRow | undefined, there: string): string | undefined {
  if (server === undefined) return undefined;
  return `The server ${server.name} was removed ${there} and is part of the system now.`;
}

function deviceLoss(
  device: DeviceRow | undefined,
  wasEnabled: boolean,
  there: string,
): string | undefined {
  if (wasEnabled || device?.replication.enabled !== true) return undefined;
  return `Replication to ${device.name} was switched off ${there} and is on in the system now.`;
}

/** It may be the newest again, where the renewal was lost too. */
function renewalLoss(
  device: DeviceRow | undefined,
  of: string,
  { there, now }: { readonly there: string; readonly now: Instant },
): string | undefined {
  const counting = [device?.certificate, device?.earlier].find((held) => held?.serial === of);
  if (device === undefined || !counting || counting.notAfter <= now) return undefined;
  return `The certificate ${of} of ${device.name} was replaced for good ${there} and counts now.`;
}

function mappingLoss({ tables }: DirectoryState, key: string, there: string): string | undefined {
  const account = tables.accounts.get(tables.mappings.get(key)?.account ?? "");
  if (account === undefined) return undefined;
  return `The certificate ${key} was taken from ${account.name} ${there} and opens it now.`;
}

/** One that was issued and revoked in the lost part is still out there: it counts as not revoked. */
function certificateLoss(
  row: CertificateRow | undefined,
  serial: string,
  { there, now }: { readonly there: string; readonly now: Instant },
): string | undefined {
  if (row === undefined) return `The certificate ${serial} was revoked ${there}, unknown now.`;
  if (row.revoked !== null || row.notAfter <= now) return undefined;
  return `The certificate of ${row.name} (${serial}) was revoked ${there} and is valid now.`;
}

function policyLoss(
  state: DirectoryState,
  { policy }: MemberOf<Fact, "policy-set">,
  there: string,
): string | undefined {
  const now = state.tables.policies.get(policy.name);
  if (now === undefined) return undefined;
  const isStricter = [
    policy.lengthMin > now.lengthMin,
    policy.classesMin > now.classesMin,
    policy.history > now.history,
    policy.ageMin > now.ageMin,
    lifeOf(policy) < lifeOf(now),
    policy.grace < now.grace,
    Number(policy.mustChange) > Number(now.mustChange),
    policy.words.some((word) => !now.words.includes(word)),
    policy.attempts < now.attempts,
    triesOf(policy) < triesOf(now),
    policy.lockFor > now.lockFor,
  ].includes(true);
  return isStricter
    ? `The policy ${policy.name} was made stricter ${there} than it is in the system now.`
    : undefined;
}

function lifeOf({ expiresAfter }: PolicyRow): number {
  return expiresAfter ?? Number.POSITIVE_INFINITY;
}

function triesOf({ sourceAttempts }: PolicyRow): number {
  return sourceAttempts === 0 ? Number.POSITIVE_INFINITY : sourceAttempts;
}
