import { canonical } from "../base/canonical.ts";
import { ok, type Result } from "../base/result.ts";
import { applyChanges } from "./apply.ts";
import { changesOf } from "./changes-of.ts";
import type { Submission } from "./command.ts";
import { changeStanding, lockAccount } from "./decide-account.ts";
import { setRecoveryKey } from "./decide-backup.ts";
import { allowLegacyPeer } from "./decide-legacy.ts";
import { mapCertificate } from "./decide-mapping.ts";
import { revokeCertificate } from "./decide-certificate.ts";
import { endSession, issueCode, useGrace } from "./decide-credential.ts";
import { issueDeviceCode, registerDevices, setReplication } from "./decide-device.ts";
import { changeMembership, createGroup, deleteGroup } from "./decide-group.ts";
import { setPolicy } from "./decide-policy.ts";
import type { Decision } from "./decision.ts";
import type { Fact } from "./fact.ts";
import type { MemberOf } from "./member-of.ts";
import { refuse, type Refusal, type RefusalCode } from "./refusal.ts";
import { accountAgain, passwordAgain, updateAgain } from "./set-aside-account.ts";
import { rightsAgain } from "./set-aside-rights.ts";
import { conflict, isChangedSince, type Again } from "./set-aside-conflict.ts";
import { singleKey, type DirectoryState } from "./state.ts";
import type { DeviceRow } from "./types.ts";

type Facts = Result<readonly Fact[], Refusal>;

/** Nothing to do: the system is as the lost change left its server, or its time is over. */
const already: Facts = ok([]);

/**
 * A lost change as a new one, decided against the present state by the rules of the command that
 * made it; empty where all of it is so already. Refused where the same thing was changed since in
 * another way. All or nothing.
 */
export function changeAgain(state: DirectoryState, lost: readonly Fact[], again: Again): Facts {
  let present = state;
  const made: Fact[] = [];
  for (const fact of lost) {
    const facts = factAgain(present, fact, again);
    if (!facts.ok) return facts;
    for (const each of facts.value) {
      present = applyChanges(present, changesOf(present, each, again.submission.at));
      made.push(each);
    }
  }
  return ok(made);
}

// oxlint-disable-next-line max-lines-per-function -- one case for each kind, so that none is forgotten
function factAgain(state: DirectoryState, fact: Fact, again: Again): Facts {
  const { submission } = again;
  switch (fact.kind) {
    case "account-created":
      return accountAgain(state, fact.account, submission.at);
    case "account-updated":
      return updateAgain(state, fact, again);
    case "password-set":
      return passwordAgain(state, fact, again);
    case "account-enabled":
    case "account-disabled":
    case "account-deleted":
    case "account-unlocked":
    case "account-locked":
      return standingAgain(state, fact, submission);
    case "grace-used":
      return decidedAgain(useGrace(state, { ...fact, kind: "use-grace" }));
    case "code-issued":
    case "code-used":
      return codeAgain(state, fact, again);
    case "session-ended":
      if (fact.expiresAt <= submission.at) return already;
      return decidedAgain(endSession(state, { ...fact, kind: "end-session" }));
    case "group-created":
    case "group-deleted":
    case "group-joined":
    case "group-left":
    case "group-denied":
    case "group-deny-lifted":
    case "group-administrator-admitted":
      return groupAgain(state, fact, submission);
    case "device-registered":
    case "device-code-issued":
    case "device-enrolled":
    case "device-renewed":
    case "device-renewal-confirmed":
    case "device-replication-set":
      return deviceAgain(state, fact, again);
    case "change-set-recorded":
    case "change-set-undone":
      // What is made again is a change of today, which nobody undoes by the old name.
      return already;
    case "certificate-mapped":
    case "certificate-unmapped":
    case "legacy-peer-allowed":
    case "legacy-peer-removed":
      return peerAgain(state, fact, submission);
    case "rights-set":
    case "role-named":
    case "role-name-removed":
      return rightsAgain(state, fact, again);
    case "certificate-issued":
    case "certificate-revoked":
    case "crl-published":
    case "policy-set":
    case "recovery-key-set":
    case "set-aside-recorded":
    case "set-aside-judged":
      return otherAgain(state, fact, again);
    case "system-created":
    case "authority-created":
    case "authority-requested":
    case "authority-request-closed":
    case "authority-switched":
    case "authority-retired":
    case "invite-issued":
    case "invite-tried":
    case "invite-used":
    case "server-joined":
    case "server-removed":
    case "server-address-set":
    case "system-restored":
    case "mode-changed":
    case "witness-added":
    case "witness-removed":
    case "term-started":
    case "ack-set-changed":
    case "state-digested":
      return refuse("tail.not-repeatable", fact.kind);
  }
}

