import { minute, type Instant, type Millis } from "@gridward/core/base/time";
import type { Judgement } from "../trust/judge.ts";
import { judgeOnLink, type LinkCase, settingsFor } from "./judge-on-link.ts";

/** Then what is valid by time alone is looked at anew. */
const rememberedFor: Millis = 30 * minute;

interface Remembered {
  readonly by: readonly unknown[];
  readonly at: Instant;
  readonly judgement: Judgement;
}

/**
 * `judgeOnLink` for one open connection: the same chain by the same demands is not built again
 * within half an hour. A chain costs milliseconds, and an account that changes has all looked at.
 */
export function rememberJudgement(first: LinkCase, judgement: Judgement) {
  let last: Remembered = { by: demandsOf(first), at: first.at, judgement };
  return (met: LinkCase): Judgement => {
    const by = demandsOf(met);
    const { at } = met;
    const isSame = by.length === last.by.length && by.every((one, index) => one === last.by[index]);
    const isFresh = at >= last.at && at < last.at + rememberedFor;
    if (!isSame || !isFresh) last = { by, at, judgement: judgeOnLink(met) };
    return last.judgement;
  };
}

/** What the chain is judged by; who presented it, and how, stays as it was. */
function demandsOf(met: LinkCase): readonly unknown[] {
  const settings: Readonly<Record<string, unknown>> = { ...settingsFor(met) };
  return [...Object.values(settings), ...met.anchors, "lists", ...met.lists];
}
