import type { DirectoryState } from "./state.ts";
import type { ServerRow } from "./types.ts";

export type NamedServer = Pick<ServerRow, "id" | "name">;

/** The pair's rules know servers by their ids; people know them by the names that they gave. */
export function withNames(text: string, servers: Iterable<NamedServer>): string {
  let named = text;
  for (const { id, name } of servers) named = named.replaceAll(id, name);
  return named;
}

/** Those of the system, and those that were removed from it. */
export function namedServers({ tables }: DirectoryState): readonly NamedServer[] {
  return [...tables.servers.values(), ...tables.removed.values()];
}
