import type { NodeId } from "../base/identity.ts";
import type { Submission } from "./command.ts";
import { decided, type CommandOf, type Decision } from "./decision.ts";
import type { Fact } from "./fact.ts";
import { refuse } from "./refusal.ts";
import { singleKey, type DirectoryState } from "./state.ts";

/** As many numbers as can hardly have been given since the backup; none of them is given again. */
const uidGap = 10_000;

/** Backups made from now on open with the key whose public half this is; older ones do not. */
export function setRecoveryKey(
  state: DirectoryState,
  { publicKey }: CommandOf<"set-recovery-key">,
): Decision {
  if (!/^[A-Za-z0-9_-]{43}$/.test(publicKey)) return refuse("backup.bad-key", "public key");
  const present = state.tables.system.get(singleKey)?.recovery;
  if (present?.publicKey === publicKey) return refuse("backup.key-unchanged", "");
  return decided([{ kind: "recovery-key-set", publicKey }]);
}

/**
 * R5: a restore starts a term. A server that was in the backup takes its place again; one that was
 * not stands alone: the servers of the backup are lost, and each that is not must join anew.
 */
export function restoreSystem(
  state: DirectoryState,
  command: CommandOf<"restore-system">,
  { at, actor }: Submission,
): Decision {
  const { term, owner, backup, replaced, server, certificates } = command;
  const system = state.tables.system.get(singleKey);
  const before = state.tables.pair.get(singleKey);
  if (system === undefined || before === undefined) return refuse("system.blank", "");
  if (!Number.isSafeInteger(term) || term <= before.term) {
    return refuse("pair.old-term", String(term));
  }
  const present = server ?? state.tables.servers.get(owner);
  if (present === undefined) return refuse("pair.server-not-found", owner);
  if (present.kind === "permanent") return refuse("pair.permanent", present.name);
  const pair = {
    term,
    owner,
    by: "restore",
    since: at,
    ackSet: [owner],
    mode: "manual",
    unprotected: server === null && hasAnother(state, owner) ? { since: at, reason } : null,
  } as const;
  return decided([
    { kind: "system-restored", backup, replaced, uidNext: system.uidNext + uidGap },
    ...[...state.tables.invites.keys()].toSorted().map(withdrawn),
    ...(server === null ? [] : replacedBy(state, server, actor.name)),
    ...certificates.map((certificate): Fact => ({ kind: "certificate-issued", certificate })),
    { kind: "term-started", pair },
  ]);
}

/** I14: why changes have one copy, where another server could hold a second. */
const reason = "this server was restored from a backup";

function hasAnother({ tables }: DirectoryState, owner: NodeId): boolean {
  return [...tables.servers.values()].some(({ id, kind }) => id !== owner && kind === "promotable");
}

/** A code from before the restore admits nobody. */
function withdrawn(name: string): Fact {
  return { kind: "invite-used", name };
}

function replacedBy(
  state: DirectoryState,
  server: NonNullable<CommandOf<"restore-system">["server"]>,
  by: string,
): readonly Fact[] {
  const lost = [...state.tables.servers.keys()].filter((id) => id !== server.id).toSorted();
  const removed = lost.flatMap((key): readonly Fact[] => {
    const row = state.tables.servers.get(key);
    return row === undefined ? [] : [{ kind: "server-removed", id: row.id, by }];
  });
  return [...removed, { kind: "server-joined", server }];
}
