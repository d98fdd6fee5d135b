import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type DemoServer, member } from "../../scripts/demo/cast.ts";
import { whyNoNetwork } from "./network.ts";
import { moreDone, pause, Rig } from "./rig.ts";
import { type lookAt, waitForState, waitUntil } from "./servers.ts";

/** Servers that live and are too slow to be Main. */

const skip = whyNoNetwork();
let rig: Rig;

before(async () => {
  if (skip === false) rig = await Rig.open();
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

/** Longer than is slow, and shorter than is silent. */
async function standStill(server: DemoServer): Promise<void> {
  rig.freeze(server);
  await pause(3_000);
  rig.thaw(server);
}

test(
  "[HS19][GF3] F26 a Main that stood still for 3 s hands over by itself; nothing is lost",
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
      assert.match(said, / 3\.\d s.*\. It gave the duty of Main to B\.$/);
      await moreDone(load);
    });
  },
);
