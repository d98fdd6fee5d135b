import assert from "node:assert/strict";
import { test } from "node:test";
import { assert as holds, jsonValue, property } from "fast-check";
import type { Json } from "@gridward/core/base/canonical";
import {
  type Failure,
  isColourWelcome,
  type OutputFormat,
  outputFormats,
  showOutcome,
} from "./output.ts";
import { renderCsv, renderTable, renderYaml } from "./render.ts";

const rows: Json = [
  { name: "anna", roles: ["OPERATOR", "VIEWER"], note: 'say "hi", please' },
  { name: "bo", roles: [], note: null },
];
const meta: Json = { server: "A", duty: "main", version: "0.1.0" };

const failure: Failure = {
  code: "account.unknown",
  message: "There is no account of that name.",
  remedy: "List the accounts.",
  where: "anna\u001b[2J",
  next: ["gridward account list"],
  id: "R1",
};

function shown(format: OutputFormat): { readonly printed: string; readonly exit: number } {
  let printed = "";
  const terminal = { data: (text: string) => void (printed += text), talk: () => {} };
  const exit = showOutcome({ ok: true, data: rows, meta }, { format, quiet: false }, terminal);
  return { printed, exit };
}

test("[OUT1] the envelope is printed as JSON on one line, rows as one line each", () => {
  assert.deepEqual(JSON.parse(shown("json").printed), { ok: true, data: rows, meta });
  assert.equal(shown("jsonl").printed.split("\n").length, 3);
});

test("[OUT2] a table is aligned, shows nothing as a dash, and never sends control characters", () => {
  assert.equal(
    shown("table").printed,
    'NAME  ROLES             NOTE\nanna  OPERATOR, VIEWER  say "hi", please\nbo    -                 -\n',
  );
  const long = "x".repeat(100);
  assert.equal(renderTable({ long }), `long  ${long}\n`);
  assert.equal(renderTable([{ long }]), `LONG\n${"x".repeat(71)}…\n`);
  assert.equal(renderTable({ a: { b: "x\u001b[31m" }, c: 1 }), "a.b  x [31m\nc    1\n");
});

test("[OUT7][HS13] a colour is for a person at a terminal, and takes no word away", () => {
  const paint = { text: "◆ Invalid Database", colour: "magenta" } as const;
  const table = { name: "A", state: `${paint.text} (invalid-database)` };
  const print = (hasColour: boolean, format: OutputFormat = "table"): string => {
    let printed = "";
    const terminal = { hasColour, data: (text: string) => void (printed += text), talk: () => {} };
    showOutcome({ ok: true, data: rows, meta, table, paint }, { format, quiet: false }, terminal);
    return printed;
  };
  const plain = "name   A\nstate  ◆ Invalid Database (invalid-database)\n";
  assert.equal(print(false), plain);
  assert.equal(print(true), plain.replace(paint.text, `\u001b[35m${paint.text}\u001b[0m`));
  for (const format of ["json", "jsonl", "csv", "yaml"] as const) {
    assert.ok(!print(true, format).includes("\u001b"), format);
  }
  assert.equal(isColourWelcome(true, { TERM: "xterm" }), true);
  assert.equal(isColourWelcome(true, { TERM: "xterm", NO_COLOR: "" }), true);
  assert.equal(isColourWelcome(true, { TERM: "xterm", NO_COLOR: "1" }), false);
  assert.equal(isColourWelcome(true, { TERM: "dumb" }), false);
  assert.equal(isColourWelcome(false, { TERM: "xterm" }), false);
});

test("[OUT3] CSV quotes what RFC 4180 says", () => {
  assert.equal(
    renderCsv([{ name: "a", note: 'say "hi", please' }]),
    'name,note\r\na,"say ""hi"", please"\r\n',
  );
});

test("[OUT3][AM7] no text of a CSV is a formula to a spreadsheet, and a number is a number", () => {
  const texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "a=1"];
  assert.equal(
    renderCsv([...texts.map((text) => ({ text })), { text: -1 }]),
    "text\r\n'=1+1\r\n'+1\r\n'-1\r\n'@SUM(A1)\r\n'\t=1\r\na=1\r\n-1\r\n",
  );
});

test("[OUT4] YAML quotes what could be read as something else", () => {
  assert.equal(
    renderYaml({ ok: true, data: [{ a: "no", b: ["x", "1"], c: [], d: "two words" }], e: null }),
    'ok: true\ndata:\n  - a: "no"\n    b:\n      - x\n      - "1"\n    c: []\n    d: two words\ne: null\n',
  );
});

test("[OUT5] a failure is two lines of talk and what helps, its code is the exit code", () => {
  let talk = "";
  let printed = "";
  const terminal = {
    data: (text: string) => void (printed += text),
    talk: (text: string) => void (talk += text),
  };
  const outcome = { ok: false, error: failure, exit: 5 } as const;
  assert.equal(showOutcome(outcome, { format: "table", quiet: false }, terminal), 5);
  assert.equal(printed, "");
  assert.equal(
    talk,
    "There is no account of that name. (anna [2J)\n" +
      "List the accounts. [account.unknown, id R1]\n  gridward account list\n",
  );
  assert.equal(showOutcome(outcome, { format: "json", quiet: true }, terminal), 5);
  const { remedy: _, ...error } = failure;
  assert.deepEqual(JSON.parse(printed), { ok: false, error });
});

test("[OUT6] any JSON is rendered in every form without a fault", () => {
  holds(
    property(jsonValue(), (value) => {
      const outcome = { ok: true, data: value, meta } as const;
      const terminal = { data: () => {}, talk: () => {} };
      for (const format of outputFormats) {
        assert.equal(showOutcome(outcome, { format, quiet: false }, terminal), 0);
      }
    }),
  );
});
