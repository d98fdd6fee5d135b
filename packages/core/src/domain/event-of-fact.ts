import { rfc3339 } from "../base/time.ts";
import type { Fact } from "./fact.ts";
import type { MemberOf } from "./member-of.ts";
import { nameOfRole } from "./private-roles.ts";
import type { SecurityEventNumber } from "./security-event.ts";
import { namedServers, withNames } from "./server-names.ts";
import type { DirectoryState } from "./state.ts";
import type { RoleAssignment } from "./types.ts";

type FactOf<Kind extends Fact["kind"]> = MemberOf<Fact, Kind>;

/** A number of the catalogue, and whom or what it is about. */
type Told = readonly [event: SecurityEventNumber, about: string];

/** Before and after the fact: what was made is in the one, what was taken away in the other. */
export interface StatesAround {
  readonly before: DirectoryState;
  readonly after: DirectoryState;
}

/**
 * The events that stand for a fact, in words that name people and things where it only numbers them
 * (AM7). None for what is routine: the next revocation list, a proof of the state, a wrong code of
 * an invitation, which counts down to its end.
 */
// oxlint-disable-next-line max-lines-per-function -- one case for each kind, so that none is forgotten
export function eventsOfFact(fact: Fact, states: StatesAround): readonly Told[] {
  switch (fact.kind) {
    case "account-created":
      return [[2110, [fact.account.name, ...rolesText(fact.account.roles, states)].join(" ")]];
    case "account-updated":
      return updated(fact, states);
    case "account-deleted":
      return [[2120, nameOf(states, "accounts", fact.id)]];
    case "account-enabled":
    case "account-disabled":
    case "account-locked":
    case "account-unlocked":
    case "grace-used":
      return [[20140, `${nameOf(states, "accounts", fact.id)} ${statusText(fact, states)}`]];
    case "password-set":
      return [[2210, nameOf(states, "accounts", fact.id)]];
    case "code-issued":
    case "code-used":
      return [[20230, `${nameOf(states, "accounts", fact.id)}: ${fact.kind.slice(5)}`]];
    case "session-ended":
      return [[1210, ""]];
    case "policy-set":
      return [[20160, fact.policy.name]];
    case "rights-set":
    case "role-named":
    case "role-name-removed":
      return [[20150, rightsText(fact, states)]];
    case "change-set-recorded":
    case "change-set-undone":
      return [[20240, changeSetText(fact)]];
    case "group-created":
    case "group-deleted":
    case "group-joined":
    case "group-left":
    case "group-denied":
    case "group-deny-lifted":
    case "group-administrator-admitted":
      return [[20170, groupText(fact, states)]];
    case "device-registered":
    case "device-code-issued":
    case "device-enrolled":
    case "device-replication-set":
      return [[20180, deviceText(fact, states)]];
    case "certificate-issued":
    case "certificate-revoked":
    case "device-renewed":
    case "device-renewal-confirmed":
      return [[20090, certificateText(fact, states)]];
    case "certificate-mapped":
    case "certificate-unmapped":
    case "legacy-peer-allowed":
    case "legacy-peer-removed":
      return [[20120, peerText(fact, states)]];
    case "invite-issued":
    case "invite-used":
    case "server-address-set":
      return [[20050, orderText(fact, states)]];
    case "term-started":
    case "ack-set-changed":
    case "mode-changed":
    case "server-joined":
    case "server-removed":
    case "witness-added":
    case "witness-removed":
    case "system-restored":
    case "set-aside-judged":
      return [[20130, byServerNames(pairText(fact), states)]];
    case "set-aside-recorded":
      return [[20200, setAsideText(fact, states)]];
    case "system-created":
    case "recovery-key-set":
    case "authority-created":
    case "authority-requested":
    case "authority-request-closed":
    case "authority-switched":
    case "authority-retired":
      return [[20190, systemText(fact)]];
    case "crl-published":
    case "state-digested":
    case "invite-tried":
      return [];
  }
}

function nameOf(
  { before, after }: StatesAround,
  table: "accounts" | "groups" | "devices",
  id: string,
): string {
  const row = after.tables[table].get(id) ?? before.tables[table].get(id);
  return row?.name ?? id;
}

