import type { Result } from "@gridward/core/base/result";
import type { Target } from "./api-client.ts";
import { signedInTarget, type Asked, type Cli } from "./cli.ts";
import type { CommandFailure } from "./failure.ts";

/** What each server has of its own: an order for one is never carried to the next. */
export async function callOne<Answer>(
  cli: Cli,
  asked: Asked,
  call: (target: Target) => Promise<Result<Answer, CommandFailure>>,
): Promise<Result<Answer, CommandFailure>> {
  const target = signedInTarget(cli, asked);
  if (!target.ok) return target;
  const { value } = target;
  return call(value.kind === "local" ? value : { ...value, urls: value.urls.slice(0, 1) });
}
