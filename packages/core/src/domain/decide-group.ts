import type { Submission } from "./command.ts";
import { decided, type CommandOf, type Decision } from "./decision.ts";
import {
  descriptionLengthMax,
  groupsPerAccountMax,
  replicaHardAge,
  replicaSoftAge,
} from "./limits.ts";
import { isPlainText, parseGroupName } from "./names.ts";
import { refuse } from "./refusal.ts";
import { isAdministrative } from "./roles.ts";
import type { DirectoryState } from "./state.ts";
import type { AccountRow, GroupRow } from "./types.ts";

export function createGroup(
  state: DirectoryState,
  command: CommandOf<"create-group">,
  { at }: Submission,
): Decision {
  const name = parseGroupName(command.name);
  if (!name.ok) return name;
  for (const group of state.tables.groups.values()) {
    if (group.name === name.value || group.id === command.id) {
      return refuse("group.exists", name.value);
    }
  }
  if (!isPlainText(command.description, descriptionLengthMax)) {
    return refuse("group.bad-description", name.value);
  }
  const group: GroupRow = {
    id: command.id,
    name: name.value,
    description: command.description,
    deny: [],
    administrators: [],
    softAge: replicaSoftAge,
    hardAge: replicaHardAge,
    createdAt: at,
    changedAt: at,
  };
  return decided([{ kind: "group-created", group }], { id: group.id });
}

/** Its members stay; a device must follow some group, so the last device must have left (AM4). */
export function deleteGroup(state: DirectoryState, command: CommandOf<"delete-group">): Decision {
  const group = state.tables.groups.get(command.id);
  if (group === undefined) return refuse("group.not-found", command.id);
  for (const device of state.tables.devices.values()) {
    if (device.group === group.id) return refuse("group.in-use", device.name);
  }
  return decided([{ kind: "group-deleted", id: group.id }]);
}

type Membership = CommandOf<
  "join-group" | "leave-group" | "deny-in-group" | "lift-deny-in-group" | "admit-administrator"
>;

export function changeMembership(state: DirectoryState, command: Membership): Decision {
  const group = state.tables.groups.get(command.id);
  if (group === undefined) return refuse("group.not-found", command.id);
  const account = state.tables.accounts.get(command.account);
  if (account === undefined) return refuse("account.not-found", command.account);
  const detail = `${account.name} in ${group.name}`;
  const change = { id: group.id, account: account.id };
  switch (command.kind) {
    case "join-group":
      return joinGroup(group, account);
    case "leave-group":
      if (!account.groups.includes(group.id)) return refuse("group.not-member", detail);
      return decided([{ kind: "group-left", ...change }]);
    case "deny-in-group":
      if (group.deny.includes(account.id)) return refuse("group.already-denied", detail);
      return decided([{ kind: "group-denied", ...change }]);
    case "lift-deny-in-group":
      if (!group.deny.includes(account.id)) return refuse("group.not-denied", detail);
      return decided([{ kind: "group-deny-lifted", ...change }]);
    case "admit-administrator":
      return admitAdministrator(group, account);
  }
}

function joinGroup(group: GroupRow, account: AccountRow): Decision {
  if (account.groups.includes(group.id)) {
    return refuse("group.already-member", `${account.name} in ${group.name}`);
  }
  if (account.groups.length >= groupsPerAccountMax) {
    return refuse("account.too-many-groups", account.name);
  }
  return decided([{ kind: "group-joined", id: group.id, account: account.id }]);
}

/** Nobody is admitted in advance: a role given later would open devices without anybody's word. */
function admitAdministrator(group: GroupRow, account: AccountRow): Decision {
  const detail = `${account.name} in ${group.name}`;
  if (!account.groups.includes(group.id)) return refuse("group.not-member", detail);
  if (!account.roles.some(({ role }) => isAdministrative(role))) {
    return refuse("group.not-administrator", account.name);
  }
  if (group.administrators.includes(account.id)) return refuse("group.already-admitted", detail);
  return decided([{ kind: "group-administrator-admitted", id: group.id, account: account.id }]);
}
