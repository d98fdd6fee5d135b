import type { Millis } from "@gridward/core/base/time";

/**
 * For who asks every so often: how much later than that it could ask, because the process stood
 * still. Time in which the machine was suspended does not count, for nothing was slow then. (Node's
 * own histogram of delays forgets the one that is just ending when it is set back.)
 */
export function watchStandstill(every: Millis): () => Millis {
  let askedAt = performance.now();
  return () => {
    const now = performance.now();
    const late = now - askedAt - every;
    askedAt = now;
    return Math.max(0, late);
  };
}
