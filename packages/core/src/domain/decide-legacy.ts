import type { Submission } from "./command.ts";
import { decided, type CommandOf, type Decision } from "./decision.ts";
import { descriptionLengthMax, legacyEntryMax, legacyPeersMax } from "./limits.ts";
import { isPlainText } from "./names.ts";
import { refuse } from "./refusal.ts";
import type { DirectoryState } from "./state.ts";
import type { LegacyPeerRow } from "./types.ts";

/** Of IPv4 or IPv6, by its looks: it is compared with what the network shows. */
const addressPattern = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]{2,39})$/;

/** CS7: a peer that cannot carry certificates; the same again, for longer or shorter. */
export function allowLegacyPeer(
  state: DirectoryState,
  { address, owner, reason, until }: CommandOf<"allow-legacy-peer">,
  { actor, at }: Submission,
): Decision {
  if (!addressPattern.test(address)) return refuse("legacy.bad-address", address.slice(0, 64));
  for (const text of [owner, reason]) {
    const isSound = text.trim() !== "" && isPlainText(text, descriptionLengthMax);
    if (!isSound) return refuse("legacy.bad-text", text.slice(0, 64));
  }
  if (!(until > at && until <= at + legacyEntryMax)) return refuse("legacy.bad-end", address);
  const { legacyPeers } = state.tables;
  const before = legacyPeers.get(address);
  if (isSame(before, { owner, reason, until })) return refuse("legacy.unchanged", address);
  if (before === undefined && legacyPeers.size >= legacyPeersMax) {
    return refuse("legacy.too-many", String(legacyPeersMax));
  }
  const peer: LegacyPeerRow = { address, owner, reason, until, by: actor.name, at };
  return decided([{ kind: "legacy-peer-allowed", peer }], { id: address });
}

type Entry = Pick<LegacyPeerRow, "owner" | "reason" | "until">;

function isSame(before: Entry | undefined, { owner, reason, until }: Entry): boolean {
  return before?.owner === owner && before.reason === reason && before.until === until;
}

export function removeLegacyPeer(
  state: DirectoryState,
  { address }: CommandOf<"remove-legacy-peer">,
): Decision {
  if (!state.tables.legacyPeers.has(address)) return refuse("legacy.not-found", address);
  return decided([{ kind: "legacy-peer-removed", address }]);
}

/** Whether a peer at this address is on the list now. */
export function isLegacyPeer(
  { tables }: Pick<DirectoryState, "tables">,
  address: string,
  at: number,
): boolean {
  return (tables.legacyPeers.get(address)?.until ?? 0) > at;
}
