import type { Submission } from "./command.ts";
import { decided, type CommandOf, type Decision } from "./decision.ts";
import { refuse } from "./refusal.ts";
import { singleKey, type DirectoryState } from "./state.ts";

/**
 * HS14: a server that is gone for good gives up its place. One that changes wait for is taken out of
 * the ack set first, as the rules of the pair do it: that alone says what was acknowledged without it.
 */
export function removeServer(
  state: DirectoryState,
  { id }: CommandOf<"remove-server">,
  { actor }: Submission,
): Decision {
  const server = state.tables.servers.get(id);
  const pair = state.tables.pair.get(singleKey);
  if (server === undefined || pair === undefined) {
    return refuse("pair.server-not-found", id.slice(0, 64));
  }
  const { owner, ackSet, mode } = pair;
  if (owner === id) return refuse("pair.remove-main", server.name);
  if (ackSet.includes(id)) return refuse("pair.remove-counted", `${server.name}, mode ${mode}`);
  const isStandby = (other: typeof server): boolean =>
    other.kind === "promotable" && other.id !== owner && other.id !== id;
  const isLast =
    server.kind === "promotable" && ![...state.tables.servers.values()].some(isStandby);
  if (isLast && mode !== "manual") return refuse("pair.remove-last", `mode ${mode}`);
  return decided([{ kind: "server-removed", id, by: actor.name }], { id });
}
