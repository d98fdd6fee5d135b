import { canonical } from "../base/canonical.ts";
import { err } from "../base/result.ts";
import type { Instant } from "../base/time.ts";
import { canAdminister } from "./administrators.ts";
import type { Submission } from "./command.ts";
import { decided, type CommandOf, type Decision } from "./decision.ts";
import { policiesMax } from "./limits.ts";
import { checkPolicy } from "./policies.ts";
import { refuse } from "./refusal.ts";
import type { DirectoryState } from "./state.ts";
import type { PolicyRow } from "./types.ts";

/** A policy is set as a whole, for all accounts that have it, from the next sign-in on (AM3). */
export function setPolicy(
  state: DirectoryState,
  { policy }: CommandOf<"set-policy">,
  { at }: Pick<Submission, "at">,
): Decision {
  const refusal = checkPolicy(policy);
  if (refusal !== undefined) return err(refusal);
  const present = state.tables.policies.get(policy.name);
  if (present === undefined) {
    return state.tables.policies.size < policiesMax
      ? decided([{ kind: "policy-set", policy }])
      : refuse("policy.too-many", String(policiesMax));
  }
  if (canonical(present) === canonical(policy)) return refuse("policy.unchanged", policy.name);
  // Passwords may lie in replicas, where a PIN must not be, and PINs are not tried at other doors.
  if (present.kind !== policy.kind) return refuse("policy.kind-fixed", policy.name);
  if (shutsAdministratorsOut(state, policy, at)) {
    return refuse("policy.no-administrator-left", policy.name);
  }
  return decided([{ kind: "policy-set", policy }]);
}

/** AM8: that nobody could manage accounts any more, where somebody can now. */
function shutsAdministratorsOut(state: DirectoryState, policy: PolicyRow, at: Instant): boolean {
  const after = withPolicy(state, policy);
  let isLost = false;
  for (const account of state.tables.accounts.values()) {
    if (canAdminister(after, account, at)) return false;
    isLost ||= canAdminister(state, account, at);
  }
  return isLost;
}

/** The state as it would be with this policy: what is judged by policies may be asked of it. */
export function withPolicy(state: DirectoryState, policy: PolicyRow): DirectoryState {
  const policies = state.tables.policies.set(policy.name, policy);
  return { ...state, tables: { ...state.tables, policies } };
}
