import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";

const program = `
  const { askSecret } = await import(${JSON.stringify(import.meta.resolve("./prompt.ts"))});
  const first = await askSecret("First: ");
  const second = await askSecret("Second: ");
  console.log([first, second].map((secret) => secret.reveal()).join(" "));`;

/** What the two questions come to when this is typed, one text at each. */
async function asked(typed: readonly string[], end: "and ends" | "and stays" = "and stays") {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program]);
  let [data, talk] = ["", ""];
  child.stdout.on("data", (text) => void (data += String(text)));
  child.stderr.on("data", (text) => void (talk += String(text)));
  for (const text of typed) {
    await once(child.stderr, "data"); // The question.
    child.stdin.write(text);
  }
  if (end === "and ends") child.stdin.end();
  await once(child, "close");
  return { exit: child.exitCode, data, talk };
}

const unanswered = /\nThe question was not answered, so the command ends here\.\n$/;

test("[OS22] Ctrl-D ends with a sentence and exit 130", async () => {
  const { exit, data, talk } = await asked(["\u0004"]);
  assert.deepEqual([exit, data], [130, ""]);
  assert.match(talk, unanswered);
});

test("[OS22] an input that ends, also in the middle of an answer, is no answer", async () => {
  for (const typed of ["", "half", "one\n"]) {
    const { exit, data, talk } = await asked([typed], "and ends");
    assert.deepEqual([exit, data], [130, ""], typed);
    assert.match(talk, unanswered);
  }
});

test("[OS22] Ctrl-C ends without a word", async () => {
  const stopped = await asked(["\u0003"]);
  assert.deepEqual([stopped.exit, stopped.data], [130, ""]);
  assert.doesNotMatch(stopped.talk, unanswered);
});

test("[OS22] what is answered is given, one answer after the other", async () => {
  const { exit, data, talk } = await asked(["one\n", "two\n"]);
  assert.deepEqual([exit, data], [0, "one two\n"]);
  assert.doesNotMatch(talk, unanswered);
});
