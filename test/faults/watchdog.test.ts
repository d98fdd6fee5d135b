import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { initServer, runServer } from "../../scripts/demo/cast.ts";
import { Stage, until } from "../../scripts/demo/stage.ts";
import { compile, whyNotCompiled } from "./compiled.ts";
import { addAccount, foundSystem } from "./servers.ts";

/** What systemd hears of a server, while its disk holds it up and at its end. */

const hasNotify = spawnSync("systemd-notify", ["--version"]).status === 0;
const skip = whyNotCompiled() || (hasNotify ? false : "no systemd-notify: apt-get install systemd");

interface Told {
  readonly what: string;
  readonly at: number;
}

/** Listens as systemd does; everything that it is told, with the time. */
async function listenAsSystemd(stage: Stage, path: string): Promise<[ChildProcess, Told[]]> {
  const program = compile("notify-socket.c", stage.path("notify-socket"), false);
  const listener = spawn(program, [path], { stdio: ["ignore", "pipe", "inherit"] });
  const told: Told[] = [];
  let isOpen = false;
  createInterface(listener.stdout).on("line", (what) => {
    // systemd-notify waits with it until what it sent was read.
    if (isOpen && what !== "BARRIER=1") told.push({ what, at: performance.now() });
    isOpen = true;
  });
  await until("the socket is open", 5_000, async () => isOpen || undefined);
  return [listener, told];
}

test(
  "[GF8][OS16] F26 a server tells systemd that it is ready, lives and stops, and nothing while it hangs",
  { skip },
  async () => {
    const stage = new Stage();
    const [listener, told] = await listenAsSystemd(stage, stage.path("notify"));
    try {
      const server = await initServer(stage, "A");
      const delay = stage.path("delay");
      stage.enclose(
        server.name,
        "env",
        `NOTIFY_SOCKET=${stage.path("notify")}`,
        "WATCHDOG_USEC=1200000",
        `LD_PRELOAD=${compile("slow-disk.c", stage.path("slow-disk.so"), true)}`,
        `GRIDWARD_SLOW_DISK=${delay}`,
      );
      await runServer(stage, server);
      const api = await foundSystem(stage, server);
      const isTold = async (what: string, times: number): Promise<void> => {
        const count = (): number => told.filter((each) => each.what === what).length;
        await until(`${what} ${times} times`, 10_000, async () => count() >= times || undefined);
      };
      await isTold("READY=1", 1);
      const seen = told.length;
      await isTold("WATCHDOG=1", told.filter(({ what }) => what === "WATCHDOG=1").length + 4);
      const pace = told.slice(seen).filter(({ what }) => what === "WATCHDOG=1");
      assert.ok(longestGap(pace) < 1_200, "fed in time while all is well");
      writeFileSync(delay, "2500");
      const hung = told.length;
      const change = addAccount(api, server, "slow");
      await new Promise((done) => setTimeout(done, 500));
      rmSync(delay);
      assert.equal((await change)?.status, 200);
      await isTold("WATCHDOG=1", told.filter(({ what }) => what === "WATCHDOG=1").length + 1);
      const meanwhile = told.slice(hung - 1).filter(({ what }) => what === "WATCHDOG=1");
      assert.ok(longestGap(meanwhile) > 1_200, "not fed while its journal hung");
      api.close();
      await stage.end(server.name, "SIGTERM");
      await isTold("STOPPING=1", 1);
    } finally {
      await stage.clear();
      listener.kill();
    }
  },
);

function longestGap(told: readonly Told[]): number {
  return Math.max(...told.slice(1).map(({ at }, before) => at - (told[before]?.at ?? at)));
}
