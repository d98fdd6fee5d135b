import type { Instant } from "@gridward/core/base/time";
import { sourceGroup } from "@gridward/runtime/os/source-group";
import { onceAMinute } from "./clients/refused-clients.ts";
import type { EventLog } from "./event-log.ts";
import type { RefusedEnrolment } from "./parts.ts";
import { devicesTold } from "./replica/limits.ts";
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

/** All that one device does and tells counts together. */
export function tellDevices(
  events: Pick<EventLog, "onDevice">,
  now: () => Instant,
  note: (text: string) => void,
): (seen: DeviceObservation) => void {
  return tellBounded({
    keyOf: ({ device }) => device,
    rate: devicesTold,
    record: (seen, more) => {
      events.onDevice(seen, more);
      if (seen.kind === "turned-away") note(`device ${seen.device} turned away: ${seen.code}`);
    },
    now,
  });
}
