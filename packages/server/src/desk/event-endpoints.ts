import { eventRoutes } from "@gridward/core/api/event-routes";
import { pageDefault } from "@gridward/core/api/route";
import { ok } from "@gridward/core/base/result";
import type { DeskParts } from "./desk-parts.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";

/** What an auditor reads of this server; see `eventRoutes`. */
export function eventEndpoints({
  events,
}: Pick<DeskParts, "events">): Readonly<Record<keyof typeof eventRoutes, Endpoint>> {
  return {
    eventList: endpoint(eventRoutes.eventList, ({ query }, { actor }) => {
      const { order = "newest", cursor, limit = pageDefault, since, until, ...rest } = query;
      const { account: subject, ...others } = rest;
      const times = { since: instantOf(since), until: instantOf(until) };
      return ok(
        events.list({ filter: { ...others, subject, ...times }, order, cursor, limit, actor }),
      );
    }),
    eventVerify: endpoint(eventRoutes.eventVerify, async (_, { actor }) =>
      ok(await events.verify(actor)),
    ),
  };
}

function instantOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}
