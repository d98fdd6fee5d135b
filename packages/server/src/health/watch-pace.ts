import type { Millis } from "@gridward/core/base/time";
import type { Actor } from "@gridward/core/domain/types";
import type { Clock } from "@gridward/runtime/os/clock";
import { watchStandstill } from "@gridward/runtime/os/standstill";
import type { ServerIdentity } from "@gridward/runtime/trust/server-directory";
import type { EventLog } from "../event-log.ts";
import type { OwnIdentity } from "../own-identity.ts";
import type { OperatorParts } from "../parts.ts";
import type { Pair } from "../pair/open-pair.ts";
import { SlowWatch } from "./slow-watch.ts";

/** Time from one tick to the next. Timers of the pair are at least five times as long. */
export const tickMs: Millis = 100;

export interface PaceParts {
  readonly identity: Pick<OwnIdentity, "node" | "name">;
  readonly events: Pick<EventLog, "onState">;
  readonly pair: () => Pair;
  readonly operator: () => Pick<OperatorParts, "changeover">;
}

/** This server's watch over its own pace; it hands over as an operator does, in its own name. */
export function watchPace(
  { found, clock }: { readonly found: ServerIdentity; readonly clock: Clock },
  { identity, events, pair, operator }: PaceParts,
): SlowWatch {
  const { node: id, name } = identity;
  const actor: Actor = { kind: "server", id, name, door: "pair", source: "" };
  return new SlowWatch({
    limit: found.config.pair.slow_after_ms,
    clock,
    pair: () => pair().conductor.pair,
    nameOf: (server) => pair().conductor.state.tables.servers.get(server)?.name ?? server,
    standstill: watchStandstill(tickMs),
    route: (to) => pair().wire.route(to),
    handOver: async (to, because) => operator().changeover({ to, actor, because }),
    onSlow: (what, standing) => events.onState(`slow, ${what}`, standing),
  });
}
