import { openSync, readSync } from "node:fs";
import { setTimeout as sleepFor } from "node:timers/promises";
import type { Instant, Millis } from "@gridward/core/base/time";

/** Time as every part receives it, so that the simulator can supply its own. */
export interface Clock {
  /** Wall clock: may jump in both directions. */
  now(): Instant;
  /** Never goes back, has no relation to the wall clock, and counts time spent suspended. */
  monotonic(): Millis;
  /** Ends early, without an error, when `stop` is raised: the caller looks at `stop.aborted`. */
  sleep(duration: Millis, stop?: AbortSignal): Promise<void>;
}

/** Runs it when what has arrived by now was read: a timer would cost a millisecond. */
export function runSoon(work: () => void): void {
  setImmediate(work);
}

/** The clock of the machine. */
export function systemClock(): Clock {
  return { now: () => Date.now(), monotonic: monotonicWithSuspend(), sleep };
}

async function sleep(duration: Millis, stop?: AbortSignal): Promise<void> {
  try {
    await sleepFor(duration, undefined, stop === undefined ? {} : { signal: stop });
  } catch (error) {
    if (stop?.aborted !== true) throw error;
  }
}

/** A difference below this is the coarseness of /proc/uptime (10 ms), not a suspension. */
const suspendNoticed: Millis = 50;

/** The uptime is read again after so much running time at the latest; it costs a system call. */
const uptimeKept: Millis = 1;

/**
 * Node's own counter stands still while the machine is suspended, and a replica must not get
 * younger by that; the kernel's uptime goes on. We add what the two differ by.
 */
function monotonicWithSuspend(): () => Millis {
  const readUptime = uptimeReader();
  const firstUptime = readUptime();
  const firstCounter = performance.now();
  let suspended = 0;
  let readAt = Number.NEGATIVE_INFINITY;
  return () => {
    const counter = performance.now() - firstCounter;
    if (counter - readAt < uptimeKept) return counter + suspended;
    readAt = counter;
    const uptime = readUptime();
    if (uptime !== undefined && firstUptime !== undefined) {
      const difference = uptime - firstUptime - counter;
      if (difference > suspended + suspendNoticed) suspended = difference;
    }
    return counter + suspended;
  };
}

/** Milliseconds since the machine started, or undefined where there is no /proc. */
function uptimeReader(): () => Millis | undefined {
  const buffer = Buffer.alloc(64);
  let file: number | undefined;
  try {
    file = openSync("/proc/uptime", "r");
  } catch {
    return () => undefined;
  }
  const uptimeFile = file;
  return () => {
    const length = readSync(uptimeFile, buffer, 0, buffer.length, 0);
    const seconds = Number.parseFloat(buffer.toString("latin1", 0, length));
    return Number.isFinite(seconds) ? seconds * 1000 : undefined;
  };
}
