import { eventsFrom, type Severity } from "@gridward/core/domain/security-event";
import type { Instant } from "@gridward/core/base/time";

/** Which events are wanted; what is absent does not matter. All of it must hold. */
export interface EventFilter {
  /** Occurs in any text of the event, or is its number. */
  readonly search?: string | undefined;
  /** Number in the catalogue. */
  readonly event?: number | undefined;
  /** Account or program that asked, in any case of letters. */
  readonly subject?: string | undefined;
  readonly device?: string | undefined;
  readonly outcome?: string | undefined;
  /** At least as bad. */
  readonly severity?: Severity | undefined;
  /** Not before, and not at or after. */
  readonly since?: Instant | undefined;
  readonly until?: Instant | undefined;
}

export interface Condition {
  readonly where: string;
  readonly values: readonly (string | number)[];
}

/** Every text of an event and its number, for a search. */
const searched = `instr(lower(concat_ws(' ', event, outcome, subject, door, source, device, detail)),
  lower(?)) > 0`;

/** The filter as a condition of SQL; nothing that somebody typed is part of its text. */
export function conditionOf(filter: EventFilter): Condition {
  const { search, event, subject, device, outcome, severity, since, until } = filter;
  const parts: readonly (readonly [string, string | number | undefined])[] = [
    [searched, search === "" ? undefined : search],
    ["event = ?", event],
    ["lower(subject) = lower(?)", subject],
    ["lower(device) = lower(?)", device],
    ["outcome = ?", outcome],
    ["at >= ?", since],
    ["at < ?", until],
    ["event IN (SELECT value FROM json_each(?))", severity && JSON.stringify(eventsFrom(severity))],
  ];
  const wanted = parts.flatMap(([text, value]) => (value === undefined ? [] : [{ text, value }]));
  return {
    where: ["TRUE", ...wanted.map(({ text }) => text)].join(" AND "),
    values: wanted.map(({ value }) => value),
  };
}
