import type { Result } from "@gridward/core/base/result";
import type { Target } from "./api-client.ts";
import { localTarget, signedInTarget, type Asked, type Cli } from "./cli.ts";
import type { CommandFailure } from "./failure.ts";

type Call<Answer> = (target: Target) => Promise<Result<Answer, CommandFailure>>;

/**
 * What each server has of its own: an order for one is never carried to the next. It is for the one
 * that was named first: who is cheapest or Main may change without anybody's order.
 */
export async function callOne<Answer>(
  cli: Cli,
  asked: Asked,
  call: Call<Answer>,
): Promise<Result<Answer, CommandFailure>> {
  const target = signedInTarget(cli, asked, ({ servers }) => servers);
  if (!target.ok) return target;
  const { value } = target;
  return call(value.kind === "local" ? value : { ...value, urls: value.urls.slice(0, 1) });
}

/** The same of the server whose data directory --local names, over its own socket. */
export async function callOneOrLocal<Answer>(
  cli: Cli,
  asked: Asked,
  { one, local }: { readonly one: Call<Answer>; readonly local: Call<Answer> },
): Promise<Result<Answer, CommandFailure>> {
  return asked.local === null ? callOne(cli, asked, one) : local(localTarget(asked.local));
}

/** The socket takes no query: that it is a try, the body says. */
export function triedInBody(asked: Asked): Asked {
  return { ...asked, dryRun: false };
}
