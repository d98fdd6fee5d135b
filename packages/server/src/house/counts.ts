import { join } from "node:path";
import { accountId, sourceKey, type AccountId, type SourceKey } from "@gridward/core/base/identity";
import type { Entry } from "@gridward/core/domain/entry";
import { countersResetBy } from "@gridward/core/domain/lock-out";
import { FailureCounters } from "@gridward/runtime/observe/failure-counters";
import { GraceUses } from "@gridward/runtime/observe/grace-uses";

/** What this server counts of sign-ins, in files of its own beside the journal (design §7). */
export interface Counts {
  readonly accounts: FailureCounters<AccountId>;
  readonly sources: FailureCounters<SourceKey>;
  readonly grace: GraceUses;
  /** Follows what the journal says of them. */
  readonly heed: (entries: readonly Entry[]) => void;
  readonly close: () => void;
}

/** Addresses are cheap to whoever has a network of them: beyond so many the oldest is forgotten. */
const sourcesMost = 4_096;

export function openCounts(directory: string): Counts {
  const accounts = new FailureCounters({ path: join(directory, "failures.db"), key: accountId });
  const sources = new FailureCounters({
    path: join(directory, "source-failures.db"),
    key: readSourceKey,
    most: sourcesMost,
  });
  const grace = new GraceUses(join(directory, "grace.db"));
  return {
    accounts,
    sources,
    grace,
    heed(entries) {
      const facts = entries.flatMap((entry) => entry.facts);
      for (const account of countersResetBy(facts)) accounts.drop(account);
      for (const fact of facts) {
        if (fact.kind === "password-set" || fact.kind === "account-deleted") grace.drop(fact.id);
      }
    },
    close() {
      for (const each of [accounts, sources, grace]) each.close();
    },
  };
}

/** As it was written: the policy, a space, the address. */
function readSourceKey(text: string): SourceKey {
  const [policy = "", ...source] = text.split(" ");
  return sourceKey(policy, source.join(" "));
}
