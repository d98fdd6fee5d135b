import { minute, second, type Millis } from "@gridward/core/base/time";

const first = second;
const longest = minute;

/**
 * How long to wait before the next dial after so many failures in a row: 1 s doubling to 60 s, less
 * up to a quarter, so that devices that lost a server together do not return together.
 * `random` is in 0..1.
 */
export function nextTry(failures: number, random: number): Millis {
  const steps = Math.min(Math.max(failures - 1, 0), 16);
  const full = Math.min(first * 2 ** steps, longest);
  return Math.round(full * (1 - random / 4));
}
