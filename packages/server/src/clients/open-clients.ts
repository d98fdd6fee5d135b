import type { Clock } from "@gridward/runtime/os/clock";
import type { EventLog } from "../event-log.ts";
import { linkIdentity } from "../link-identity.ts";
import type { OwnIdentity } from "../own-identity.ts";
import type { FrontEndParts } from "../parts.ts";
import { type ClientGate, openClientGate } from "./client-gate.ts";
import { tellRefused } from "./refused-clients.ts";

/** The certificates of clients, judged by the settings, anchors and lists of this server. */
export function openClients({
  identity,
  front,
  events,
  clock,
}: {
  readonly identity: OwnIdentity;
  readonly front: FrontEndParts;
  readonly events: Pick<EventLog, "onClientRefused">;
  readonly clock: Clock;
}): ClientGate {
  const now = (): number => clock.now();
  return openClientGate({
    settings: () => identity.settings.now,
    trust: () => linkIdentity({ identity, state: front.state }),
    state: front.state,
    condition: front.condition,
    now,
    onRefused: tellRefused((refused, more) => events.onClientRefused(refused, more), now),
  });
}
