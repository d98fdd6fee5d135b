import type { Millis } from "@gridward/core/base/time";

/** A try now, or the seconds to wait. */
export type Admission = { readonly ok: true } | { readonly ok: false; readonly waitS: number };

export interface SourceLimit {
  /** `now` of one clock, whichever. */
  admit(source: string, now: Millis): Admission;
}

export interface SourceLimitChoice {
  /** Tries at once. */
  readonly burst: number;
  /** Tries regained a second. */
  readonly perSecond: number;
  /** Sources remembered; the one not seen for longest is forgotten first. */
  readonly sourcesMax: number;
}

/** Counts tries per source, so that guessing passwords costs one source its time. */
export function limitSources({ burst, perSecond, sourcesMax }: SourceLimitChoice): SourceLimit {
  const seen = new Map<string, { readonly left: number; readonly at: Millis }>();
  return {
    admit(source, now) {
      const last = seen.get(source) ?? { left: burst, at: now };
      // A clock set back must not take tries away.
      const regained = (Math.max(0, now - last.at) / 1000) * perSecond;
      const left = Math.min(burst, last.left + regained);
      seen.delete(source);
      seen.set(source, { left: left < 1 ? left : left - 1, at: now });
      if (seen.size > sourcesMax) forgetOldest(seen);
      return left < 1 ? { ok: false, waitS: Math.ceil((1 - left) / perSecond) } : { ok: true };
    },
  };
}

function forgetOldest(seen: Map<string, unknown>): void {
  for (const source of seen.keys()) {
    seen.delete(source);
    return;
  }
}
