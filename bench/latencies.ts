import { readFileSync } from "node:fs";

/** What one load came to. */
export interface Commits {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Of the times that single answers took, in ms, within `seconds`. */
export function commitsOf(times: readonly number[], seconds: number): Commits {
  const { p50Ms, p99Ms } = spreadOf(times);
  return { perSecond: Math.round(times.length / seconds), p50Ms, p99Ms };
}

export function spreadOf(times: readonly number[]): { p50Ms: number; p99Ms: number } {
  const sorted = times.toSorted((left, right) => left - right);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

export function sayMs({
  p50Ms,
  p99Ms,
}: {
  readonly p50Ms: number;
  readonly p99Ms: number;
}): string {
  return `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`;
}

/** User and system time of a process so far, in ms, from the kernel. */
export function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
