import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { removePath } from "./files.ts";
import { appendLine } from "./line-file.ts";

test("[OS14] lines are kept in order, the owner's only, in two files of a bounded size", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "gridward-lines-"));
  t.after(() => removePath(directory));
  const path = join(directory, "events");
  for (let number = 0; number < 25; number++) appendLine(path, `line ${number}`, 70);
  const lines = [`${path}.1`, path].flatMap((one) => readFileSync(one, "utf8").trim().split("\n"));
  assert.equal(lines.at(-1), "line 24");
  assert.equal(lines.length, lines.filter((line, at) => line === `line ${at + 10}`).length);
  assert.ok(statSync(path).size < 80 && statSync(`${path}.1`).size < 80);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});
