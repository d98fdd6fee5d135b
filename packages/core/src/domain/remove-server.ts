import { assert } from "../base/result.ts";
import type { Instant } from "../base/time.ts";
import type { Fact } from "./fact.ts";
import { removedServersMax } from "./limits.ts";
import type { MemberOf } from "./member-of.ts";
import type { DirectoryState } from "./state.ts";
import type { RemovedServerRow, RowChange, ServerRow } from "./types.ts";

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
    ...certificatesOf(tables, server).map((row): RowChange => ({
      table: "certificates",
      key: row.serial,
      row: { ...row, revokedAt: at },
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

/** The authority puts a server's id into the subject of each certificate that it issues to it. */
function certificatesOf({ certificates }: DirectoryState["tables"], { id }: ServerRow) {
  return [...certificates.values()]
    .filter(({ profile }) => profile === "server" || profile === "replica-signer")
    .filter(({ subject, revokedAt }) => revokedAt === null && namesOf(subject).includes(id))
    .toSorted((left, right) => (left.serial < right.serial ? -1 : 1));
}

function namesOf(subject: string): readonly string[] {
  return subject.split(", ").map((part) => part.slice(part.indexOf("=") + 1));
}
