import { rfc3339 } from "../base/time.ts";
import type { Fact } from "./fact.ts";
import type { MemberOf } from "./member-of.ts";
import { roleName } from "./roles.ts";
import type { SecurityEventNumber } from "./security-event.ts";
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
      return [[2110, [fact.account.name, ...rolesText(fact.account.roles)].join(" ")]];
    case "account-updated":
      return updated(fact, states);
    case "account-deleted":
      return [[2120, nameOf(states, "accounts", fact.id)]];
    case "account-enabled":
    case "account-disabled":
    case "account-locked":
    case "account-unlocked":
      return [[20140, `${nameOf(states, "accounts", fact.id)} ${statusText(fact)}`]];
    case "password-set":
      return [[2210, nameOf(states, "accounts", fact.id)]];
    case "code-issued":
    case "code-used":
      return [[20150, `${nameOf(states, "accounts", fact.id)}: ${fact.kind.slice(5)}`]];
    case "session-ended":
      return [[1210, ""]];
    case "policy-set":
      return [[20160, fact.policy.name]];
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
    case "server-joined":
    case "server-address-set":
    case "server-removed":
    case "term-started":
    case "ack-set-changed":
      return [[20050, pairText(fact, states)]];
    case "system-created":
    case "system-restored":
    case "recovery-key-set":
    case "authority-created":
    case "authority-switched":
    case "authority-retired":
    case "witness-added":
    case "witness-removed":
    case "mode-changed":
      return [[20190, systemText(fact)]];
    case "set-aside-recorded":
    case "set-aside-judged":
      return [[20200, setAsideText(fact, states)]];
    case "crl-published":
    case "state-digested":
    case "invite-tried":
      return [];
  }
}

function nameOf(
  { before, after }: StatesAround,
  table: "accounts" | "groups" | "devices" | "servers",
  id: string,
): string {
  const row = after.tables[table].get(id) ?? before.tables[table].get(id);
  return row?.name ?? id;
}

function rolesText(roles: readonly RoleAssignment[]): readonly string[] {
  return roles.map(({ role, area }) => `${roleName(role)}@${area}`);
}

/** One event for roles given, one for roles taken, and the first where neither is. */
function updated(fact: FactOf<"account-updated">, states: StatesAround): readonly Told[] {
  const name = nameOf(states, "accounts", fact.id);
  const had = rolesText(states.before.tables.accounts.get(fact.id)?.roles ?? []);
  const has = rolesText(fact.roles);
  const given = has.filter((role) => !had.includes(role));
  const taken = had.filter((role) => !has.includes(role));
  const lost: readonly Told[] = taken.length > 0 ? [[2170, [name, ...taken].join(" ")]] : [];
  if (given.length === 0 && lost.length > 0) return lost;
  const won = given.length > 0 ? given.join(" ") : `policy ${fact.policy}, ${fact.displayName}`;
  return [[2160, `${name} ${won}`], ...lost];
}

function statusText(
  fact: FactOf<"account-enabled" | "account-disabled" | "account-locked" | "account-unlocked">,
): string {
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

function pairText(
  fact: FactOf<
    | "invite-issued"
    | "invite-used"
    | "server-joined"
    | "server-address-set"
    | "server-removed"
    | "term-started"
    | "ack-set-changed"
  >,
  states: StatesAround,
): string {
  switch (fact.kind) {
    case "invite-issued":
      return `${fact.invite.name} invited`;
    case "invite-used":
      return `invitation of ${fact.name} used`;
    case "server-joined":
      return `${fact.server.name} joined at ${fact.server.address}`;
    case "server-address-set": {
      const server = nameOf(states, "servers", fact.id);
      return `server ${server} at ${fact.address}, backup ${fact.backup ?? "none"}`;
    }
    case "server-removed":
      return `${nameOf(states, "servers", fact.id)} removed`;
    case "term-started": {
      const { term, owner, by } = fact.pair;
      return `${nameOf(states, "servers", owner)} is Main in term ${term} by ${by}`;
    }
    case "ack-set-changed": {
      const holders = fact.ackSet.map((id) => nameOf(states, "servers", id)).join(", ");
      const why = fact.unprotected === null ? "" : `: ${fact.unprotected.reason}`;
      return `changes are held by ${holders}${why}`;
    }
  }
}

function systemText(
  fact: FactOf<
    | "system-created"
    | "system-restored"
    | "recovery-key-set"
    | "authority-created"
    | "authority-switched"
    | "authority-retired"
    | "witness-added"
    | "witness-removed"
    | "mode-changed"
  >,
): string {
  switch (fact.kind) {
    case "system-created":
      return `system ${fact.system.base} created`;
    case "system-restored":
      return `restored from the backup of ${rfc3339(fact.backup.at)}, change ${fact.backup.seq}`;
    case "recovery-key-set":
      return "recovery key set";
    case "authority-created":
      return `authority ${fact.authority.id} made`;
    case "authority-switched":
      return `authority ${fact.to} issues after ${fact.from}`;
    case "authority-retired":
      return `authority ${fact.id} given up`;
    case "witness-added":
      return `witness ${fact.witness.address} added`;
    case "witness-removed":
      return "witness removed";
    case "mode-changed":
      return `mode ${fact.mode}`;
  }
}

function setAsideText(
  fact: FactOf<"set-aside-recorded" | "set-aside-judged">,
  states: StatesAround,
): string {
  if (fact.kind === "set-aside-judged") {
    return `${fact.id} ${fact.verdict} by ${fact.by}: ${fact.reason}`;
  }
  const { id, kind, actor, node } = fact.row;
  return `${kind} of ${actor.name} at ${nameOf(states, "servers", node)} set aside as ${id}`;
}
