import { groupRoutes, type GroupListRow, type GroupView } from "@gridward/core/api/group-routes";
import { groupId } from "@gridward/core/base/identity";
import { ok } from "@gridward/core/base/result";
import { rfc3339, second } from "@gridward/core/base/time";
import type { Command } from "@gridward/core/domain/command";
import { judgeMembers } from "@gridward/core/domain/projection";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { GroupRow } from "@gridward/core/domain/types";
import { freshId } from "@gridward/runtime/os/random";
import type { DeskParts } from "./desk-parts.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { findAccount, findGroup } from "./find-row.ts";
import { giveOrder, repeatedAnswer } from "./order.ts";
import { pageOfRows } from "./page.ts";

/** Everything about replication groups; see `groupRoutes` for what each does. */
export function groupEndpoints(
  parts: DeskParts,
): Readonly<Record<keyof typeof groupRoutes, Endpoint>> {
  return {
    ...groupViews(parts),
    groupCreate: endpoint(groupRoutes.groupCreate, async ({ query, body }, caller) => {
      const { name, description = "" } = body;
      const command: Command = {
        kind: "create-group",
        id: groupId(freshId()),
        name,
        description,
      };
      return giveOrder(parts.front, { command, caller, dryRun: query.dry_run });
    }),
    groupDelete: endpoint(groupRoutes.groupDelete, async ({ params, query }, caller) => {
      const repeated = repeatedAnswer(parts.front, caller);
      if (repeated !== undefined) return ok(repeated);
      const group = findGroup(parts.front.state(), params.name);
      if (!group.ok) return group;
      const command: Command = { kind: "delete-group", id: group.value.id };
      return giveOrder(parts.front, { command, caller, dryRun: query.dry_run });
    }),
    groupAdd: membership(parts, "groupAdd", "join-group"),
    groupRemove: membership(parts, "groupRemove", "leave-group"),
    groupDeny: membership(parts, "groupDeny", "deny-in-group"),
    groupLiftDeny: membership(parts, "groupLiftDeny", "lift-deny-in-group"),
    groupAdmitAdministrator: membership(parts, "groupAdmitAdministrator", "admit-administrator"),
  };
}

function groupViews({
  front,
}: DeskParts): Readonly<Record<"groupList" | "groupShow" | "groupEffective", Endpoint>> {
  return {
    groupList: endpoint(groupRoutes.groupList, ({ query }) => {
      const state = front.state();
      const rows = state.tables.groups.valueSeq().map((group) => showGroupRow(state, group));
      return pageOfRows(rows, query, (row) => `${row.name} ${row.description}`);
    }),
    groupShow: endpoint(groupRoutes.groupShow, ({ params }) => {
      const group = findGroup(front.state(), params.name);
      return group.ok ? ok(showGroup(front.state(), group.value)) : group;
    }),
    groupEffective: endpoint(groupRoutes.groupEffective, ({ params }) => {
      const state = front.state();
      const group = findGroup(state, params.name);
      if (!group.ok) return group;
      const rows = judgeMembers(state, group.value.id)
        .map(({ account, replicated, reason }) => ({ account: account.name, replicated, reason }))
        .toSorted((left, right) => (left.account < right.account ? -1 : 1));
      return ok({ rows });
    }),
  };
}

type MembershipRoute =
  | "groupAdd"
  | "groupRemove"
  | "groupDeny"
  | "groupLiftDeny"
  | "groupAdmitAdministrator";

type MembershipKind =
  | "join-group"
  | "leave-group"
  | "deny-in-group"
  | "lift-deny-in-group"
  | "admit-administrator";

function membership({ front }: DeskParts, route: MembershipRoute, kind: MembershipKind): Endpoint {
  return endpoint(groupRoutes[route], async ({ params, query }, caller) => {
    const group = findGroup(front.state(), params.name);
    if (!group.ok) return group;
    const account = findAccount(front.state(), params.account);
    if (!account.ok) return account;
    const command: Command = { kind, id: group.value.id, account: account.value.id };
    return giveOrder(front, { command, caller, dryRun: query.dry_run });
  });
}

function showGroupRow(state: DirectoryState, group: GroupRow): GroupListRow {
  return {
    name: group.name,
    description: group.description,
    members: state.membersByGroup.get(group.id)?.size ?? 0,
    denied: group.deny.length,
    devices: devicesOf(state, group).length,
    changed_at: rfc3339(group.changedAt),
  };
}

function showGroup(state: DirectoryState, group: GroupRow): GroupView {
  const names = (ids: Iterable<string>): readonly string[] =>
    [...ids].map((id) => state.tables.accounts.get(id)?.name ?? id).toSorted();
  return {
    id: group.id,
    name: group.name,
    description: group.description,
    members: names(state.membersByGroup.get(group.id)?.keys() ?? []),
    deny: names(group.deny),
    administrators: names(group.administrators),
    devices: devicesOf(state, group),
    soft_age_s: Math.round(group.softAge / second),
    hard_age_s: Math.round(group.hardAge / second),
    created_at: rfc3339(group.createdAt),
    changed_at: rfc3339(group.changedAt),
  };
}

function devicesOf(state: DirectoryState, group: GroupRow): readonly string[] {
  return state.tables.devices
    .valueSeq()
    .filter((device) => device.group === group.id)
    .map(({ name }) => name)
    .toArray()
    .toSorted();
}
