import type * as z from "zod";
import type { Route } from "@gridward/core/api/route";
import type { Json } from "@gridward/core/base/canonical";
import { ok, type Result } from "@gridward/core/base/result";
import { callRoute, type Answered } from "./api-client.ts";
import { signedInTarget, type Asked, type Cli, type Outcome } from "./cli.ts";
import type { CommandFailure } from "./failure.ts";
import { learnServers } from "./learn-servers.ts";

type TypedRoute<Params, Query, Body, Answer> = Route & {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly answer: Answer;
};

/** Calls a route as whoever is signed in here. */
export async function order<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
>(
  { cli, asked }: { readonly cli: Cli; readonly asked: Asked },
  route: TypedRoute<Params, Query, Body, Answer>,
  input: {
    readonly params: z.input<Params>;
    readonly query: z.input<Query>;
    readonly body: z.input<Body>;
  },
): Promise<Result<Answered<z.output<Answer>>, CommandFailure>> {
  const target = signedInTarget(cli, asked);
  if (!target.ok) return target;
  const answered = await callRoute(target.value, route, input, asked);
  if (answered.ok) await learnServers({ cli, asked }, target.value, answered.value);
  return answered;
}

/** The answer of a server as the answer of a command. */
export function shown(
  answered: Result<Answered<Json>, CommandFailure>,
  columns?: readonly string[],
): Outcome {
  if (!answered.ok) return answered;
  const { data, meta } = answered.value;
  return ok({ data, meta, ...(columns === undefined ? {} : { columns }) });
}

/** The rows of a list as the answer of a command. */
export function shownRows(
  answered: Result<Answered<{ readonly rows: readonly Json[] }>, CommandFailure>,
  columns?: readonly string[],
): Outcome {
  if (!answered.ok) return answered;
  const { data, meta } = answered.value;
  return ok({ data: data.rows, meta, ...(columns === undefined ? {} : { columns }) });
}

interface PageQuery {
  readonly search?: string | undefined;
  readonly sort?: string | undefined;
  readonly limit?: string | undefined;
  readonly cursor?: string | undefined;
}

interface PageAnswer {
  readonly rows: readonly Json[];
  readonly next: string | null;
}

const pageLength = "500";

/** All pages of a list, or as many rows as `--limit` says. */
export async function wholeList(
  wanted: { readonly limit?: string | undefined },
  fetchPage: (query: PageQuery) => Promise<Result<Answered<PageAnswer>, CommandFailure>>,
): Promise<Result<Answered<{ readonly rows: readonly Json[] }>, CommandFailure>> {
  const rows: Json[] = [];
  let cursor: string | null = null;
  for (;;) {
    const page: Result<Answered<PageAnswer>, CommandFailure> = await fetchPage({
      limit: wanted.limit ?? pageLength,
      ...(cursor === null ? {} : { cursor }),
    });
    if (!page.ok) return page;
    rows.push(...page.value.data.rows);
    cursor = page.value.data.next;
    if (cursor === null || wanted.limit !== undefined) {
      return ok({ ...page.value, data: { rows } });
    }
  }
}

/** Options of every list. */
export interface ListOptions {
  readonly search?: string;
  readonly sort?: string;
  readonly limit?: string;
}

/** An option that may be repeated. */
export function collect(text: string, texts: readonly string[] = []): readonly string[] {
  return [...texts, text];
}
