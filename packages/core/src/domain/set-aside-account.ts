import { canonical } from "../base/canonical.ts";
import { ok, type Result } from "../base/result.ts";
import type { Instant } from "../base/time.ts";
import { updateAccount } from "./decide-account.ts";
import type { Fact } from "./fact.ts";
import type { MemberOf } from "./member-of.ts";
import { refuse, type Refusal } from "./refusal.ts";
import { conflict, isChangedSince, type Again } from "./set-aside-conflict.ts";
import { singleKey, type DirectoryState } from "./state.ts";
import type { AccountRow } from "./types.ts";

type Facts = Result<readonly Fact[], Refusal>;

/** As it was made, with its password; with another uidNumber where its own was given since. */
export function accountAgain(state: DirectoryState, lost: AccountRow, at: Instant): Facts {
  if (state.tables.accounts.has(lost.id)) return ok([]);
  if (state.accountsByName.has(lost.name)) return refuse("account.exists", lost.name);
  if (!state.tables.policies.has(lost.policy)) return refuse("policy.not-found", lost.policy);
  const unknown = lost.groups.find((id) => !state.tables.groups.has(id));
  if (unknown !== undefined) return refuse("group.not-found", unknown);
  const uidNext = state.tables.system.get(singleKey)?.uidNext ?? 0;
  const uidNumber = Math.max(lost.uidNumber, uidNext);
  return ok([{ kind: "account-created", account: { ...lost, uidNumber, changedAt: at } }]);
}

/** Name, roles and policy as a whole, so an account that was changed since stays as it is. */
export function updateAgain(
  state: DirectoryState,
  fact: MemberOf<Fact, "account-updated">,
  again: Again,
): Facts {
  const { id, displayName, roles, policy } = fact;
  const account = state.tables.accounts.get(id);
  if (account === undefined) return refuse("account.not-found", id);
  if (canonical({ ...account, displayName, roles, policy }) === canonical(account)) return ok([]);
  if (isChangedSince(state, account.changedAt, again)) return conflict(account.name);
  const command = { kind: "update-account", id, displayName, roles, policy } as const;
  const decision = updateAccount(state, command, again.submission);
  return decision.ok ? ok(decision.value.facts) : decision;
}

/** The lost password again, under the next version; one that was set since stays. */
export function passwordAgain(
  state: DirectoryState,
  { id, password }: MemberOf<Fact, "password-set">,
  again: Again,
): Facts {
  const account = state.tables.accounts.get(id);
  if (account === undefined) return refuse("account.not-found", id);
  const old = account.password;
  if (old?.verifier === password.verifier) return ok([]);
  if (old !== null && isChangedSince(state, old.changedAt, again)) return conflict(account.name);
  const history = state.tables.policies.get(account.policy)?.history ?? 0;
  const remembered = old === null ? [] : [old.verifier, ...old.history];
  return ok([
    {
      kind: "password-set",
      id,
      password: {
        ...password,
        version: (old?.version ?? 0) + 1,
        changedAt: again.submission.at,
        history: remembered.slice(0, history),
      },
    },
  ]);
}
