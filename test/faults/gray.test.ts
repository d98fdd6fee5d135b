import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { type DemoServer, member } from "../../scripts/demo/cast.ts";
import { compile, whyNotCompiled } from "./compiled.ts";
import { randomFrom } from "./load.ts";
import { whyNoNetwork } from "./network.ts";
import { byNight, isNightly, moreDone, pause, Rig, seed } from "./rig.ts";
import { lookAt, waitForState, waitUntil } from "./servers.ts";

/** Servers that live and are too slow to be Main. */

const skip = whyNoNetwork();
const noSlowDisk = skip === false ? whyNotCompiled() : skip;
const times = isNightly ? 12 : 1;
const random = randomFrom(seed);
/** Twice what is usual, so that a busy machine of tests makes nobody slow. */
const slowAfter = 4_000;
const slowWriteMs = 2_200;
let rig: Rig;

before(async () => {
  if (skip === false) rig = await Rig.open({ slowAfter });
});
after(async () => {
  if (skip === false) await rig.close();
});

function alarmOf(status: Awaited<ReturnType<typeof lookAt>>, code: string): string | undefined {
  const alarms: unknown = status?.["alarms"];
  if (!Array.isArray(alarms)) return undefined;
  const found: unknown = alarms.find((alarm) => member(alarm, "code") === code);
  return found === undefined ? undefined : String(member(found, "text"));
}

async function waitForAlarm(
  server: DemoServer,
  ...codes: readonly [string, ...(readonly string[])]
): Promise<string> {
  const textOf = (status: Awaited<ReturnType<typeof lookAt>>): string | undefined =>
    codes.map((code) => alarmOf(status, code)).find((text) => text !== undefined);
  return textOf(await waitUntil(server, codes[0], (seen) => textOf(seen) !== undefined)) ?? "";
}

async function standStill(server: DemoServer): Promise<void> {
  rig.freeze(server);
  await pause(6_000);
  rig.thaw(server);
}

test(
  "[HS19][GF3] F26 a Main that stood still for 6 s hands over by itself; nothing is lost",
  { skip },
  async () => {
    await rig.under(async (load) => {
      const { main, standby } = rig;
      await standStill(main);
      await waitForState(standby, "main-protected");
      rig.swapDuties();
      assert.match(await waitForAlarm(standby, "pair.partner-slow"), /^A says that it is slow: /);
      // Frozen in the middle of a write it cannot tell which of the two was slow.
      const said = await waitForAlarm(main, "server.slow-processor", "server.slow-disk");
      assert.match(said, / \d+\.\d s.*\. It gave the duty of Main to B\.$/);
      await moreDone(load);
    });
  },
);

/** Every fsync of this server takes so long from now on; 0: as long as it takes. */
function slowDown({ name }: DemoServer, milliseconds: number): void {
  const path = rig.stage.path(`${name}.delay`);
  if (milliseconds === 0) rmSync(path);
  else writeFileSync(path, String(milliseconds));
}

/** Starts it again over a disk that can be made slow. */
async function startOverDisk(server: DemoServer, library: string): Promise<void> {
  const delay = rig.stage.path(`${server.name}.delay`);
  rig.enclose(server, "env", `LD_PRELOAD=${library}`, `GRIDWARD_SLOW_DISK=${delay}`);
  await rig.kill(server);
  await rig.start(server);
}

test(
  "[HS19][GF2][GF3] F11 a Main whose disk takes 2.2 s for each write hands over; nothing is lost",
  { skip: noSlowDisk },
  async () => {
    const library = compile("slow-disk.c", rig.stage.path("slow-disk.so"), true);
    for (const server of [rig.standby, rig.main]) await startOverDisk(server, library);
    await rig.isProtected();
    await rig.under(async (load) => {
      const { main, standby } = rig;
      slowDown(main, slowWriteMs);
      await waitForState(standby, "main-protected", "main-exposed");
      rig.swapDuties();
      slowDown(main, 0);
      const said = await waitForAlarm(main, "server.slow-disk");
      assert.match(said, /the disk took \d+\.\d s for one write.*It gave the duty of Main to /);
      await moreDone(load);
    });
  },
);

test(
  "[GF2][GF7] F11 a Standby whose disk is slow is told on both servers, and the Main stays",
  { skip: noSlowDisk === false ? byNight : noSlowDisk },
  async () => {
    // It has forgotten what it said before.
    await startOverDisk(rig.standby, compile("slow-disk.c", rig.stage.path("again.so"), true));
    await rig.isProtected();
    await rig.under(async () => {
      const { main, standby } = rig;
      // One write that is slow by itself; what piled up behind it is then written at the usual pace.
      slowDown(standby, slowAfter + 500);
      await waitForState(main, "main-exposed");
      slowDown(standby, 0);
      assert.match(await waitForAlarm(standby, "server.slow-disk"), /Its Main waits for it/);
      assert.match(await waitForAlarm(main, "pair.partner-slow"), /the disk took \d+\.\d s/);
      assert.equal((await lookAt(main))?.["duty"], "main");
    });
  },
);

/** Last: a Main that stood still may hand over some seconds after all is well again. */
test(
  "[HS8] F2 the Main frozen, then each frozen in turn: all goes on, whoever is Main then",
  { skip },
  async () => {
    for (let time = 0; time < times; time++) {
      await rig.under(
        async (load) => {
          for (const duty of ["main", "standby", "main"] as const) {
            const server = rig[duty];
            // A Standby dropped again and again is held off for longer each time: `crash` drops one.
            const mostMs = duty === "main" ? 20_000 : 3_000;
            rig.freeze(server);
            await pause(isNightly ? random() * mostMs : 1_200);
            rig.thaw(server);
            await moreDone(load);
            await rig.learnDuties();
          }
        },
        { mayMove: true },
      );
    }
  },
);
