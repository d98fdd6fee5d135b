import type { SecurityEventView } from "@gridward/core/api/event-routes";
import { second, type Millis } from "@gridward/core/base/time";
import { renderTable } from "@gridward/runtime/os/render";
import type { Asked, Cli, Outcome } from "./cli.ts";
import { eventColumns } from "./event-columns.ts";
import { EventSource, type EventWords, wordsOf } from "./event-source.ts";
import { failed } from "./failure.ts";

const lookEvery: Millis = second;
/** So long a server may be away before the tail ends: a restart takes less. */
const awayMax: Millis = 60 * second;
const linesMax = 500;

/** Shows events as they come, until somebody ends it or the server is gone. */
export async function tailEvents(
  cli: Cli,
  asked: Asked,
  options: EventWords & { readonly lines: string },
): Promise<Outcome> {
  if (asked.output !== "table" && asked.output !== "jsonl") {
    return failed("client.wrong-use", "-o table or jsonl: a tail has no end");
  }
  const lines = /^\d{1,3}$/.test(options.lines) ? Number(options.lines) : linesMax + 1;
  if (lines > linesMax) return failed("client.wrong-use", `--lines 0…${linesMax}`);
  const source = new EventSource(cli, asked);
  const words = wordsOf(options, source.now());
  if (!words.ok) return words;
  const begun = await source.look({ ...words.value, limit: String(Math.max(1, lines)) });
  if (!begun.ok) return begun;
  const { rows, newest } = begun.value.data;
  show(cli, asked, lines === 0 ? [] : rows.toReversed());
  return follow({ cli, asked, source }, words.value, newest);
}

interface Following {
  readonly cli: Cli;
  readonly asked: Asked;
  readonly source: EventSource;
}

async function follow(
  { cli, asked, source }: Following,
  words: Parameters<EventSource["look"]>[0],
  from: number,
): Promise<Outcome> {
  let seen = from;
  let answeredAt = cli.clock.monotonic();
  for (;;) {
    await cli.clock.sleep(lookEvery);
    const page = await source.look({ ...words, order: "oldest", cursor: String(seen) });
    const now = cli.clock.monotonic();
    if (!page.ok) {
      const isAway = ["client.no-server", "client.timed-out", "server.stopping"];
      const mayReturn = isAway.includes(page.error.error.code) && now - answeredAt < awayMax;
      if (!mayReturn) return page;
      continue;
    }
    answeredAt = now;
    const { rows, next, newest } = page.value.data;
    show(cli, asked, rows);
    seen = next === null ? Math.max(newest, rows.at(-1)?.sequence ?? 0) : Number(next);
  }
}

function show(cli: Cli, { output }: Asked, rows: readonly SecurityEventView[]): void {
  for (const row of rows) {
    cli.terminal.data(output === "jsonl" ? `${JSON.stringify(row)}\n` : lineOf(row));
  }
}

/** A row as the list shows it, without the head. */
function lineOf(row: SecurityEventView): string {
  return renderTable([row], eventColumns).split("\n").slice(1).join("\n");
}