type FactOf<Kind extends Fact["kind"]> = MemberOf<Fact, Kind>;

/** What the rules of a command made of it; "it is so already" is no refusal here. */
function decidedAgain(decision: Decision): Facts {
  if (decision.ok) return ok(decision.value.facts);
  return alreadyCodes.has(decision.error.code) ? already : decision;
}

const alreadyCodes: ReadonlySet<RefusalCode> = new Set([
  "account.already-enabled",
  "account.already-disabled",
  "account.already-locked",
  "account.grace-settled",
  "credential.session-ended",
  "group.already-member",
  "group.not-member",
  "group.already-denied",
  "group.not-denied",
  "group.already-admitted",
  "device.replication-unchanged",
  "backup.key-unchanged",
  "certificate.already-revoked",
  "legacy.unchanged",
] as const);

function standingAgain(
  state: DirectoryState,
  fact: FactOf<
    | "account-enabled"
    | "account-disabled"
    | "account-deleted"
    | "account-unlocked"
    | "account-locked"
  >,
  submission: Submission,
): Facts {
  const { id } = fact;
  const account = state.tables.accounts.get(id);
  switch (fact.kind) {
    case "account-enabled":
      return decidedAgain(changeStanding(state, { kind: "enable-account", id }, submission));
    case "account-disabled":
      return decidedAgain(changeStanding(state, { kind: "disable-account", id }, submission));
    case "account-deleted":
      if (account === undefined) return already;
      return decidedAgain(changeStanding(state, { kind: "delete-account", id }, submission));
    case "account-unlocked":
      if (account?.lockedUntil === null) return already;
      return decidedAgain(changeStanding(state, { kind: "unlock-account", id }, submission));
    case "account-locked": {
      const { until } = fact;
      if (until <= submission.at) return already;
      return decidedAgain(lockAccount(state, { kind: "lock-account", id, until }, submission));
    }
  }
}

function codeAgain(
  state: DirectoryState,
  fact: FactOf<"code-issued" | "code-used">,
  again: Again,
): Facts {
  const { submission } = again;
  const { id } = fact;
  const account = state.tables.accounts.get(id);
  if (account === undefined) return refuse("account.not-found", id);
  if (fact.kind === "code-used") {
    if (account.code === null) return already;
    if (isChangedSince(state, account.changedAt, again)) return conflict(account.name);
    return ok([fact]);
  }
  const { verifier, expiresAt } = fact.code;
  if (expiresAt <= submission.at || account.code?.verifier === verifier) return already;
  if (isChangedSince(state, account.changedAt, again)) return conflict(account.name);
  return decidedAgain(
    issueCode(state, { kind: "issue-code", id, verifier, expiresAt }, submission),
  );
}

function groupAgain(
  state: DirectoryState,
  fact: FactOf<
    | "group-created"
    | "group-deleted"
    | "group-joined"
    | "group-left"
    | "group-denied"
    | "group-deny-lifted"
    | "group-administrator-admitted"
  >,
  submission: Submission,
): Facts {
  switch (fact.kind) {
    case "group-created": {
      const { id, name, description } = fact.group;
      if (state.tables.groups.has(id)) return already;
      const command = { kind: "create-group", id, name, description } as const;
      return decidedAgain(createGroup(state, command, submission));
    }
    case "group-deleted":
      if (!state.tables.groups.has(fact.id)) return already;
      return decidedAgain(deleteGroup(state, { kind: "delete-group", id: fact.id }));
    case "group-joined":
      return decidedAgain(changeMembership(state, { ...fact, kind: "join-group" }));
    case "group-left":
      return decidedAgain(changeMembership(state, { ...fact, kind: "leave-group" }));
    case "group-denied":
      return decidedAgain(changeMembership(state, { ...fact, kind: "deny-in-group" }));
    case "group-deny-lifted":
      return decidedAgain(changeMembership(state, { ...fact, kind: "lift-deny-in-group" }));
    case "group-administrator-admitted":
      return decidedAgain(changeMembership(state, { ...fact, kind: "admit-administrator" }));
  }
}

