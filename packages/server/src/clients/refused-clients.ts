import type { Instant } from "@gridward/core/base/time";
import { sourceGroup } from "@gridward/runtime/os/source-group";
import { tellBounded } from "../tell-bounded.ts";
import type { RefusedClient } from "./client-gate.ts";

/** One event a minute for the same door, source and cause: a stranger must not fill the store. */
export const onceAMinute = { burst: 1, perSecond: 1 / 60, sourcesMax: 1_000 };

/** Tells of refused clients, each kind once a minute, with how many came since the last time. */
export function tellRefused(
  record: (refused: RefusedClient, more: number) => void,
  now: () => Instant,
): (refused: RefusedClient) => void {
  return tellBounded({
    keyOf: ({ door, source, refusal }) =>
      `${door} ${sourceGroup(source)} ${refusal.code} ${refusal.detail}`,
    rate: onceAMinute,
    record,
    now,
  });
}
