import { type LegacyRow, legacyRoutes } from "@gridward/core/api/legacy-routes";
import { ok } from "@gridward/core/base/result";
import { rfc3339 } from "@gridward/core/base/time";
import type { Command } from "@gridward/core/domain/command";
import type { LegacyPeerRow } from "@gridward/core/domain/types";
import type { SeenPeer } from "../legacy/legacy-peers.ts";
import type { Caller } from "./caller.ts";
import { plainAddress } from "@gridward/runtime/os/plain-address";
import type { DeskParts } from "./desk-parts.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { giveOrder } from "./order.ts";
import { timeOrNull } from "./show-account.ts";

/** CS7: peers that cannot carry certificates; see `legacyRoutes` for what each does. */
export function legacyEndpoints(
  parts: DeskParts,
): Readonly<Record<keyof typeof legacyRoutes, Endpoint>> {
  const give = async (
    command: Extract<Command, { readonly kind: "allow-legacy-peer" | "remove-legacy-peer" }>,
    caller: Caller,
    dryRun: boolean | undefined,
  ) => {
    const done = await giveOrder(parts.front, { command, caller, dryRun });
    return done.ok ? ok({ ...done.value, address: command.address }) : done;
  };
  return {
    legacyList: endpoint(legacyRoutes.legacyList, () => ok(list(parts))),
    legacyAllow: endpoint(legacyRoutes.legacyAllow, async ({ query, body }, caller) => {
      const { owner, reason } = body;
      const [address, until] = [plainAddress(body.address), Date.parse(body.until)];
      const command = { kind: "allow-legacy-peer", address, owner, reason, until } as const;
      return give(command, caller, query.dry_run);
    }),
    legacyRemove: endpoint(legacyRoutes.legacyRemove, async ({ query, body }, caller) =>
      give(
        { kind: "remove-legacy-peer", address: plainAddress(body.address) },
        caller,
        query.dry_run,
      ),
    ),
  };
}

function list({ front, security, legacy }: DeskParts) {
  const { legacy: isOn, legacy_peers: peers } = security.now();
  const listed = front.state().tables.legacyPeers;
  const seen = legacy.seen;
  const rows = [
    ...seen.map((peer) => showPeer(peer.address, listed.get(peer.address), peer)),
    ...[...listed.values()]
      .filter(({ address }) => seen.every((peer) => peer.address !== address))
      .toSorted((left, right) => (left.address < right.address ? -1 : 1))
      .map((row) => showPeer(row.address, row, undefined)),
  ].map((row) => ({ ...row, served: legacy.isAllowed(row.address) }));
  return { server: front.status().name, legacy: isOn, peers, rows };
}

function showPeer(
  address: string,
  row: LegacyPeerRow | undefined,
  peer: SeenPeer | undefined,
): Omit<LegacyRow, "served"> {
  return {
    address,
    owner: row?.owner ?? null,
    reason: row?.reason ?? null,
    until: row === undefined ? null : rfc3339(row.until),
    ...(peer === undefined ? neverSeen : showSeen(peer)),
  };
}

const neverSeen = { door: null, names: [], first: null, last: null, count: 0, would_stop: null };

function showSeen(peer: SeenPeer) {
  const { door, names, first, last, count } = peer;
  const times = { first: timeOrNull(first), last: timeOrNull(last) };
  return { door, names, ...times, count, would_stop: wouldStop(peer) };
}

function wouldStop({ door, names, cause }: SeenPeer): string {
  const who = names.join(", ");
  return door === "ldap"
    ? `Sign-ins over LDAP without TLS as ${who} would be answered confidentialityRequired (13).`
    : `The link of ${who} would be refused with ${cause ?? "T09"}.`;
}
