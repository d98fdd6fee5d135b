import { changeAccounts, undoChangeSet } from "./decide-change-set.ts";
import type { RequestId } from "../base/identity.ts";
import type { Submission } from "./command.ts";
import {
  requestAuthority,
  retireAuthority,
  startRollOver,
  switchAuthority,
  withdrawAuthorityRequest,
} from "./decide-authority.ts";
import { changeStanding, createAccount, lockAccount, updateAccount } from "./decide-account.ts";
import {
  issueCertificate,
  publishCrl,
  renewServer,
  revokeCertificate,
} from "./decide-certificate.ts";
import { endSession, issueCode, replacePassword, useGrace } from "./decide-credential.ts";
import {
  admitDevice,
  confirmRenewal,
  enrolDevice,
  issueDeviceCode,
  registerDevices,
  renewDevice,
  setReplication,
} from "./decide-device.ts";
import { changeMembership, createGroup, deleteGroup } from "./decide-group.ts";
import { allowLegacyPeer, removeLegacyPeer } from "./decide-legacy.ts";
import { mapCertificate, unmapCertificate } from "./decide-mapping.ts";
import {
  changeAckSet,
  issueInvite,
  joinServer,
  setServerAddress,
  spendInviteTry,
  startTerm,
} from "./decide-pair.ts";
import { removeServer } from "./decide-remove.ts";
import { restoreSystem, setRecoveryKey } from "./decide-backup.ts";
import { decideRights } from "./decide-rights.ts";
import { recordSetAside, rejectSetAside, reapplySetAside } from "./decide-set-aside.ts";
import { setPolicy } from "./decide-policy.ts";
import { createSystem } from "./decide-system.ts";
import { addWitness, removeWitness } from "./decide-witness.ts";
import { decided, type CommandOf, type Decision } from "./decision.ts";
import { checkPermission } from "./permissions.ts";
import { refuse } from "./refusal.ts";
import { singleKey, type DirectoryState } from "./state.ts";
import type { RequestRow } from "./types.ts";

/**
 * The policy of the whole system: a command, judged against the state, becomes facts or a refusal.
 * Pure; ids, time, hashes and seals come with the command. Repeats are answered by the caller with
 * `findAnswer` before it asks here.
 */
export function decide(state: DirectoryState, submission: Submission): Decision {
  const { command } = submission;
  if (command.kind !== "create-system" && !state.tables.system.has(singleKey)) {
    return refuse("system.blank", command.kind);
  }
  const refusal = checkPermission(state, submission);
  if (refusal !== undefined) return { ok: false, error: refusal };
  return decideCommand(state, submission);
}

// oxlint-disable-next-line max-lines-per-function -- one case for each kind, so that none is forgotten
function decideCommand(state: DirectoryState, submission: Submission): Decision {
  const { command } = submission;
  switch (command.kind) {
    case "create-system":
      return createSystem(state, command, submission);
    case "create-account":
    case "update-account":
      return decideAccount(state, command, submission);
    case "enable-account":
    case "disable-account":
    case "delete-account":
    case "unlock-account":
      return changeStanding(state, command, submission);
    case "change-accounts":
      return changeAccounts(state, command, submission);
    case "undo-change-set":
      return undoChangeSet(state, command, submission);
    case "lock-account":
      return lockAccount(state, command, submission);
    case "use-grace":
    case "set-password":
    case "change-password":
    case "issue-code":
      return decideCredential(state, command, submission);
    case "end-session":
      return endSession(state, command);
    case "set-policy":
    case "set-recovery-key":
    case "restore-system":
      return decideSystem(state, command, submission);
    case "set-right":
    case "replace-rights":
    case "create-role":
    case "delete-role":
      return decideRights(state, command, submission);
    case "create-group":
    case "delete-group":
    case "join-group":
    case "leave-group":
    case "deny-in-group":
    case "lift-deny-in-group":
    case "admit-administrator":
      return decideGroup(state, command, submission);
    case "record-set-aside":
    case "reapply-set-aside":
    case "reject-set-aside":
      return decideSetAside(state, command, submission);
    case "register-devices":
    case "issue-device-code":
    case "enrol-device":
    case "admit-device":
    case "renew-device":
    case "confirm-renewal":
    case "set-replication":
      return decideDevice(state, command, submission);
    case "issue-certificate":
    case "revoke-certificate":
    case "publish-crl":
    case "renew-server":
    case "request-authority":
    case "withdraw-authority-request":
    case "start-roll-over":
    case "switch-authority":
    case "retire-authority":
      return decideCertificate(state, command, submission);
    case "map-certificate":
      return mapCertificate(state, command, submission);
    case "unmap-certificate":
      return unmapCertificate(state, command);
    case "allow-legacy-peer":
      return allowLegacyPeer(state, command, submission);
    case "remove-legacy-peer":
      return removeLegacyPeer(state, command);
    case "issue-invite":
    case "spend-invite-try":
    case "join-server":
    case "set-server-address":
    case "remove-server":
    case "add-witness":
    case "remove-witness":
    case "start-term":
    case "change-ack-set":
    case "digest-state":
      return decidePair(state, command, submission);
  }
}

