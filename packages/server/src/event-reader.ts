import type { SecurityEventView } from "@gridward/core/api/event-routes";
import type { EventFilter } from "@gridward/runtime/observe/event-query";
import { type Instant, rfc3339 } from "@gridward/core/base/time";
import { findSecurityEvent } from "@gridward/core/domain/security-event";
import type { Actor } from "@gridward/core/domain/types";
import type { EventFault } from "@gridward/runtime/observe/event-chain";
import type { SecurityEvent, SecurityEventContent } from "@gridward/runtime/observe/kept-event";
import type { SecurityEventStore } from "@gridward/runtime/observe/security-events";
import { tellBounded } from "./tell-bounded.ts";

/** What somebody wants to see of the events, and who. */
export interface EventLook {
  readonly filter: EventFilter;
  readonly order: "newest" | "oldest";
  /** Goes on after the event of this number, in that order. */
  readonly cursor: number | undefined;
  readonly limit: number;
  readonly actor: Actor;
}

export interface EventsSeen {
  readonly rows: readonly SecurityEventView[];
  readonly next: string | null;
  readonly newest: number;
  /** Null on a page after the first: it would be counted anew. */
  readonly total: number | null;
}

export interface EventsVerified {
  readonly events: number;
  readonly newest: number;
  readonly fault: EventFault | null;
}

/** Somebody looked, and at what. */
type Look = Pick<SecurityEventContent, "subject" | "door" | "source" | "detail">;

export interface EventReaderParts {
  readonly store: SecurityEventStore;
  readonly server: string;
  readonly now: () => Instant;
  readonly soon: (work: () => void) => void;
  /** Keeps what waits to be kept. */
  readonly settle: () => void;
  readonly record: (look: Look & { readonly event?: number }) => void;
}

/**
 * Once in ten minutes for the same person, place and filter: pages that follow, and whoever looks
 * on, are one look, and an export of a million events must not fill the store with itself.
 */
const looksTold = { burst: 1, perSecond: 1 / 600, sourcesMax: 1_000 };

/** The events of this server for who may read them; looking is itself an event (AM7). */
export class EventReader {
  readonly #parts: EventReaderParts;
  readonly #tell: (look: Look) => void;
  #verifying: Promise<EventsVerified> | undefined;

  constructor(parts: EventReaderParts) {
    this.#parts = parts;
    this.#tell = tellBounded({
      keyOf: ({ subject, source, detail }) => `${subject} ${source} ${detail}`,
      rate: looksTold,
      record: (look) => parts.record(look),
      now: parts.now,
    });
  }

  list({ filter, order, cursor, limit, actor }: EventLook): EventsSeen {
    const { store, settle } = this.#parts;
    settle();
    const newest = store.newest;
    const page = order === "newest" ? store.list({ ...filter, before: cursor, limit }) : null;
    const events = page?.events ?? store.after(cursor ?? 0, limit, filter);
    this.#tell(lookOf(actor, filterText(filter)));
    const last = events.at(-1);
    const isMore = events.length === limit && last !== undefined && last.sequence > 1;
    return {
      rows: events.map((event) => this.#view(event)),
      next: isMore ? String(last.sequence) : null,
      newest,
      total: cursor === undefined ? (page?.total ?? null) : null,
    };
  }

  /** Walks the whole chain; a second who asks meanwhile gets the same answer. */
  async verify(actor: Actor): Promise<EventsVerified> {
    this.#parts.settle();
    this.#verifying ??= this.#verify().finally(() => {
      this.#verifying = undefined;
    });
    const verified = await this.#verifying;
    const { events, fault } = verified;
    if (fault === null) this.#tell(lookOf(actor, `the chain proves ${events} events`));
    else {
      const detail = `event ${fault.sequence}: ${fault.says}`;
      this.#parts.record({ ...lookOf(actor, detail), event: 20210 });
    }
    return verified;
  }

  async #verify(): Promise<EventsVerified> {
    const { store, soon } = this.#parts;
    const pause = async (): Promise<void> =>
      new Promise((resolve) => {
        soon(() => resolve());
      });
    const newest = store.newest;
    const walked = await store.verify(pause);
    return walked.ok
      ? { events: walked.value, newest, fault: null }
      : { events: 0, newest, fault: walked.error };
  }

  #view(event: SecurityEvent): SecurityEventView {
    const { sequence, at, outcome, subject, door, source, device, detail, hash } = event;
    const spec = findSecurityEvent(event.event);
    return {
      sequence,
      at: rfc3339(at),
      event: event.event,
      name: spec?.acronym ?? "UNKNOWN",
      outcome,
      severity: spec?.severity ?? "notice",
      gsal: spec?.gsal ?? null,
      subject,
      door,
      source,
      device,
      server: this.#parts.server,
      detail,
      hash,
    };
  }
}

function lookOf({ name: subject, door, source }: Actor, detail: string): Look {
  return { subject, door, source, detail };
}

function filterText(filter: EventFilter): string {
  return Object.entries(filter)
    .flatMap(([name, value]: readonly [string, string | number | undefined]) => {
      if (value === undefined) return [];
      const isTime = name === "since" || name === "until";
      return [`${name}=${isTime ? rfc3339(Number(value)) : value}`];
    })
    .join(" ");
}
