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
  const waiting: Alarm = {
    code: "security.unconfirmed",
    since: rfc3339(unconfirmed.since),
    text: textOf(unconfirmed),
    remedy:
      unconfirmed.signIn.length > 0
        ? "To keep it, run `gridward security confirm`: it signs in anew."
        : "To keep it all the same, run `gridward security confirm`.",
  };
  return [waiting, ...standing];
}

function textOf({ change, broken, silent, left, signIn }: Unconfirmed): string {
  const seconds = Math.ceil(left / second);
  if (signIn.length > 0) {
    return (
      `The change ${change} may shut administrators out: ${signIn.join("; ")}. ` +
      `It is taken back in ${seconds} s, unless one of them signs in under it.`
    );
  }
  return broken.length > 0
    ? `The change ${change} broke the link to ${broken.join(", ")}. ` +
        `It is taken back in ${seconds} s, unless the link is valid again.`
    : `Since the change ${change} ${silent.join(", ")} is not reached. ` +
        `It is taken back if the link is refused, and kept in ${seconds} s if nobody is heard.`;
}
