import type { Result } from "@gridward/core/base/result";
import type { Answered } from "./api-client.ts";
import { confirm, type Asked, type Cli } from "./cli.ts";
import type { CommandFailure } from "./failure.ts";

/**
 * What cannot be taken back. Tried first: what would be refused is not asked about, and `ask` knows
 * what would come of it. Under --dry-run the try is the answer.
 */
export async function orderWhenSure<Answer>(
  { cli, asked }: { readonly cli: Cli; readonly asked: Asked },
  give: (query: { readonly dry_run?: "true" }) => Promise<Result<Answered<Answer>, CommandFailure>>,
  ask: (outlook: Answer) => { readonly question: string; readonly answer: string },
): Promise<Result<Answered<Answer>, CommandFailure>> {
  const tried = await give({ dry_run: "true" });
  if (!tried.ok || asked.dryRun) return tried;
  const sure = await confirm(cli, asked, ask(tried.value.data));
  return sure.ok ? give({}) : sure;
}