function decideAccount(
  state: DirectoryState,
  command: CommandOf<"create-account" | "update-account">,
  submission: Submission,
): Decision {
  return command.kind === "create-account"
    ? createAccount(state, command, submission)
    : updateAccount(state, command, submission);
}

function decideCredential(
  state: DirectoryState,
  command: CommandOf<"use-grace" | "set-password" | "change-password" | "issue-code">,
  submission: Submission,
): Decision {
  if (command.kind === "use-grace") return useGrace(state, command);
  return command.kind === "issue-code"
    ? issueCode(state, command, submission)
    : replacePassword(state, command, submission);
}

function decideGroup(
  state: DirectoryState,
  command: CommandOf<
    | "create-group"
    | "delete-group"
    | "join-group"
    | "leave-group"
    | "deny-in-group"
    | "lift-deny-in-group"
    | "admit-administrator"
  >,
  submission: Submission,
): Decision {
  if (command.kind === "create-group") return createGroup(state, command, submission);
  return command.kind === "delete-group"
    ? deleteGroup(state, command)
    : changeMembership(state, command);
}

function decideSystem(
  state: DirectoryState,
  command: CommandOf<"set-policy" | "set-recovery-key" | "restore-system">,
  submission: Submission,
): Decision {
  switch (command.kind) {
    case "set-policy":
      return setPolicy(state, command, submission);
    case "set-recovery-key":
      return setRecoveryKey(state, command);
    case "restore-system":
      return restoreSystem(state, command, submission);
  }
}

function decideSetAside(
  state: DirectoryState,
  command: CommandOf<"record-set-aside" | "reapply-set-aside" | "reject-set-aside">,
  submission: Submission,
): Decision {
  switch (command.kind) {
    case "record-set-aside":
      return recordSetAside(state, command, submission);
    case "reapply-set-aside":
      return reapplySetAside(state, command, submission);
    case "reject-set-aside":
      return rejectSetAside(state, command, submission);
  }
}

function decideDevice(
  state: DirectoryState,
  command: CommandOf<
    | "register-devices"
    | "issue-device-code"
    | "enrol-device"
    | "admit-device"
    | "renew-device"
    | "confirm-renewal"
    | "set-replication"
  >,
  submission: Submission,
): Decision {
  switch (command.kind) {
    case "register-devices":
      return registerDevices(state, command, submission);
    case "issue-device-code":
      return issueDeviceCode(state, command, submission);
    case "enrol-device":
      return enrolDevice(state, command, submission);
    case "admit-device":
      return admitDevice(state, command, submission);
    case "renew-device":
      return renewDevice(state, command, submission);
    case "confirm-renewal":
      return confirmRenewal(state, command);
    case "set-replication":
      return setReplication(state, command);
  }
}

function decideCertificate(
  state: DirectoryState,
  command: CommandOf<
    | "issue-certificate"
    | "revoke-certificate"
    | "publish-crl"
    | "renew-server"
    | "request-authority"
    | "withdraw-authority-request"
    | "start-roll-over"
    | "switch-authority"
    | "retire-authority"
  >,
  submission: Submission,
): Decision {
  switch (command.kind) {
    case "issue-certificate":
      return issueCertificate(state, command);
    case "revoke-certificate":
      return revokeCertificate(state, command, submission);
    case "publish-crl":
      return publishCrl(state, command);
    case "renew-server":
      return renewServer(state, command, submission);
    case "request-authority":
      return requestAuthority(state, command);
    case "withdraw-authority-request":
      return withdrawAuthorityRequest(state);
    case "start-roll-over":
      return startRollOver(state, command);
    case "switch-authority":
      return switchAuthority(state, submission);
    case "retire-authority":
      return retireAuthority(state, submission);
  }
}

function decidePair(
  state: DirectoryState,
  command: CommandOf<
    | "issue-invite"
    | "spend-invite-try"
    | "join-server"
    | "set-server-address"
    | "remove-server"
    | "add-witness"
    | "remove-witness"
    | "start-term"
    | "change-ack-set"
    | "digest-state"
  >,
  submission: Submission,
): Decision {
  switch (command.kind) {
    case "issue-invite":
      return issueInvite(state, command, submission);
    case "spend-invite-try":
      return spendInviteTry(state, command, submission);
    case "join-server":
      return joinServer(state, command, submission);
    case "set-server-address":
      return setServerAddress(state, command);
    case "remove-server":
      return removeServer(state, command, submission);
    case "add-witness":
      return addWitness(state, command);
    case "remove-witness":
      return removeWitness(state);
    case "start-term":
      return startTerm(state, command);
    case "change-ack-set":
      return changeAckSet(state, command);
    case "digest-state":
      return decided([{ kind: "state-digested", seq: command.seq, digest: command.digest }]);
  }
}

/** The first answer to a request that came before (rule I11), if it is among those kept. */
export function findAnswer(state: DirectoryState, id: RequestId): RequestRow | undefined {
  const key = state.requestsById.get(id);
  return key === undefined ? undefined : state.tables.requests.get(key);
}