function rolesText(roles: readonly RoleAssignment[], { after }: StatesAround): readonly string[] {
  return roles.map(({ role, area }) => `${nameOfRole(after, role)}@${area}`);
}

/** One event for roles given, one for roles taken, and the first where neither is. */
function updated(fact: FactOf<"account-updated">, states: StatesAround): readonly Told[] {
  const name = nameOf(states, "accounts", fact.id);
  const had = rolesText(states.before.tables.accounts.get(fact.id)?.roles ?? [], states);
  const has = rolesText(fact.roles, states);
  const given = has.filter((role) => !had.includes(role));
  const taken = had.filter((role) => !has.includes(role));
  const lost: readonly Told[] = taken.length > 0 ? [[2170, [name, ...taken].join(" ")]] : [];
  if (given.length === 0 && lost.length > 0) return lost;
  const won = given.length > 0 ? given.join(" ") : `policy ${fact.policy}, ${fact.displayName}`;
  return [[2160, `${name} ${won}`], ...lost];
}

function statusText(
  fact: FactOf<
    "account-enabled" | "account-disabled" | "account-locked" | "account-unlocked" | "grace-used"
  >,
  states: StatesAround,
): string {
  if (fact.kind === "grace-used") {
    return `signed in by grace at ${byServerNames(fact.use.server, states)}, its password has ended`;
  }
  const status = fact.kind.slice("account-".length);
  return fact.kind === "account-locked" ? `${status} until ${rfc3339(fact.until)}` : status;
}

function groupText(
  fact: FactOf<
    | "group-created"
    | "group-deleted"
    | "group-joined"
    | "group-left"
    | "group-denied"
    | "group-deny-lifted"
    | "group-administrator-admitted"
  >,
  states: StatesAround,
): string {
  const done = fact.kind.slice("group-".length);
  if (fact.kind === "group-created") return `${fact.group.name}: ${done}`;
  const group = `${nameOf(states, "groups", fact.id)}: ${done}`;
  return fact.kind === "group-deleted"
    ? group
    : `${group} ${nameOf(states, "accounts", fact.account)}`;
}

function deviceText(
  fact: FactOf<
    "device-registered" | "device-code-issued" | "device-enrolled" | "device-replication-set"
  >,
  states: StatesAround,
): string {
  switch (fact.kind) {
    case "device-registered":
      return `${fact.device.name} registered`;
    case "device-code-issued":
      return `${nameOf(states, "devices", fact.id)}: package made`;
    case "device-enrolled":
      return `${nameOf(states, "devices", fact.id)} enrolled, serial number ${fact.serial}`;
    case "device-replication-set":
      return `${nameOf(states, "devices", fact.id)}: replication ${fact.enabled ? "on" : "off"}`;
  }
}

function certificateText(
  fact: FactOf<
    "certificate-issued" | "certificate-revoked" | "device-renewed" | "device-renewal-confirmed"
  >,
  states: StatesAround,
): string {
  switch (fact.kind) {
    case "certificate-issued": {
      const { profile, name, serial } = fact.certificate;
      return `${profile} ${name}, serial number ${serial}, issued`;
    }
    case "certificate-revoked":
      return `serial number ${fact.serial} revoked: ${fact.reason}`;
    case "device-renewed": {
      const device = nameOf(states, "devices", fact.id);
      return `the device ${device} renewed serial number ${fact.of} to ${fact.serial}`;
    }
    case "device-renewal-confirmed": {
      const device = nameOf(states, "devices", fact.id);
      return `serial number ${fact.of} replaced: the device ${device} was seen with ${fact.serial}`;
    }
  }
}

function peerText(
  fact: FactOf<
    "certificate-mapped" | "certificate-unmapped" | "legacy-peer-allowed" | "legacy-peer-removed"
  >,
  states: StatesAround,
): string {
  switch (fact.kind) {
    case "certificate-mapped": {
      const { key, account } = fact.mapping;
      return `${key} leads to the account ${nameOf(states, "accounts", account)}`;
    }
    case "certificate-unmapped":
      return `${fact.key} leads to nobody any more`;
    case "legacy-peer-allowed": {
      const { address, owner, reason, until } = fact.peer;
      return `legacy peer ${address} of ${owner} until ${rfc3339(until)}: ${reason}`;
    }
    case "legacy-peer-removed":
      return `legacy peer ${fact.address} removed`;
  }
}

