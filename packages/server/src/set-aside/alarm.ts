import { type Instant, minute, rfc3339 } from "@gridward/core/base/time";
import { factsOf } from "@gridward/core/domain/decide-set-aside";
import type { Alarm } from "@gridward/core/domain/server-status";
import { lossesOf } from "@gridward/core/domain/set-aside-loss";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { SetAsideRow } from "@gridward/core/domain/types";

/** More sentences than these are counted, not said. */
const sentencesMost = 3;

/**
 * Stands on every server until each lost change is judged, those first that lower the security of
 * the system (HS9). The status is asked for often, so the answer is kept while nothing changes.
 */
export function openSetAsideAlarm(): (state: DirectoryState, now: Instant) => readonly Alarm[] {
  let kept: { state: DirectoryState; minute: number; alarms: readonly Alarm[] } | undefined;
  return (state, now) => {
    const present = Math.floor(now / minute);
    if (kept?.state !== state || kept.minute !== present) {
      kept = { state, minute: present, alarms: alarmsOf(state, now) };
    }
    return kept.alarms;
  };
}

function alarmsOf(state: DirectoryState, now: Instant): readonly Alarm[] {
  if (state.tables.setAside.isEmpty()) return [];
  const open = [...state.tables.setAside.values()].filter(({ judged }) => judged === null);
  const [first] = open;
  if (first === undefined) return [];
  const since = open.reduce((least, row) => Math.min(least, row.setAsideAt), first.setAsideAt);
  const text = textOf(state, open, now);
  const remedy = "Judge each: `gridward pair set-aside list`, then `reapply ID` or `reject ID`.";
  return [{ code: "pair.set-aside", since: rfc3339(since), text, remedy }];
}

function textOf(state: DirectoryState, open: readonly SetAsideRow[], now: Instant): string {
  const servers = new Set(open.map(({ node }) => state.tables.servers.get(node)?.name ?? node));
  const where = [...servers].toSorted().join(" and ");
  const head =
    open.length === 1
      ? `1 change made on ${where} is not in the system and waits for a judgement.`
      : `${open.length} changes made on ${where} are not in the system and wait for a judgement.`;
  const losses = open
    .toSorted((left, right) => left.at - right.at)
    .flatMap((row) => {
      const facts = factsOf(row);
      return facts.ok ? lossesOf(row, facts.value, { state, now }) : [];
    });
  if (losses.length === 0) return head;
  const more = losses.length - sentencesMost;
  const rest = more > 0 ? [`${more} more lower the security.`] : [];
  return ["Security is lower:", ...losses.slice(0, sentencesMost), ...rest, head].join(" ");
}
