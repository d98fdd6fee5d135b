import type { Submission } from "./command.ts";
import { decided, type CommandOf, type Decision } from "./decision.ts";
import { mappingsPerAccountMax } from "./limits.ts";
import { mappingsOf, parseMappingKey } from "./mapping.ts";
import { refuse } from "./refusal.ts";
import type { DirectoryState } from "./state.ts";

/** CS13: a certificate, or a name in certificates of the authority, becomes a way to sign in. */
export function mapCertificate(
  state: DirectoryState,
  command: CommandOf<"map-certificate">,
  { actor, at }: Submission,
): Decision {
  const key = parseMappingKey(command.key);
  if (!key.ok) return key;
  const account = state.tables.accounts.get(command.account);
  if (account === undefined) return refuse("account.not-found", command.account);
  const before = state.tables.mappings.get(key.value);
  if (before !== undefined) {
    const name = state.tables.accounts.get(before.account)?.name ?? "";
    return refuse("mapping.exists", `${key.value} leads to ${name}`);
  }
  if (mappingsOf(state, account.id).length >= mappingsPerAccountMax) {
    return refuse("mapping.too-many", String(mappingsPerAccountMax));
  }
  const mapping = { key: key.value, account: account.id, by: actor.name, at };
  return decided([{ kind: "certificate-mapped", mapping }], { id: account.id });
}

/** Whoever signed in by it is out from the next request on. */
export function unmapCertificate(
  state: DirectoryState,
  command: CommandOf<"unmap-certificate">,
): Decision {
  const key = parseMappingKey(command.key);
  if (!key.ok) return key;
  if (!state.tables.mappings.has(key.value)) return refuse("mapping.not-found", key.value);
  return decided([{ kind: "certificate-unmapped", key: key.value }]);
}