function orderText(
  fact: FactOf<"invite-issued" | "invite-used" | "server-address-set">,
  states: StatesAround,
): string {
  switch (fact.kind) {
    case "invite-issued":
      return `${fact.invite.name} invited`;
    case "invite-used":
      return `invitation of ${fact.name} used`;
    case "server-address-set": {
      const server = byServerNames(fact.id, states);
      return `server ${server} at ${fact.address}, backup ${fact.backup ?? "none"}`;
    }
  }
}

/** The rules of the pair, and the reasons that they give, know servers by their ids. */
function byServerNames(text: string, { before, after }: StatesAround): string {
  return withNames(text, [...namedServers(after), ...namedServers(before)]);
}

/** HS19: what all servers of the system know of their pair, the same on each, by the servers' ids. */
function pairText(
  fact: FactOf<
    | "term-started"
    | "ack-set-changed"
    | "mode-changed"
    | "server-joined"
    | "server-removed"
    | "witness-added"
    | "witness-removed"
    | "system-restored"
    | "set-aside-judged"
  >,
): string {
  switch (fact.kind) {
    case "term-started": {
      const { term, owner, by, ackSet, mode } = fact.pair;
      return `term ${term} of ${owner} by ${by}; ack set ${ackSet.join(", ")}; mode ${mode}`;
    }
    case "ack-set-changed": {
      const alone = fact.unprotected;
      const since = alone && `; one copy since ${rfc3339(alone.since)}: ${alone.reason}`;
      return `ack set ${fact.ackSet.join(", ")}${since ?? ""}`;
    }
    case "mode-changed":
      return `mode ${fact.mode}`;
    case "server-joined":
      return `server ${fact.server.name} joined (${fact.server.kind})`;
    case "server-removed":
      return `server ${fact.id} removed by ${fact.by}`;
    case "witness-added":
      return `witness at ${fact.witness.address}, port ${fact.witness.port}, added`;
    case "witness-removed":
      return "witness removed";
    case "system-restored":
      return `system restored from the backup of ${rfc3339(fact.backup.at)}, change ${fact.backup.seq}`;
    case "set-aside-judged":
      return `set-aside change ${fact.id} ${fact.verdict} by ${fact.by}: ${fact.reason}`;
  }
}

function rightsText(
  fact: FactOf<"rights-set" | "role-named" | "role-name-removed">,
  { before }: StatesAround,
): string {
  switch (fact.kind) {
    case "rights-set":
      return `role-to-right map ${fact.map.name} is at revision ${fact.map.revision}`;
    case "role-named":
      return `private role ${fact.role.role} is ${fact.role.name}`;
    case "role-name-removed": {
      const had = before.tables.privateRoles.get(String(fact.role))?.name;
      const was = had === undefined ? "" : `, was ${had}`;
      return `private role ${fact.role} has no name any more${was}`;
    }
  }
}

function changeSetText(fact: FactOf<"change-set-recorded" | "change-set-undone">): string {
  if (fact.kind === "change-set-undone") return `change set ${fact.id} undone by ${fact.by}`;
  const { id, what, by, accounts } = fact;
  return `change set ${id} (${what}) of ${accounts.length} present accounts by ${by}`;
}

function systemText(
  fact: FactOf<
    | "system-created"
    | "recovery-key-set"
    | "authority-created"
    | "authority-requested"
    | "authority-request-closed"
    | "authority-switched"
    | "authority-retired"
  >,
): string {
  switch (fact.kind) {
    case "system-created":
      return `system ${fact.system.base} created`;
    case "recovery-key-set":
      return "recovery key set";
    case "authority-created":
      return `authority ${fact.authority.id} made`;
    case "authority-requested":
      return `authority ${fact.request.id} requested`;
    case "authority-request-closed":
      return `request of authority ${fact.id} closed`;
    case "authority-switched":
      return `authority ${fact.to} issues after ${fact.from}`;
    case "authority-retired":
      return `authority ${fact.id} given up`;
  }
}

function setAsideText({ row }: FactOf<"set-aside-recorded">, states: StatesAround): string {
  const { id, kind, actor, node } = row;
  return `${kind} of ${actor.name} at ${byServerNames(node, states)} set aside as ${id}`;
}
