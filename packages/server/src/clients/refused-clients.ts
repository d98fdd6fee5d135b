import { minute, type Instant, type Millis } from "@gridward/core/base/time";
import { sourceGroup } from "@gridward/runtime/os/source-group";
import type { RefusedClient } from "./client-gate.ts";

/** One event a minute for the same door, source and cause: a stranger must not fill the store. */
const saidEvery: Millis = minute;
const sourcesMost = 1_000;

interface Said {
  readonly at: Instant;
  readonly unsaid: number;
}

/** Tells of refused clients, each kind once a minute, with how many came since the last time. */
export function tellRefused(
  record: (refused: RefusedClient, more: number) => void,
  now: () => Instant,
): (refused: RefusedClient) => void {
  const said = new Map<string, Said>();
  return (refused) => {
    const { door, source, refusal } = refused;
    const key = `${door} ${sourceGroup(source)} ${refusal.code} ${refusal.detail}`;
    const at = now();
    const last = said.get(key);
    if (last !== undefined && Math.abs(at - last.at) < saidEvery) {
      said.set(key, { ...last, unsaid: last.unsaid + 1 });
      return;
    }
    said.delete(key);
    said.set(key, { at, unsaid: 0 });
    const [oldest = key] = said.size > sourcesMost ? said.keys() : [];
    if (oldest !== key) said.delete(oldest);
    record(refused, last?.unsaid ?? 0);
  };
}
