import type { Clock } from "@gridward/runtime/os/clock";
import type { Approvals } from "../approvals/approvals.ts";
import { offeredClient } from "../approvals/offer-peers.ts";
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
  approvals,
  clock,
}: {
  readonly identity: OwnIdentity;
  readonly front: FrontEndParts;
  readonly events: Pick<EventLog, "onClientRefused">;
  readonly approvals: Pick<Approvals, "offer">;
  readonly clock: Clock;
}): ClientGate {
  const now = (): number => clock.now();
  const tell = tellRefused((refused, more) => events.onClientRefused(refused, more), now);
  return openClientGate({
    settings: () => identity.settings.now,
    trust: () => linkIdentity({ identity, state: front.state }),
    state: front.state,
    condition: front.condition,
    now,
    onRefused: (refused) => {
      tell(refused);
      const unknown = offeredClient(refused);
      if (unknown) approvals.offer(unknown);
    },
  });
}
