/** Milliseconds since 1970-01-01T00:00:00Z. A plain number, so that it journals as it is. */
export type Instant = number;

/** A duration in milliseconds. */
export type Millis = number;

export const second: Millis = 1_000;
export const minute: Millis = 60 * second;
export const hour: Millis = 60 * minute;
export const day: Millis = 24 * hour;

/** RFC 3339 in UTC with milliseconds, the one form in which times are shown. */
export function rfc3339(at: Instant): string {
  return new Date(at).toISOString();
}
