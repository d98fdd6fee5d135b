import type * as z from "zod";
import { eventRoutes } from "@gridward/core/api/event-routes";
import type { Route } from "@gridward/core/api/route";
import { ok, type Result } from "@gridward/core/base/result";
import { day, hour, minute, rfc3339, type Instant, type Millis } from "@gridward/core/base/time";
import { callRoute, type Answered, type Target } from "./api-client.ts";
import { signedInTarget, talk, type Asked, type Cli } from "./cli.ts";
import { failed, type CommandFailure } from "./failure.ts";
import { learnServers } from "./learn-servers.ts";

/** Options by which events are chosen. */
export interface EventWords {
  readonly search?: string;
  readonly event?: string;
  readonly account?: string;
  readonly device?: string;
  readonly outcome?: string;
  readonly severity?: string;
  readonly since?: string;
  readonly until?: string;
}

type EventQuery = z.input<typeof eventRoutes.eventList.query>;
type EventAnswer = z.output<typeof eventRoutes.eventList.answer>;

const units: Readonly<Record<string, Millis>> = { m: minute, h: hour, d: day };

/** The options as the query of the route; a time in words becomes one of the clock. */
export function wordsOf(words: EventWords, now: Instant): Result<EventQuery, CommandFailure> {
  const { search, event, account, device, since, until } = words;
  const texts = { search, event, account, device };
  const query = eventRoutes.eventList.query.safeParse({
    ...texts,
    outcome: words.outcome,
    severity: words.severity,
    since: since === undefined ? undefined : timeOf(since, now),
    until: until === undefined ? undefined : timeOf(until, now),
  });
  if (!query.success) {
    const [issue] = query.error.issues;
    const option = issue?.path.join(".") ?? "";
    const isTime = option === "since" || option === "until";
    const says = isTime ? "neither RFC 3339 nor such as 30m, 24h, 7d" : (issue?.message ?? "");
    return failed("client.wrong-use", `--${option}: ${says}`);
  }
  const { outcome, severity } = query.data;
  const times = { since: query.data.since, until: query.data.until };
  return ok({ ...texts, outcome, severity, ...times });
}

function timeOf(text: string, now: Instant): string {
  const [, count, unit = ""] = /^([1-9][0-9]{0,4})([mhd])$/.exec(text) ?? [];
  const ago = units[unit];
  return count === undefined || ago === undefined ? text : rfc3339(now - Number(count) * ago);
}

/** The events of one server: whichever answers first, and that one from then on. */
export class EventSource {
  readonly #cli: Cli;
  readonly #asked: Asked;
  #from: URL | undefined;

  constructor(cli: Cli, asked: Asked, from?: URL) {
    this.#cli = cli;
    this.#asked = asked;
    this.#from = from;
  }

  now(): Instant {
    return this.#cli.clock.now();
  }

  talk(line: string): void {
    talk(this.#cli, this.#asked, line);
  }

  /** One for every server that is named or known. */
  each(): Result<
    readonly { readonly url: string; readonly source: EventSource }[],
    CommandFailure
  > {
    const target = signedInTarget(this.#cli, this.#asked);
    if (!target.ok) return target;
    const urls = target.value.kind === "servers" ? target.value.urls : [];
    const sourceAt = (url: URL) => new EventSource(this.#cli, this.#asked, url);
    return ok(urls.map((url) => ({ url: url.origin, source: sourceAt(url) })));
  }

  async look(query: EventQuery): Promise<Result<Answered<EventAnswer>, CommandFailure>> {
    return this.call(eventRoutes.eventList, query);
  }

  async call<Query extends z.ZodType, Answer extends z.ZodType>(
    route: Route & {
      readonly params: typeof eventRoutes.eventList.params;
      readonly query: Query;
      readonly body: typeof eventRoutes.eventList.body;
      readonly answer: Answer;
    },
    query: z.input<Query>,
  ): Promise<Result<Answered<z.output<Answer>>, CommandFailure>> {
    const target = this.#target();
    if (!target.ok) return target;
    const answered = await callRoute(
      target.value,
      route,
      { params: {}, query, body: null },
      this.#asked,
    );
    if (!answered.ok) return answered;
    if (this.#from === undefined) {
      await learnServers({ cli: this.#cli, asked: this.#asked }, target.value, answered.value);
    }
    // Numbers of events are a server's own: the next page of another would be of something else.
    this.#from ??= URL.parse(answered.value.from ?? "") ?? undefined;
    return answered;
  }

  #target(): Result<Target, CommandFailure> {
    const target = signedInTarget(this.#cli, this.#asked);
    if (!target.ok || target.value.kind === "local" || this.#from === undefined) return target;
    return ok({ ...target.value, urls: [this.#from] });
  }
}
