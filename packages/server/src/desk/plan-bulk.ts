import type { ChangeBody } from "@gridward/core/api/account-set-routes";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Refusal } from "@gridward/core/domain/refusal";
import { findRole } from "@gridward/core/domain/private-roles";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { AccountRow, RoleAssignment } from "@gridward/core/domain/types";
import { chooseAccounts } from "./choose-accounts.ts";
import { findAccount } from "./find-row.ts";
import { findGroups, type Planned } from "./plan-import.ts";
import { readRoles, withValidity } from "./read-roles.ts";

/** The same change for every account that is named or chosen; refused is what concerns all of them. */
export function planBulk(
  state: DirectoryState,
  { accounts, change }: ChangeBody,
): Result<readonly Planned[], Refusal> {
  const chosen = choose(state, accounts);
  if (!chosen.ok) return chosen;
  if (chosen.value.length === 0) return err({ code: "account.none", detail: "" });
  if (change.action !== "update") {
    const { action } = change;
    return ok(
      chosen.value.map((one) =>
        plannedFor(one, ({ id, changedAt: seen }) => {
          if (action === "delete" || action === "unlock") return ok({ kind: action, id, seen });
          return ok({ kind: "update", id, seen, enabled: action === "enable" });
        }),
      ),
    );
  }
  const wish = readWish(state, change);
  if (!wish.ok) return wish;
  return ok(chosen.value.map((one) => plannedFor(one, (account) => update(account, wish.value))));
}

type Chosen = { readonly name: string; readonly account: Result<AccountRow, Refusal> };

function plannedFor(
  { name, account }: Chosen,
  plan: (account: AccountRow) => Planned["plan"],
): Planned {
  return { line: null, name, plan: account.ok ? plan(account.value) : account };
}

function choose(
  state: DirectoryState,
  wanted: ChangeBody["accounts"],
): Result<readonly Chosen[], Refusal> {
  if ("names" in wanted) {
    return ok(wanted.names.map((name) => ({ name, account: findAccount(state, name) })));
  }
  const rows = chooseAccounts(state, wanted);
  if (!rows.ok) return rows;
  return ok(
    rows.value
      .toSorted((left, right) => (left.name < right.name ? -1 : 1))
      .map((account) => ({ name: account.name, account: ok(account) })),
  );
}

type UpdateBody = Extract<ChangeBody["change"], { readonly action: "update" }>;

interface Wish {
  readonly body: UpdateBody;
  readonly roles: readonly RoleAssignment[] | null;
  readonly added: readonly RoleAssignment[];
  readonly removed: ReadonlySet<number>;
  readonly joined: AccountRow["groups"];
  readonly left: AccountRow["groups"];
}

function readWish(state: DirectoryState, body: UpdateBody): Result<Wish, Refusal> {
  const roles = body.roles === undefined ? ok(null) : readRoles(state, body.roles);
  if (!roles.ok) return roles;
  const added = readRoles(state, body.add_roles ?? []);
  if (!added.ok) return added;
  const removed = new Set<number>();
  for (const name of body.remove_roles ?? []) {
    const role = findRole(state, name);
    if (!role.ok) return role;
    removed.add(role.value);
  }
  const joined = findGroups(state, body.add_groups ?? []);
  if (!joined.ok) return joined;
  const left = findGroups(state, body.remove_groups ?? []);
  if (!left.ok) return left;
  return ok({
    body,
    roles: roles.value,
    added: added.value,
    removed,
    joined: joined.value,
    left: left.value,
  });
}

/** A role that is given again for the same area takes the place of the one before. */
function update(account: AccountRow, wish: Wish): Planned["plan"] {
  const { body, added, removed, joined, left } = wish;
  const place = ({ role, area }: RoleAssignment): string => `${role} ${area}`;
  const replaced = new Set(added.map(place));
  const kept = (wish.roles ?? account.roles).filter(
    (held) => !removed.has(held.role) && !replaced.has(place(held)),
  );
  const isDated = body.valid_from !== undefined || body.valid_until !== undefined;
  const held = [...kept, ...added];
  const roles = isDated ? withValidity(held, body) : ok(held);
  if (!roles.ok) return roles;
  const groups = [...new Set([...account.groups, ...joined])].filter((id) => !left.includes(id));
  return ok({
    kind: "update",
    id: account.id,
    seen: account.changedAt,
    roles: roles.value,
    groups,
    ...(body.policy === undefined ? {} : { policy: body.policy }),
  });
}
