import type { Reported } from "@gridward/core/codec/replica/message";
import type { DeviceId } from "@gridward/core/base/identity";
import type { Instant } from "@gridward/core/base/time";
import { sourceGroup } from "@gridward/runtime/os/source-group";
import { onceAMinute } from "./clients/refused-clients.ts";
import type { EventLog, RefusedOrder } from "./event-log.ts";
import type { RefusedEnrolment } from "./parts.ts";
import { decisionsTold, devicesTold } from "./replica/limits.ts";
import type { DeviceObservation } from "./replica/replica-parts.ts";
import { tellBounded } from "./tell-bounded.ts";

/** Once a minute by source and code alone: name and detail are the stranger's own words. */
export function tellEnrolments(
  events: Pick<EventLog, "onEnrolmentRefused">,
  now: () => Instant,
): (refused: RefusedEnrolment) => void {
  return tellBounded({
    keyOf: ({ source, refusal }) => `${sourceGroup(source)} ${refusal.code}`,
    rate: onceAMinute,
    record: (refused, more) => events.onEnrolmentRefused(refused, more),
    now,
  });
}

/** Once a minute by person and kind: somebody who tries every route must not fill the store. */
export function tellRefusedOrders(
  events: Pick<EventLog, "onRefusedOrder">,
  now: () => Instant,
): (refused: RefusedOrder) => void {
  return tellBounded({
    keyOf: ({ actor, event, order }) => `${actor.id} ${event} ${order}`,
    rate: onceAMinute,
    record: (refused, more) => events.onRefusedOrder(refused, more),
    now,
  });
}

/** All that one device does and tells counts together. */
export function tellDevices(
  events: Pick<EventLog, "onDevice" | "onDecision">,
  now: () => Instant,
  note: (text: string) => void,
): (seen: DeviceObservation) => void {
  const tellDecision = tellBounded<{ readonly device: DeviceId; readonly decided: Reported }>({
    keyOf: ({ device }) => device,
    rate: decisionsTold,
    record: ({ device, decided }, more) => events.onDecision(device, decided, more),
    now,
  });
  const tellSeen = tellBounded<DeviceObservation>({
    keyOf: ({ device }) => device,
    rate: devicesTold,
    record: (seen, more) => {
      events.onDevice(seen, more);
      if (seen.kind === "turned-away") note(`device ${seen.device} turned away: ${seen.code}`);
    },
    now,
  });
  return (seen) => {
    tellSeen(seen);
    if (seen.kind !== "reported") return;
    for (const decided of seen.decided) tellDecision({ device: seen.device, decided });
  };
}
