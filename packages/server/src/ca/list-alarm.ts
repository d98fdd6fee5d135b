import { day, rfc3339, type Instant, type Millis } from "@gridward/core/base/time";
import { crlEvery } from "@gridward/core/domain/revocation";
import type { Alarm } from "@gridward/core/domain/server-status";
import type { DirectoryState } from "@gridward/core/domain/state";

/** A Main signs a list a day: one of two days says that none did. */
const oldAfter: Millis = 2 * crlEvery;

/** PK5: a revocation list that is not renewed. That one has ended is told as of any certificate. */
export function listAlarms({ tables }: DirectoryState, now: Instant): readonly Alarm[] {
  return [...tables.crls.values()]
    .filter(({ thisUpdate, nextUpdate }) => thisUpdate + oldAfter <= now && now <= nextUpdate)
    .map(({ thisUpdate, nextUpdate }) => {
      const days = Math.ceil((nextUpdate - now) / day);
      return {
        code: "certificate.list-old",
        since: rfc3339(thisUpdate + oldAfter),
        text:
          `The revocation list was made ${rfc3339(thisUpdate)} and ends in ${days} ` +
          `${days === 1 ? "day" : "days"}: then there are no OCSP answers, and who demands a ` +
          "current list (revocation=hard) refuses everybody.",
        remedy:
          "A Main makes a new one each day: run `gridward pair status` to see why there is none.",
      };
    });
}
