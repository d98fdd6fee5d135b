import { rfc3339, type Instant, type Millis } from "@gridward/core/base/time";
import { type Refusal, refusalSpec } from "@gridward/core/domain/refusal";
import type { Alarm } from "@gridward/core/domain/server-status";

/** What a schedule remembers between two looks. */
export interface ScheduleMemory {
  readonly startedAt: Instant;
  newestAt: Instant | null;
  failure: { readonly at: Instant; readonly refusal: Refusal } | null;
}

/** A schedule that does not do what it was set up for is an alarm; no schedule is none. */
export function scheduleAlarms(
  { startedAt, newestAt, failure }: ScheduleMemory,
  order: { readonly every: Millis; readonly hasKey: boolean; readonly now: Instant },
): readonly Alarm[] {
  const { every, hasKey, now } = order;
  if (!hasKey) {
    const { says: text, remedy } = refusalSpec("backup.no-key");
    return [{ code: "backup.no-key", since: rfc3339(startedAt), text, remedy }];
  }
  const alarms: Alarm[] = [];
  if (failure !== null) {
    const { says, remedy } = refusalSpec(failure.refusal.code);
    const text = `The scheduled backup failed: ${says} (${failure.refusal.detail})`;
    alarms.push({ code: "backup.failed", since: rfc3339(failure.at), text, remedy });
  }
  const newest = newestAt ?? startedAt;
  if (now - newest > 2 * every) {
    const text =
      newestAt === null
        ? "There is no backup, though one is due."
        : `The newest backup is of ${rfc3339(newestAt)}, more than twice as old as it should be.`;
    const remedy = "Run `gridward backup create` and read what it says.";
    alarms.push({ code: "backup.old", since: rfc3339(newest + 2 * every), text, remedy });
  }
  return alarms;
}
