import type { Command } from "commander";
import { exitCode } from "@gridward/core/api/exit-code";
import { eventRoutes, type SecurityEventView } from "@gridward/core/api/event-routes";
import { ok } from "@gridward/core/base/result";
import { carryOut, type Cli, type Outcome } from "./cli.ts";
import { eventColumns } from "./event-columns.ts";
import { exportEvents, exportForms } from "./event-export.ts";
import { EventSource, type EventWords, wordsOf } from "./event-source.ts";
import { tailEvents } from "./event-tail.ts";
import { failed } from "./failure.ts";

/** gridward event …: what an auditor reads of the servers. Each keeps its own. */
export function addEventVerbs(root: Command, cli: Cli): void {
  const event = root.command("event").description("security events, as each server keeps them");
  filtered(event.command("list").description("list security events, newest first"))
    .option("--limit <count>", "at most so many", "100")
    .option("--all-servers", "of every known server, as one list by time")
    .action(async (options: ListWords, command: Command) =>
      carryOut(cli, command, async (asked) => list(new EventSource(cli, asked), options)),
    );
  filtered(event.command("tail").description("show events as they come, until Ctrl-C"))
    .option("--lines <count>", "so many that were before", "10")
    .action(async (options: EventWords & { readonly lines: string }, command: Command) =>
      carryOut(cli, command, async (asked) => tailEvents(cli, asked, options)),
    );
  filtered(event.command("export").description("write all events of a filter, oldest first"))
    .option("--as <form>", exportForms.join(", "), "csv")
    .action(async (options: EventWords & { readonly as: string }, command: Command) =>
      carryOut(cli, command, async (asked) => exportEvents(cli, asked, options)),
    );
  event
    .command("verify")
    .description("prove that no event was altered or removed; names the first that was")
    .action(async (_: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => verify(new EventSource(cli, asked))),
    );
}

interface ListWords extends EventWords {
  readonly limit: string;
  readonly allServers?: true;
}

function filtered(command: Command): Command {
  return command
    .option("--search <text>", "only those with this in them")
    .option("--event <number>", "only of this number (docs/reference/events.md)")
    .option("--account <name>", "only of who asked under this name")
    .option("--device <name>", "only of this device")
    .option("--outcome <outcome>", "accepted, refused, done or gap")
    .option("--severity <severity>", "at least critical, warning, notice or informational")
    .option("--since <time>", "RFC 3339, or so long ago: 30m, 24h, 7d")
    .option("--until <time>", "RFC 3339, or so long ago: 30m, 24h, 7d");
}

async function list(source: EventSource, options: ListWords): Promise<Outcome> {
  const words = wordsOf(options, source.now());
  if (!words.ok) return words;
  const query = { ...words.value, limit: options.limit };
  if (options.allServers !== true) {
    const seen = await source.look(query);
    if (!seen.ok) return seen;
    const { data, meta } = seen.value;
    return ok({ data: data.rows, meta, columns: eventColumns });
  }
  return listOfAll(source, query);
}

/** What does not answer is named: an audit must not take a part for the whole. */
async function listOfAll(
  source: EventSource,
  query: Parameters<EventSource["look"]>[0] & { readonly limit: string },
): Promise<Outcome> {
  const sources = source.each();
  if (!sources.ok) return sources;
  const rows: SecurityEventView[] = [];
  const silent: string[] = [];
  for (const { url, source: one } of sources.value) {
    const seen = await one.look(query);
    if (seen.ok) rows.push(...seen.value.data.rows);
    else if (seen.error.exit === exitCode.noServer || seen.error.exit === exitCode.timedOut) {
      silent.push(url);
    } else return seen;
  }
  if (silent.length === sources.value.length) return failed("client.no-server");
  for (const url of silent) source.talk(`Not in this list: ${url} does not answer.`);
  const newest = rows.toSorted((left, right) => Date.parse(right.at) - Date.parse(left.at));
  const shown = newest.slice(0, Number(query.limit));
  const exit = silent.length > 0 ? { exit: exitCode.partlyDone } : {};
  return ok({ data: shown, meta: null, columns: ["server", ...eventColumns], ...exit });
}

async function verify(source: EventSource): Promise<Outcome> {
  const answered = await source.call(eventRoutes.eventVerify, {});
  if (!answered.ok) return answered;
  const { data, meta } = answered.value;
  return ok({ data, meta, exit: data.fault === null ? exitCode.done : exitCode.foundSomething });
}
