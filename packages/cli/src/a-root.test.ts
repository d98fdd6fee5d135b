import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "@gridward/runtime/os/clock";
import { aRoot } from "./a-root.ts";

test("[CLI12] a word that is no verb is told on stderr", async () => {
  let talk = "";
  const terminal = { data: () => {}, talk: (text: string) => void (talk += text) };
  const program = { words: [], isInteractive: false, stateDirectory: "" };
  const root = aRoot({ program, terminal, clock: systemClock() });
  await assert.rejects(root.parseAsync(["account", "vanish"], { from: "user" }));
  assert.match(talk, /unknown command/);
});
