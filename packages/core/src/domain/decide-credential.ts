import { err } from "../base/result.ts";
import { rfc3339, type Instant } from "../base/time.ts";
import { canAdminister, holdsSecadmForGood } from "./administrators.ts";
import type { Submission } from "./command.ts";
import { decided, type CommandOf, type Decision } from "./decision.ts";
import type { Fact } from "./fact.ts";
import { codeValidityMax } from "./limits.ts";
import { isSameUse } from "./grace.ts";
import { checkMustChange, checkNewPassword, keptUntil } from "./policies.ts";
import { refuse, type Refusal } from "./refusal.ts";
import type { DirectoryState } from "./state.ts";
import type { AccountRow, PolicyRow } from "./types.ts";

/** A new password, by an administrator or by the account itself; a pending code is used up. */
export function replacePassword(
  state: DirectoryState,
  command: CommandOf<"set-password" | "change-password">,
  { at }: Submission,
): Decision {
  const account = state.tables.accounts.get(command.id);
  if (account === undefined) return refuse("account.not-found", command.id);
  const policy = state.tables.policies.get(account.policy);
  if (policy === undefined) return refuse("policy.not-found", account.policy);
  const refusal =
    checkNewPassword(policy, command.password) ?? checkChange(account, command, { policy, at });
  if (refusal !== undefined) return err(refusal);
  const old = account.password;
  const remembered = old === null ? [] : [old.verifier, ...old.history];
  const facts: Fact[] = [
    {
      kind: "password-set",
      id: account.id,
      password: {
        verifier: command.password.verifier,
        version: (old?.version ?? 0) + 1,
        changedAt: at,
        mustChange: command.kind === "set-password" && command.mustChange,
        history: remembered.slice(0, policy.history),
      },
    },
  ];
  if (account.code !== null) facts.push({ kind: "code-used", id: account.id });
  return decided(facts);
}

/** What the policy says of who changes it, and when. */
function checkChange(
  account: AccountRow,
  command: CommandOf<"set-password" | "change-password">,
  { policy, at }: { readonly policy: PolicyRow; readonly at: Instant },
): Refusal | undefined {
  if (command.kind === "set-password") return checkMustChange(policy, command.mustChange);
  // A pending code proves that somebody had to help: whoever came by it may change at once.
  if (account.password === null || account.code !== null) return undefined;
  const until = keptUntil(account.password, policy, at);
  return until === undefined
    ? undefined
    : { code: "password.too-young", detail: `not before ${rfc3339(until)}` };
}

/** Counted once, however often it is ordered, and for the password that it was signed in with. */
export function useGrace(
  state: DirectoryState,
  { id, version, use }: CommandOf<"use-grace">,
): Decision {
  const account = state.tables.accounts.get(id);
  if (account === undefined) return refuse("account.not-found", id);
  const { password, name } = account;
  const isCounted = password?.graceUsed?.some((each) => isSameUse(each, use)) ?? false;
  if (isCounted || password?.version !== version) return refuse("account.grace-settled", name);
  return decided([{ kind: "grace-used", id, version, use }]);
}

/** A one-time code for an account that has no password or forgot it. */
export function issueCode(
  state: DirectoryState,
  command: CommandOf<"issue-code">,
  { at, actor }: Submission,
): Decision {
  const account = state.tables.accounts.get(command.id);
  if (account === undefined) return refuse("account.not-found", command.id);
  const { verifier, expiresAt } = command;
  if (!(expiresAt > at && expiresAt <= at + codeValidityMax)) {
    return refuse("account.bad-code", account.name);
  }
  if (actor.kind === "local" && !isOnlyHope(state, account, at)) {
    const detail = "the local socket gives codes only while no administrator can sign in";
    return refuse("access.denied", detail);
  }
  return decided([{ kind: "code-issued", id: account.id, code: { verifier, expiresAt } }]);
}

/** A first code that ran out unused, or the last administrator's password that expired (AM8). */
function isOnlyHope(state: DirectoryState, account: AccountRow, at: number): boolean {
  if (!account.enabled || !holdsSecadmForGood(account.roles, at)) return false;
  for (const other of state.tables.accounts.values()) {
    if (canAdminister(state, other, at)) return false;
  }
  return true;
}

export function endSession(state: DirectoryState, command: CommandOf<"end-session">): Decision {
  const { id, expiresAt } = command;
  if (state.tables.endedSessions.has(id)) return refuse("credential.session-ended", id);
  return decided([{ kind: "session-ended", id, expiresAt }]);
}
