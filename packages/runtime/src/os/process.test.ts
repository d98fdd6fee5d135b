import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";

test("[OS11] SIGTERM raises the stop signal and the process ends in its own order", async () => {
  const module = JSON.stringify(new URL("./process.ts", import.meta.url).href);
  const script = `
    const { stopSignal } = await import(${module});
    const stop = stopSignal();
    const hold = setInterval(() => {}, 1000);
    stop.addEventListener("abort", () => { console.log(stop.reason); clearInterval(hold); });
    console.log("ready");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += String(chunk);
    if (said === "ready\n") child.kill("SIGTERM");
  });
  await once(child, "close");
  assert.deepEqual({ code: child.exitCode, said }, { code: 0, said: "ready\nSIGTERM\n" });
});
