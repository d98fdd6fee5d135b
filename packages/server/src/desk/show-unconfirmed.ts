import type { SecurityView } from "@gridward/core/api/security-routes";
import { rfc3339, second } from "@gridward/core/base/time";
import type { DeskParts } from "./desk-parts.ts";

/** The change that waits for a sign-in or for a link; null: none does. */
export function showUnconfirmed({
  front,
  security,
}: Pick<DeskParts, "front" | "security">): SecurityView["unconfirmed"] {
  const found = security.unconfirmed();
  if (found === null) return null;
  const { change, broken, silent, left, signIn } = found;
  const seconds = Math.ceil(left / second);
  const goesBack = broken.length > 0 || signIn.length > 0;
  return {
    change,
    broken,
    silent,
    sign_in: signIn,
    taken_back_in_s: goesBack ? seconds : null,
    taken_back_at: goesBack ? rfc3339(front.now() + left) : null,
    kept_in_s: goesBack ? null : seconds,
  };
}
