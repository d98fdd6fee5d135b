import { day, rfc3339, type Instant, type Millis } from "@gridward/core/base/time";
import { crlEvery } from "@gridward/core/domain/revocation";
import type { Alarm } from "@gridward/core/domain/server-status";
import type { DirectoryState } from "@gridward/core/domain/state";

/** A Main signs a list a day: one of two days says that none did. */
const oldAfter: Millis = 2 * crlEvery;

/** PK5: a revocation list that is old, and one that has ended. */
export function listAlarms({ tables }: DirectoryState, now: Instant): readonly Alarm[] {
  return [...tables.crls.values()].flatMap(({ thisUpdate, nextUpdate }) => {
    if (now < Math.min(thisUpdate + oldAfter, nextUpdate)) return [];
    const made = `The revocation list was made ${rfc3339(thisUpdate)}`;
    const remedy =
      "A Main makes a new one each day: run `gridward pair status` to see why there is none, and " +
      "`gridward server status` there for what hinders it.";
    if (now < nextUpdate) {
      const days = Math.ceil((nextUpdate - now) / day);
      const text = `${made} and ends in ${days} ${days === 1 ? "day" : "days"}.`;
      const since = rfc3339(thisUpdate + oldAfter);
      return [{ code: "certificate.list-old", since, text, remedy }];
    }
    const text =
      `${made} and has ended: there are no OCSP answers, and who demands a current list ` +
      "(revocation=hard) refuses everybody.";
    return [{ code: "certificate.list-ended", since: rfc3339(nextUpdate), text, remedy }];
  });
}
