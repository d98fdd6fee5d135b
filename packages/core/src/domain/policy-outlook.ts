import type { Instant } from "../base/time.ts";
import { withPolicy } from "./decide-policy.ts";
import { endsSoon, passwordEnd } from "./policies.ts";
import type { DirectoryState } from "./state.ts";
import type { AccountRow, PolicyRow } from "./types.ts";

/** What a policy would mean for the accounts that have it, by their login names, sorted (AM3). */
export interface PolicyOutlook {
  /** How many accounts have it. */
  readonly accounts: number;
  /** Whose password is good now and would have expired. */
  readonly expires: readonly string[];
  /** Who would be told at the next sign-in that the password ends soon, and is not told now. */
  readonly warns: readonly string[];
  /** Whose password has expired now and would be good again. */
  readonly revives: readonly string[];
}

export function policyOutlook(
  state: DirectoryState,
  policy: PolicyRow,
  at: Instant,
): PolicyOutlook {
  const after = withPolicy(state, policy);
  const accounts = [...state.tables.accounts.values()].filter(
    (account) => account.policy === policy.name,
  );
  const namesOf = (isMeant: (was: Stage, becomes: Stage) => boolean): readonly string[] =>
    accounts
      .filter((account) => isMeant(stageOf(state, account, at), stageOf(after, account, at)))
      .map(({ name }) => name)
      .toSorted();
  return {
    accounts: accounts.length,
    expires: namesOf((was, becomes) => was !== "expired" && becomes === "expired"),
    warns: namesOf((was, becomes) => was !== "warned" && becomes === "warned"),
    revives: namesOf((was, becomes) => was === "expired" && becomes !== "expired"),
  };
}

type Stage = "good" | "warned" | "expired";

function stageOf(state: DirectoryState, account: AccountRow, at: Instant): Stage {
  const policy = state.tables.policies.get(account.policy);
  const end = passwordEnd(account, policy);
  if (end !== null && end <= at) return "expired";
  return endsSoon(account, policy, at) ? "warned" : "good";
}
