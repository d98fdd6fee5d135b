import { minute, second, type Millis } from "@gridward/core/base/time";
import {
  handOverPause,
  type Slow,
  type SlowPart,
  type Staying,
} from "@gridward/core/domain/slowness";

/** What became of a slow server's duty. */
export type Standing =
  | { readonly kind: "standby" }
  | { readonly kind: "handed-over"; readonly to: string }
  | { readonly kind: "refused"; readonly code: string }
  | { readonly kind: "stay"; readonly why: Staying };

/** What is wrong, in a sentence without its end. */
export function slownessText({ part, worst }: Pick<Slow, "part" | "worst">): string {
  return part === "disk"
    ? `the disk took ${seconds(worst)} for one write of the journal`
    : `the process stood still for ${seconds(worst)}`;
}

/** What it means here. */
export function standingText(standing: Standing): string {
  switch (standing.kind) {
    case "standby":
      return "Its Main waits for it some seconds with each change, then goes on without it.";
    case "handed-over":
      return `It gave the duty of Main to ${standing.to}.`;
    case "refused":
      return `It could not give the duty of Main away (${standing.code}) and tries again.`;
    case "stay":
      return stayingTexts[standing.why];
  }
}

const stayingTexts: Readonly<Record<Staying, string>> = {
  "no-standby": "It stays Main: there is no valid Standby to take over.",
  "all-slow": "It stays Main: every valid Standby is slow too.",
  "just-came": `It stays Main: it took over less than ${handOverPause / minute} minutes ago.`,
  "just-tried": "It stays Main for now: a hand-over was tried a moment ago.",
};

export const slowRemedies: Readonly<Record<SlowPart, string>> = {
  processor:
    "Look what else uses processor, memory and disk of this machine, and whether it is a virtual machine that is paused.",
  disk: "Look at the disk of the data directory: its health, what else writes to it, whether its machine or its store is overloaded.",
};

function seconds(time: Millis): string {
  return `${(time / second).toFixed(1)} s`;
}
