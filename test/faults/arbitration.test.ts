import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  addWitness,
  initWitness,
  registerOf,
  runWitness,
  setMode,
  type TestWitness,
  waitForWitness,
} from "./a-witness.ts";
import type { Read } from "./history.ts";
import { whyNoNetwork } from "./network.ts";
import { moreDone, Rig } from "./rig.ts";
import { lookAt, waitForState, waitUntil } from "./servers.ts";

/** Who goes on when lines break: two servers and their witness, each on a host of its own. */

const skip = whyNoNetwork();
let rig: Rig;
let witness: TestWitness;

before(async () => {
  if (skip !== false) return;
  rig = await Rig.open({ more: ["W"] });
  const { stage, network, api, main, standby } = rig;
  witness = await initWitness(stage, network.address("W"));
  stage.enclose("witness", ...network.enter("W"), "setpriv", "--pdeathsig", "KILL", "--");
  await runWitness(stage, witness);
  await addWitness(api, main, witness.code);
  await waitForWitness(main, "connected");
  await waitForWitness(standby, "connected");
  await setMode(api, main, "witness");
});
after(async () => {
  if (skip === false) await rig.close();
});

/** What a Main that was cut off still shows is as old as the cut. */
function oldFrom(name: string, at: () => number): (read: Read) => boolean {
  return ({ server, endedAt }) => server === name && endedAt > at();
}

async function takenOver(): Promise<void> {
  await waitForState(rig.standby, "main-exposed", "main-protected");
  rig.swapDuties();
  assert.equal((await registerOf(rig.stage, witness))["owner"], rig.main.name);
}

test("[HS7][HS8] F1 the Main killed: the Standby takes over by itself", { skip }, async () => {
  await rig.under(async (load) => {
    const killed = rig.main;
    await rig.kill(killed);
    await takenOver();
    await moreDone(load);
    await rig.start(killed);
  });
});

test(
  "[HS7][HS8] F3 the line between the servers cut: the Main goes on, nobody moves",
  { skip },
  async () => {
    const { main, standby } = rig;
    let cutAt = Infinity;
    const mayBeOld = oldFrom(standby.name, () => cutAt);
    await rig.under(
      async (load) => {
        cutAt = performance.now();
        rig.network.cut(main.name, standby.name);
        const alone = await waitForState(main, "main-exposed");
        assert.deepEqual(alone["ack_set"], [main.name]);
        await moreDone(load);
        await waitUntil(standby, "has asked in vain", ({ state }) => state !== "standby-valid");
        assert.notEqual((await lookAt(standby))?.["duty"], "main");
        await moreDone(load);
        rig.network.heal();
      },
      { mayBeOld },
    );
    assert.equal((await registerOf(rig.stage, witness))["owner"], main.name);
  },
);

test(
  "[HS7][HS8] F3 the Main cut off from both: it stops changes, the Standby takes over",
  { skip },
  async () => {
    const old = rig.main;
    let cutAt = Infinity;
    const mayBeOld = oldFrom(old.name, () => cutAt);
    await rig.under(
      async (load) => {
        cutAt = performance.now();
        rig.network.cut(old.name, rig.standby.name);
        rig.network.cut(old.name, "W");
        await takenOver();
        await moreDone(load);
        const { state } = (await lookAt(old)) ?? {};
        assert.ok(state !== "main-protected" && state !== "main-exposed", String(state));
        rig.network.heal();
      },
      { mayBeOld },
    );
  },
);

test("[HS7] F20 the witness cut off: nothing changes", { skip }, async () => {
  await rig.under(async (load) => {
    rig.network.unplug("W");
    await waitForWitness(rig.main, "silent");
    await moreDone(load);
    assert.equal((await lookAt(rig.main))?.["state"], "main-protected");
    rig.network.heal();
    await waitForWitness(rig.main, "connected");
    await waitForWitness(rig.standby, "connected");
  });
});

test("[HS7][HS8] pair mode: the Main killed, the Standby takes over alone", { skip }, async () => {
  await setMode(rig.api, rig.main, "pair");
  await rig.under(async (load) => {
    const killed = rig.main;
    await rig.kill(killed);
    await waitForState(rig.standby, "main-exposed", "main-protected");
    rig.swapDuties();
    await moreDone(load);
    await rig.start(killed);
  });
});

test("[HS7] pair mode: the Standby killed, changes stop until it returns", { skip }, async () => {
  await rig.under(async () => {
    await rig.kill(rig.standby);
    await waitForState(rig.main, "main-waiting", "main-read-only");
    await rig.start(rig.standby);
  });
});
