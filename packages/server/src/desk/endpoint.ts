import type * as z from "zod";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Route } from "@gridward/core/api/route";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { Caller } from "./caller.ts";

/** What came over the wire, before anybody looked at it. */
export interface RawCall {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** A route with what answers it: parses what came, and lets out only what the route states. */
export interface Endpoint {
  readonly route: Route;
  run(raw: RawCall, caller: Caller): Promise<Result<unknown, Refusal>>;
}

type Answered<Value> = Result<Value, Refusal>;

/** A route with the types of its schemas in sight of the compiler. */
type TypedRoute<Params, Query, Body, Answer> = Route & {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly answer: Answer;
};

export function endpoint<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
>(
  route: TypedRoute<Params, Query, Body, Answer>,
  answer: (
    call: {
      readonly params: z.output<Params>;
      readonly query: z.output<Query>;
      readonly body: z.output<Body>;
    },
    caller: Caller,
  ) => Answered<z.input<Answer>> | Promise<Answered<z.input<Answer>>>,
): Endpoint {
  return {
    route,
    async run(raw, caller) {
      const params = parse("path", route.params, raw.params);
      const query = parse("query", route.query, raw.query);
      const body = parse("body", route.body, raw.body);
      if (!params.ok) return params;
      if (!query.ok) return query;
      if (!body.ok) return body;
      const call = { params: params.value, query: query.value, body: body.value };
      const answered = await answer(call, caller);
      return answered.ok ? ok(route.answer.parse(answered.value)) : answered;
    },
  };
}

function parse<Schema extends z.ZodType>(
  part: string,
  schema: Schema,
  value: unknown,
): Result<z.output<Schema>, Refusal> {
  const parsed = schema.safeParse(value);
  return parsed.success ? ok(parsed.data) : err(malformed(part, parsed.error));
}

/** Names the first thing that is wrong; values are never repeated, they may be secret. */
function malformed(part: string, error: z.ZodError): Refusal {
  const [issue] = error.issues;
  const place = [part, ...(issue?.path ?? [])].join(".");
  return { code: "request.malformed", detail: `${place}: ${issue?.message ?? "not accepted"}` };
}
