import { securitySpecs, weakenedBy } from "@gridward/core/base/security-settings";
import { type Instant, rfc3339, second } from "@gridward/core/base/time";
import type { Alarm } from "@gridward/core/domain/server-status";
import type { Unconfirmed } from "./security-changes.ts";
import type { StandingSettings } from "./standing-settings.ts";

/** CS1, CS11: every setting weaker than its default, and a change that waits to be confirmed. */
export function securityAlarms(
  settings: StandingSettings,
  unconfirmed: Unconfirmed | null,
  startedAt: Instant,
): readonly Alarm[] {
  const standing = weakenedBy(settings.now).flatMap((name) => {
    const { alarm } = securitySpecs[name];
    if (alarm === null) return [];
    const { code, text, remedy } = alarm;
    return [{ code, text, remedy, since: rfc3339(settings.since(name) ?? startedAt) }];
  });
  if (unconfirmed === null) return standing;
  const { change, broken, since, left } = unconfirmed;
  const waiting: Alarm = {
    code: "security.unconfirmed",
    since: rfc3339(since),
    text:
      `The change ${change} broke the link to ${broken.join(", ")}. ` +
      `It is taken back in ${Math.ceil(left / second)} s, unless the link is valid again.`,
    remedy: "To keep it all the same, run `gridward security confirm`.",
  };
  return [waiting, ...standing];
}
