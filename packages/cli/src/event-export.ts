import type { SecurityEventView } from "@gridward/core/api/event-routes";
import { cefLine, syslogLine } from "@gridward/core/codec/event-syslog";
import { ok } from "@gridward/core/base/result";
import { renderCsv } from "@gridward/runtime/os/render";
import type { Asked, Cli, Outcome } from "./cli.ts";
import { EventSource, type EventWords, wordsOf } from "./event-source.ts";
import { failed } from "./failure.ts";

export const exportForms = ["csv", "jsonl", "syslog", "cef"] as const;

const pageLength = "500";

/** Exactly the events of the filter, as they are read: a store may hold a million. */
export async function exportEvents(
  cli: Cli,
  asked: Asked,
  options: EventWords & { readonly as: string },
): Promise<Outcome> {
  const form = exportForms.find((each) => each === options.as);
  if (form === undefined) return failed("client.wrong-use", `--as ${exportForms.join("|")}`);
  if (asked.output !== "table") {
    return failed("client.wrong-use", `-o ${asked.output}: the form of an export is --as FORM`);
  }
  const source = new EventSource(cli, asked);
  const words = wordsOf(options, source.now());
  if (!words.ok) return words;
  let cursor: string | null = "0";
  let isFirst = true;
  let end = Number.POSITIVE_INFINITY;
  while (cursor !== null) {
    const query = { ...words.value, order: "oldest", cursor, limit: pageLength } as const;
    const page: Awaited<ReturnType<EventSource["look"]>> = await source.look(query);
    if (!page.ok) {
      if (!isFirst) source.talk("The export ends here and is not complete.");
      return page;
    }
    const { rows, next, newest } = page.value.data;
    // What comes while it is read is no part of it: else it would never end.
    if (isFirst) end = newest;
    const wanted = rows.filter(({ sequence }) => sequence <= end);
    cli.terminal.data(textOf(wanted, form, isFirst));
    isFirst = false;
    cursor = wanted.length < rows.length ? null : next;
  }
  return ok({ data: null, meta: null });
}

const csvColumns = [
  "server",
  "sequence",
  "at",
  "event",
  "name",
  "severity",
  "gsal",
  "outcome",
  "subject",
  "door",
  "source",
  "device",
  "detail",
  "hash",
];

function textOf(
  rows: readonly SecurityEventView[],
  form: (typeof exportForms)[number],
  isFirst: boolean,
): string {
  switch (form) {
    case "csv": {
      const text = renderCsv(rows, csvColumns);
      return isFirst ? text : text.slice(text.indexOf("\n") + 1);
    }
    case "jsonl":
      return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
    case "syslog":
      return rows.map((row) => `${syslogLine(row)}\n`).join("");
    case "cef":
      return rows.map((row) => `${cefLine(row)}\n`).join("");
  }
}
