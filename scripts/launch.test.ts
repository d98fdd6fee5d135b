import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./sources.ts";

const launcher = join(root, "scripts", "launch.mjs");

/** A script in a folder of its own, which is gone when the test is over. */
function aScript(t: { after(end: () => void): void }, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "gridward-launch-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "script.ts"), text);
  return join(folder, "script.ts");
}

test("[WS7] the launcher passes words and exit code on, and puts our tools first", (t) => {
  const text = `
    const says: object = { words: process.argv.slice(2), path: process.env["PATH"] };
    console.log(JSON.stringify(says));
    process.exitCode = 12;
  `;
  const ended = spawnSync(process.execPath, [launcher, aScript(t, text), "--unattended", "x y"]);
  assert.equal(ended.status, 12);
  const path = `${join(root, "node_modules", ".bin")}:${process.env["PATH"] ?? ""}`;
  assert.deepEqual(JSON.parse(ended.stdout.toString()), { words: ["--unattended", "x y"], path });
});

test("[WS7] the launcher passes SIGTERM on, and waits for the end", async (t) => {
  const text = `
    process.on("SIGTERM", () => process.exit(7));
    setInterval(() => undefined, 1_000);
    console.log("ready");
  `;
  const child = spawn(process.execPath, [launcher, aScript(t, text)]);
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "exit"), [7, null]);
});
