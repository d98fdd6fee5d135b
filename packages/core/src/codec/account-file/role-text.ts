import { day, rfc3339, type Instant } from "../../base/time.ts";
import { err, ok, type Result } from "../../base/result.ts";

/** A role as people write it: `OPERATOR@Hill/Q01,from=2026-01-01,until=2026-12-31`. */
export interface RoleText {
  readonly role: string;
  readonly area?: string;
  readonly not_before?: string;
  readonly not_after?: string;
}

/** What is in force where nothing is said: everywhere, without dates. */
export interface WrittenRole {
  readonly name: string;
  readonly area: string;
  readonly notBefore: Instant | null;
  readonly notAfter: Instant | null;
}

const datesPattern = /^(.*?)(?:,from=([^,]*))?(?:,until=([^,]*))?$/s;

/** Name, area after `@`, and dates behind both. What the name and the area are is not judged. */
export function parseRoleText(text: string): Result<RoleText, string> {
  const [, place = "", from = "", until = ""] = datesPattern.exec(text.trim()) ?? [];
  const begin = from === "" ? ok(undefined) : parseMoment(from, "from");
  const end = until === "" ? ok(undefined) : parseMoment(until, "until");
  if (!begin.ok) return begin;
  if (!end.ok) return end;
  const [, role = "", area] = placePattern.exec(place) ?? [];
  if (role === "") return err(`"${text.slice(0, 64)}" names no role`);
  return ok(withoutAbsent({ role, area, not_before: begin.value, not_after: end.value }));
}

const placePattern = /^\s*([^@]*?)\s*(?:@(.*))?$/s;

function withoutAbsent({
  role,
  ...rest
}: {
  readonly role: string;
  readonly area: string | undefined;
  readonly not_before: string | undefined;
  readonly not_after: string | undefined;
}): RoleText {
  const { area, not_before: from, not_after: until } = rest;
  return {
    role,
    ...(area === undefined ? {} : { area }),
    ...(from === undefined ? {} : { not_before: from }),
    ...(until === undefined ? {} : { not_after: until }),
  };
}

/** The shortest text that is read as the same. */
export function writeRole({ name, area, notBefore, notAfter }: WrittenRole): string {
  // An area that looks like dates at its end is told from them by empty ones behind it.
  const isPlain = !/,(?:from|until)=/.test(area);
  const from = notBefore === null ? "" : rfc3339(notBefore);
  const until = notAfter === null ? "" : rfc3339(notAfter);
  return [
    name,
    area === "*" ? "" : `@${area}`,
    from === "" && isPlain ? "" : `,from=${from}`,
    until === "" && isPlain ? "" : `,until=${until}`,
  ].join("");
}

const dayPattern = /^\d{4}-\d{2}-\d{2}$/;
const momentPattern =
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/i;

/** RFC 3339, or a day alone, which is meant whole and in UTC: until its end, from its beginning. */
export function parseMoment(text: string, end: "from" | "until"): Result<string, string> {
  const wanted = text.trim();
  const isDay = dayPattern.test(wanted);
  const at = isDay || momentPattern.test(wanted) ? Date.parse(wanted) : Number.NaN;
  // Some engines read 30 February as 2 March.
  const isReal = isDay ? !Number.isNaN(at) && rfc3339(at).startsWith(wanted) : !Number.isNaN(at);
  if (!isReal || at < 0) {
    return err(`"${wanted.slice(0, 40)}" is no time such as 2026-12-31 or 2026-12-31T12:00:00Z`);
  }
  return ok(rfc3339(isDay && end === "until" ? at + day : at));
}
