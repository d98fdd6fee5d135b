import { inspect } from "node:util";
import type { Json } from "@gridward/core/base/canonical";
import { isList, renderCsv, renderTable, renderYaml } from "./render.ts";

/** How a program answers (design §10): data on stdout in one of these forms, talk on stderr. */
export const outputFormats = ["table", "json", "jsonl", "csv", "yaml"] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** Why a command was not carried out. `next` names commands that help. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  /** What to do now, in one sentence; shown to people, part of no envelope. */
  readonly remedy: string;
  readonly where: string | null;
  readonly next: readonly string[];
  readonly id: string | null;
}

/** A text within a table, and its colour there. */
export interface Paint {
  readonly text: string;
  readonly colour: "grey" | "green" | "amber" | "magenta";
}

/** What a command ended in. `meta` is `{server, duty, version}` where there is a server. */
export type Outcome =
  | {
      readonly ok: true;
      readonly data: Json;
      readonly meta: Json;
      /** Members shown as columns of a table or CSV; all when absent. */
      readonly columns?: readonly string[];
      /** What a table shows in place of the data: the same, in the order in which people ask. */
      readonly table?: Json;
      /** What of the table bears a colour, where the terminal has any; it says the same without. */
      readonly paint?: Paint;
      /** 0 unless the command found or left something (11, 12). */
      readonly exit?: number;
    }
  | { readonly ok: false; readonly error: Failure; readonly exit: number };

export interface OutputChoice {
  readonly format: OutputFormat;
  readonly quiet: boolean;
}

/** Where a program writes: the two streams of a process, or two strings of a test. */
export interface Terminal {
  /** A person looks at the data, and colours are welcome. */
  readonly hasColour?: boolean;
  data(text: string): void;
  talk(text: string): void;
}

export function processTerminal(): Terminal {
  return {
    hasColour: isColourWelcome(process.stdout.isTTY, process.env),
    data: (text) => void process.stdout.write(text),
    talk: (text) => void process.stderr.write(text),
  };
}

/** <https://no-color.org>: set to anything but nothing it forbids colours. */
export function isColourWelcome(
  isTerminal: boolean,
  { NO_COLOR: no = "", TERM: terminal }: Readonly<Record<string, string | undefined>>,
): boolean {
  return isTerminal && no === "" && terminal !== "dumb";
}

const colourCodes = { grey: 90, green: 32, amber: 33, magenta: 35 } as const;

function painted(table: string, paint: Paint | undefined, { hasColour }: Terminal): string {
  if (paint === undefined || hasColour !== true) return table;
  return table.replace(
    paint.text,
    (text) => `\u001b[${colourCodes[paint.colour]}m${text}\u001b[0m`,
  );
}

/** Writes what a command ended in and gives the exit code for it. */
export function showOutcome(outcome: Outcome, choice: OutputChoice, terminal: Terminal): number {
  if (outcome.ok) {
    const rendered = renderAnswer(outcome, choice.format);
    const isTable = choice.format === "table";
    const text = isTable ? painted(rendered, outcome.paint, terminal) : rendered;
    if (text !== "") terminal.data(text);
    return outcome.exit ?? 0;
  }
  const { remedy: _, ...error } = outcome.error;
  const envelope = { ok: false, error };
  if (choice.format === "json" || choice.format === "jsonl") {
    terminal.data(`${JSON.stringify(envelope)}\n`);
  }
  if (choice.format === "yaml") terminal.data(renderYaml(envelope));
  if (!choice.quiet) terminal.talk(failureText(outcome.error));
  return outcome.exit;
}

type Answer = Extract<Outcome, { readonly ok: true }>;

function renderAnswer(answer: Answer, format: OutputFormat): string {
  const { data, meta, columns } = answer;
  switch (format) {
    case "json":
      return `${JSON.stringify({ ok: true, data, meta })}\n`;
    case "yaml":
      return renderYaml({ ok: true, data, meta });
    case "jsonl":
      return rowsOf(data)
        .map((row) => `${JSON.stringify(row)}\n`)
        .join("");
    case "csv":
      return renderCsv(rowsOf(data), columns);
    case "table":
      return renderTable(answer.table ?? data, columns);
  }
}

function rowsOf(data: Json): readonly Json[] {
  if (isList(data)) return data;
  return data === null ? [] : [data];
}

/** Two lines: what happened, what to do; then what helps and the id that finds it in the log. */
function failureText(error: Failure): string {
  const where = error.where === null ? "" : ` (${error.where})`;
  const id = error.id === null ? "" : `, id ${error.id}`;
  const next = error.next.map((command) => `  ${command}\n`).join("");
  return (
    oneLine(`${error.message}${where}`) + oneLine(`${error.remedy} [${error.code}${id}]`) + next
  );
}

/** Text from elsewhere must not steer the terminal: control characters are shown, not sent. */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are the characters to be made harmless
  return `${text.trim().replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, " ")}\n`;
}

/** The last words of a program that met a defect of ours; its exit code is 1. */
export function defectFailure(error: unknown): Failure {
  const text = error instanceof Error ? error.message : inspect(error);
  return {
    code: "program.defect",
    message: `This is a fault of the program: ${text}`,
    remedy: "Run the command again with -v and report what it prints.",
    where: null,
    next: [],
    id: null,
  };
}