function deviceAgain(
  state: DirectoryState,
  fact: FactOf<
    | "device-registered"
    | "device-code-issued"
    | "device-enrolled"
    | "device-renewed"
    | "device-renewal-confirmed"
    | "device-replication-set"
  >,
  again: Again,
): Facts {
  const { submission } = again;
  if (fact.kind === "device-registered") {
    const { id, name, manufacturer, type, accessPoints, area, group } = fact.device;
    if (state.tables.devices.has(id)) return already;
    const devices = [{ id, name, manufacturer, type, accessPoints, area }];
    const command = { kind: "register-devices", devices, group } as const;
    return decidedAgain(registerDevices(state, command, submission));
  }
  const device = state.tables.devices.get(fact.id);
  if (device === undefined) return refuse("device.not-found", fact.id);
  switch (fact.kind) {
    case "device-code-issued":
      if (fact.expiresAt <= submission.at) return already;
      if (isChangedSince(state, device.changedAt, again)) return conflict(device.name);
      return decidedAgain(
        issueDeviceCode(state, { ...fact, kind: "issue-device-code" }, submission),
      );
    case "device-enrolled":
    case "device-renewed":
      if (device.certificate?.serial === fact.serial) return already;
      if (device.status === "lost") return refuse("device.lost", device.name);
      return isChangedSince(state, device.changedAt, again) ? conflict(device.name) : ok([fact]);
    case "device-renewal-confirmed":
      return confirmationAgain(device, fact);
    case "device-replication-set": {
      const { id, enabled } = fact;
      return decidedAgain(setReplication(state, { kind: "set-replication", id, enabled }));
    }
  }
}

/** What counted no more there counts no more here, or is taken away; other certificates stay. */
function confirmationAgain(
  { name, certificate, earlier }: DeviceRow,
  fact: FactOf<"device-renewal-confirmed">,
): Facts {
  if (![certificate?.serial, earlier?.serial].includes(fact.of)) return already;
  return certificate?.serial === fact.serial ? ok([fact]) : conflict(name);
}

function otherAgain(
  state: DirectoryState,
  fact: FactOf<
    | "certificate-issued"
    | "certificate-revoked"
    | "crl-published"
    | "policy-set"
    | "recovery-key-set"
    | "set-aside-recorded"
    | "set-aside-judged"
  >,
  again: Again,
): Facts {
  switch (fact.kind) {
    case "certificate-issued":
      return state.tables.certificates.has(fact.certificate.serial) ? already : ok([fact]);
    case "certificate-revoked":
      return decidedAgain(
        revokeCertificate(state, { ...fact, kind: "revoke-certificate" }, again.submission),
      );
    case "crl-published":
      // The Main of the day makes its own, with a higher number.
      return already;
    case "policy-set":
      return policyAgain(state, fact, again.submission);
    case "recovery-key-set":
      return recoveryKeyAgain(state, fact, again);
    case "set-aside-recorded":
      return state.tables.setAside.has(fact.row.id) ? already : ok([fact]);
    case "set-aside-judged": {
      const row = state.tables.setAside.get(fact.id);
      return row === undefined || row.judged !== null ? already : ok([fact]);
    }
  }
}

/** A policy is set as a whole: one that is otherwise by now was set otherwise by somebody. */
function policyAgain(
  state: DirectoryState,
  { policy }: FactOf<"policy-set">,
  submission: Submission,
): Facts {
  const present = state.tables.policies.get(policy.name);
  if (present === undefined) {
    return decidedAgain(setPolicy(state, { kind: "set-policy", policy }, submission));
  }
  return canonical(present) === canonical(policy) ? already : conflict(`policy ${policy.name}`);
}

function recoveryKeyAgain(
  state: DirectoryState,
  { publicKey }: FactOf<"recovery-key-set">,
  again: Again,
): Facts {
  const present = state.tables.system.get(singleKey)?.recovery ?? null;
  if (present !== null && present.publicKey !== publicKey) {
    if (isChangedSince(state, present.since, again)) return conflict("the recovery key");
  }
  return decidedAgain(setRecoveryKey(state, { kind: "set-recovery-key", publicKey }));
}

/** A mapping that meanwhile leads elsewhere is refused as one that exists. */
function peerAgain(
  state: DirectoryState,
  fact: FactOf<
    "certificate-mapped" | "certificate-unmapped" | "legacy-peer-allowed" | "legacy-peer-removed"
  >,
  submission: Submission,
): Facts {
  switch (fact.kind) {
    case "certificate-mapped": {
      const { key, account } = fact.mapping;
      if (state.tables.mappings.get(key)?.account === account) return already;
      const wanted = { kind: "map-certificate", key, account } as const;
      const decision = mapCertificate(state, wanted, submission);
      return decision.ok ? ok(decision.value.facts) : decision;
    }
    case "certificate-unmapped":
      return state.tables.mappings.has(fact.key) ? ok([fact]) : already;
    case "legacy-peer-allowed": {
      if (fact.peer.until <= submission.at) return already;
      const wanted = { ...fact.peer, kind: "allow-legacy-peer" } as const;
      return decidedAgain(allowLegacyPeer(state, wanted, submission));
    }
    case "legacy-peer-removed":
      return state.tables.legacyPeers.has(fact.address) ? ok([fact]) : already;
  }
}
