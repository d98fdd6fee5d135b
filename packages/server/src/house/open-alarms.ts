import type { Alarm } from "@gridward/core/domain/server-status";
import type { Clock } from "@gridward/runtime/os/clock";
import type { Approvals } from "../approvals/approvals.ts";
import type { Backups } from "../backup/open-backups.ts";
import { listAlarms } from "../ca/list-alarm.ts";
import type { Freshness } from "../freshness.ts";
import type { Doors } from "../health/doors.ts";
import type { SlowWatch } from "../health/slow-watch.ts";
import { openWitnessAlarms } from "../pair/arbitration.ts";
import type { Pair } from "../pair/open-pair.ts";
import type { Security } from "../security/open-security.ts";
import { openSetAsideAlarm } from "../set-aside/alarm.ts";
import type { Upload } from "../set-aside/upload.ts";

export interface AlarmTools {
  readonly backups: Backups;
  readonly upload: Upload;
  readonly slow: SlowWatch;
  readonly doors: Doors;
  readonly freshness: Freshness;
}

/** Everything that is wrong apart from the pair's own state. */
export function openAlarms(
  { conductor, witness }: Pair,
  clock: Clock,
  {
    slow,
    doors,
    freshness,
    security,
    upload,
    backups,
    approvals,
  }: AlarmTools & { readonly security: Security; readonly approvals: Approvals },
): () => readonly Alarm[] {
  const setAsideAlarms = openSetAsideAlarm();
  const witnessAlarms = openWitnessAlarms();
  return () => {
    const [at, now] = [clock.monotonic(), clock.now()];
    const { mode } = conductor.pair.control;
    return [
      ...security.alarms(),
      ...approvals.alarms(),
      ...listAlarms(conductor.state, now),
      ...setAsideAlarms(conductor.state, now),
      ...slow.alarms(),
      ...doors.alarms(),
      ...freshness.alarms(),
      ...upload.alarms,
      ...backups.alarms(),
      ...witnessAlarms(witness.view, { mode, at, now }),
    ];
  };
}
