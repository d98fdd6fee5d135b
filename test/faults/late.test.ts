import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { after, before, test } from "node:test";
import { type DemoServer, member, runServer } from "../../scripts/demo/cast.ts";
import { Stage } from "../../scripts/demo/stage.ts";
import { foundSystem, initServer, joinTo, waitForState, waitUntil } from "./servers.ts";

/** A pair that was off for three years: every certificate of it has ended. */

const [clockLibrary] = globSync("/usr/lib/*/faketime/libfaketimeMT.so.1");
const skip = clockLibrary === undefined ? "no libfaketime: apt-get install faketime" : false;
const late = [
  `LD_PRELOAD=${clockLibrary ?? ""}`,
  "FAKETIME=+1100d",
  "FAKETIME_DONT_FAKE_MONOTONIC=1",
] as const;
const stage = new Stage();
let a: DemoServer;
let b: DemoServer;

before(async () => {
  if (skip !== false) return;
  a = await initServer(stage, "A");
  b = await initServer(stage, "B");
  await Promise.all([runServer(stage, a), runServer(stage, b)]);
  const api = await foundSystem(stage, a);
  await joinTo(api, a, b);
  api.close();
  await waitForState(b, "standby-valid");
  await endBoth();
  for (const { name } of [a, b]) stage.enclose(name, "env", ...late);
});
after(async () => stage.clear());

async function endBoth(): Promise<void> {
  await Promise.all(["A", "B"].map(async (name) => stage.end(name, "SIGTERM")));
}

/** gridward doctor, three years later. */
function doctor({ directory }: DemoServer, ...words: readonly string[]) {
  const gridward = new URL("../../bin/gridward", import.meta.url).pathname;
  const all = [...late, process.execPath, gridward, "doctor", directory, ...words, "-o", "json"];
  const { status, stdout } = spawnSync("env", all, { encoding: "utf8" });
  const said: unknown = JSON.parse(stdout);
  return { exit: status, said };
}

test(
  "[RPR2][CS12][CS9] F13 a pair three years late says on both servers why, and the doctor repairs it without turning back the clock",
  { skip },
  async () => {
    await Promise.all([runServer(stage, a), runServer(stage, b)]);
    for (const server of [a, b]) {
      const { alarms } = await waitUntil(server, "the conflict is T03", ({ partners }) =>
        JSON.stringify(partners).includes('"code":"T03"'),
      );
      assert.match(JSON.stringify(alarms), /"code":"expiry\./);
    }
    await endBoth();
    for (const server of [a, b]) {
      const { exit, said } = doctor(server, "--repair");
      assert.deepEqual([exit, member(said, "data", "did")], [0, "issued"]);
    }
    await Promise.all([runServer(stage, a), runServer(stage, b)]);
    await waitForState(b, "standby-valid");
    await waitForState(a, "main-protected");
  },
);
