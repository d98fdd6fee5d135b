import type { NodeId } from "../base/identity.ts";
import type { Instant } from "../base/time.ts";
import type { Submission } from "./command.ts";
import { deviceUnder, hostsOfServer } from "./certified-hosts.ts";
import { decided, type CommandOf, type Decision } from "./decision.ts";
import {
  inviteTries,
  inviteValidityMax,
  permanentServersMax,
  promotableServersMax,
} from "./limits.ts";
import { isHost, isProperName } from "./names.ts";
import { refuse, type Refusal } from "./refusal.ts";
import { singleKey, type DirectoryState } from "./state.ts";
import type { InviteRow, ServerKind } from "./types.ts";
import { err, ok, type Result } from "../base/result.ts";

/** An invitation for a new server; one that is still open under the same name is replaced. */
export function issueInvite(
  state: DirectoryState,
  command: CommandOf<"issue-invite">,
  { at }: Submission,
): Decision {
  const { name, serverKind, secret, expiresAt } = command;
  if (!isProperName(name)) return refuse("pair.bad-name", name.slice(0, 64));
  const alike = deviceUnder(state, hostsOfServer({ name, address: name }));
  if (alike !== undefined) return refuse("pair.host-of-device", alike.name);
  const refusal = checkRoom(state, name, serverKind ?? "promotable");
  if (refusal !== undefined) return err(refusal);
  if (!(expiresAt > at && expiresAt <= at + inviteValidityMax)) {
    return refuse("invite.bad-end", name);
  }
  const kind = serverKind === undefined ? {} : { kind: serverKind };
  const invite: InviteRow = { name, ...kind, secret, expiresAt, triesLeft: inviteTries };
  return decided([{ kind: "invite-issued", invite }]);
}

/** HS14: a pair, one more that may be promoted, and some that never are. */
function checkRoom(state: DirectoryState, name: string, kind: ServerKind): Refusal | undefined {
  const servers = [...state.tables.servers.values()];
  if (servers.some((server) => server.name.toLowerCase() === name.toLowerCase())) {
    return { code: "pair.name-taken", detail: name };
  }
  const alike = servers.filter((server) => server.kind === kind).length;
  if (kind === "permanent") {
    if (alike < permanentServersMax) return undefined;
    return { code: "pair.too-many-permanent", detail: String(alike) };
  }
  if (alike >= promotableServersMax) {
    return { code: "pair.too-many-promotable", detail: String(alike) };
  }
  const isPairMode = state.tables.pair.get(singleKey)?.mode === "pair";
  return isPairMode && alike >= 2 ? { code: "pair.third-in-pair-mode", detail: name } : undefined;
}

function findInvite(state: DirectoryState, name: string, at: Instant): Result<InviteRow, Refusal> {
  const invite = state.tables.invites.get(name);
  if (invite === undefined) return refuse("invite.not-found", name.slice(0, 64));
  return invite.expiresAt <= at ? refuse("invite.expired", name) : ok(invite);
}

/** Before the proof of a joining server is looked at, so that a crash gives no further try. */
export function spendInviteTry(
  state: DirectoryState,
  command: CommandOf<"spend-invite-try">,
  { at }: Submission,
): Decision {
  const invite = findInvite(state, command.name, at);
  if (!invite.ok) return invite;
  if (invite.value.triesLeft < 1) return refuse("invite.spent", command.name);
  return decided([{ kind: "invite-tried", name: command.name }]);
}

/** After the joining server proved its secret; its invitation is used up. */
export function joinServer(
  state: DirectoryState,
  command: CommandOf<"join-server">,
  { at }: Submission,
): Decision {
  const { server, certificates } = command;
  const invite = findInvite(state, server.name, at);
  if (!invite.ok) return invite;
  const kind = invite.value.kind ?? "promotable";
  const refusal = checkRoom(state, server.name, kind);
  if (refusal !== undefined) return err(refusal);
  if (state.tables.servers.has(server.id)) return refuse("pair.name-taken", server.id);
  // What it was known by is on a disk that somebody gave up.
  const isRemoved = [...state.tables.removed.values()].some(
    ({ id, pairingKey }) => id === server.id || pairingKey === server.pairingKey,
  );
  if (isRemoved) return refuse("pair.removed", server.name);
  const alike = deviceUnder(state, hostsOfServer(server));
  if (alike !== undefined) return refuse("pair.host-of-device", alike.name);
  for (const { serial, profile } of certificates) {
    if (profile !== "server" && profile !== "replica-signer") {
      return refuse("certificate.wrong-profile", serial);
    }
    if (state.tables.certificates.has(serial)) return refuse("certificate.exists", serial);
  }
  return decided(
    [
      // What it says of itself does not count.
      { kind: "server-joined", server: { ...server, kind } },
      ...certificates.map((certificate) => ({ kind: "certificate-issued", certificate }) as const),
      { kind: "invite-used", name: server.name },
    ],
    { id: server.id },
  );
}

/** HS15: where partners dial a server, and where else while that does not answer. */
export function setServerAddress(
  state: DirectoryState,
  { id, address, backup }: CommandOf<"set-server-address">,
): Decision {
  const server = state.tables.servers.get(id);
  if (server === undefined) return refuse("pair.server-not-found", id.slice(0, 64));
  for (const each of backup === null ? [address] : [address, backup]) {
    if (!isHost(each)) return refuse("pair.bad-address", each.slice(0, 64));
  }
  if (address === backup) return refuse("pair.bad-address", "the backup is the same address");
  if (server.address === address && (server.backup ?? null) === backup) {
    return refuse("pair.unchanged", server.name);
  }
  const under = { name: server.name, address, ...(backup === null ? {} : { backup }) };
  const alike = deviceUnder(state, hostsOfServer(under));
  if (alike !== undefined) return refuse("pair.host-of-device", alike.name);
  return decided([{ kind: "server-address-set", id, address, backup }], { id });
}

/** Rule R5 is kept by the pair; here the journal's own order of terms is. */
export function startTerm(state: DirectoryState, command: CommandOf<"start-term">): Decision {
  const { pair } = command;
  const present = state.tables.pair.get(singleKey);
  if (present === undefined) return refuse("system.blank", "");
  if (!Number.isSafeInteger(pair.term) || pair.term <= present.term) {
    return refuse("pair.old-term", String(pair.term));
  }
  return refusedAckSet(state, pair.owner, pair.ackSet) ?? decided([{ kind: "term-started", pair }]);
}

export function changeAckSet(
  state: DirectoryState,
  command: CommandOf<"change-ack-set">,
): Decision {
  const { ackSet, unprotected } = command;
  const present = state.tables.pair.get(singleKey);
  if (present === undefined) return refuse("system.blank", "");
  return (
    refusedAckSet(state, present.owner, ackSet) ??
    decided([{ kind: "ack-set-changed", ackSet, unprotected }])
  );
}

function refusedAckSet(
  state: DirectoryState,
  owner: NodeId,
  ackSet: readonly NodeId[],
): Decision | undefined {
  const isSound =
    ackSet.includes(owner) &&
    new Set(ackSet).size === ackSet.length &&
    ackSet.every((id) => state.tables.servers.get(id)?.kind === "promotable");
  return isSound ? undefined : refuse("pair.bad-ack-set", ackSet.join(", ").slice(0, 512));
}
