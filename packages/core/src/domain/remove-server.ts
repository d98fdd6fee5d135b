import { assert } from "../base/result.ts";
import type { Instant } from "../base/time.ts";
import type { Fact } from "./fact.ts";
import { removedServersMax } from "./limits.ts";
import type { MemberOf } from "./member-of.ts";
import { certificatesOfServer } from "./revocation.ts";
import type { DirectoryState } from "./state.ts";
import type { RemovedServerRow, RowChange } from "./types.ts";

/** Its row goes, its certificates are revoked, and it stays known as one that was removed. */
export function removeServer(
  { tables }: DirectoryState,
  { id, by }: MemberOf<Fact, "server-removed">,
  at: Instant,
): readonly RowChange[] {
  const server = tables.servers.get(id);
  assert(server !== undefined, `a fact names the server ${id}, which does not exist`);
  const { name, pairingKey } = server;
  const forgotten = tables.removed.size >= removedServersMax ? oldestOf(tables.removed) : undefined;
  return [
    { table: "servers", key: id, row: null },
    ...(forgotten === undefined ? [] : [forget(forgotten)]),
    { table: "removed", key: id, row: { id, name, pairingKey, by, at } },
    ...certificatesOfServer({ tables }, server).map((row): RowChange => ({
      table: "certificates",
      key: row.serial,
      row: { ...row, revoked: { at, reason: "cessationOfOperation", by } },
    })),
  ];
}

function forget({ id }: RemovedServerRow): RowChange {
  return { table: "removed", key: id, row: null };
}

function oldestOf(removed: DirectoryState["tables"]["removed"]): RemovedServerRow | undefined {
  return [...removed.values()].toSorted(
    (left, right) => left.at - right.at || (left.id < right.id ? -1 : 1),
  )[0];
}
