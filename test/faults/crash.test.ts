import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type DemoServer, member } from "../../scripts/demo/cast.ts";
import { until } from "../../scripts/demo/stage.ts";
import { randomFrom } from "./load.ts";
import { whyNoNetwork } from "./network.ts";
import { byNight, isNightly, moreDone, pause, Rig, seed } from "./rig.ts";
import { promote, stateLimitMs, waitForState, waitUntil } from "./servers.ts";

/** Processes that end, or stand still, at any instant while clients make changes. */

const skip = whyNoNetwork();
const nightly = skip === false ? byNight : skip;
const times = isNightly ? 40 : 1;
const random = randomFrom(seed);
let rig: Rig;

before(async () => {
  if (skip === false) rig = await Rig.open();
});
after(async () => {
  if (skip === false) await rig.close();
});

/** The Standby is promoted in its place; then the old one starts again. */
async function replace(killed: DemoServer): Promise<void> {
  await rig.takeOver();
  await rig.start(killed);
}

test(
  "[HS7][HS8] F1 the Main killed as it writes its journal: no acknowledged change is lost",
  { skip },
  async () => {
    for (let time = 0; time < times; time++) {
      await rig.under(async () => {
        const { main } = rig;
        await rig.killAtWrite(main, 1 + Math.floor(random() * 20));
        await replace(main);
      });
    }
  },
);

test(
  "[HS8] F1 the Standby killed as it writes its journal: no acknowledged change is lost",
  { skip },
  async () => {
    for (let time = 0; time < times; time++) {
      await rig.under(async () => {
        const { standby } = rig;
        await rig.killAtWrite(standby, 1 + Math.floor(random() * 20));
        await rig.start(standby);
      });
    }
  },
);

test(
  "[HS8] F2 the Standby frozen for 1 s, then the Main killed: no acknowledged change is lost",
  { skip: nightly },
  async () => {
    for (let time = 0; time < times; time++) {
      await rig.under(async () => {
        const { main, standby } = rig;
        rig.freeze(standby);
        await pause(1_000);
        await rig.kill(main);
        rig.thaw(standby);
        await replace(main);
      });
    }
  },
);

test(
  "[HS8] F2 F3 Standby frozen and cut off for 1 s, then the Main killed: no acknowledged change is lost",
  { skip },
  async () => {
    for (let time = 0; time < times; time++) {
      await rig.under(async () => {
        const { main, standby } = rig;
        // What was sent to it reaches not even its kernel.
        rig.network.cut(main.name, standby.name);
        rig.freeze(standby);
        await pause(1_000);
        await rig.kill(main);
        rig.thaw(standby);
        rig.network.heal();
        await replace(main);
      });
    }
  },
);

/** Once the Main is silent: whoever was let go is no successor without force. */
async function refusesToSucceed(standby: DemoServer): Promise<void> {
  await waitUntil(standby, "it is known to lack changes", ({ promotable }) => {
    return member(promotable, "code") === "pair.incomplete";
  });
  const refused = await promote(standby, false);
  assert.equal(member(refused?.body, "error", "code"), "pair.incomplete");
}

test(
  "[HS3][HS8] F2 a Standby dropped while it was frozen does not take over when the Main is killed",
  { skip },
  async () => {
    await rig.under(async (load) => {
      const { main, standby } = rig;
      rig.freeze(standby);
      await waitForState(main, "main-exposed");
      await moreDone(load);
      await rig.kill(main);
      // All that tells it is what waits in its kernel, from a Main that is dead by now.
      rig.thaw(standby);
      await refusesToSucceed(standby);
      await rig.start(main);
    });
  },
);

test(
  "[HS3][HS8] F2 F3 nor does one that hears of it, cannot answer, and then loses the Main",
  { skip: nightly },
  async () => {
    await rig.under(async (load) => {
      const { main, standby } = rig;
      rig.freeze(standby);
      await waitForState(main, "main-exposed");
      await moreDone(load);
      // It cannot ask to be admitted again.
      rig.network.cutOneWay(standby.name, main.name);
      rig.thaw(standby);
      await waitUntil(standby, "it has read that it was dropped", ({ state }) => {
        return state !== "standby-valid";
      });
      await rig.kill(main);
      rig.network.heal();
      await refusesToSucceed(standby);
      await rig.start(main);
    });
  },
);

for (const [first, second] of [
  ["main", "standby"],
  ["standby", "main"],
] as const) {
  test(
    `[HS8][HS9] F19 both lose power at once and the ${first} returns first: nothing is lost`,
    { skip },
    async () => {
      for (let time = 0; time < times; time++) {
        await rig.under(async () => {
          await Promise.all([rig.kill(rig.main), rig.kill(rig.standby)]);
          await rig.start(rig[first]);
          await pause(random() * 500);
          await rig.start(rig[second]);
        });
      }
    },
  );
}

test(
  "[HS8] F26 the Main stands still for 30 s, then the Standby: each goes on as before",
  { skip: nightly },
  async () => {
    for (const duty of ["main", "standby"] as const) {
      await rig.under(async (load) => {
        rig.freeze(rig[duty]);
        await pause(30_000);
        rig.thaw(rig[duty]);
        await moreDone(load);
      });
    }
  },
);

test(
  "[HS7][HS8] F26 a Main that gets no more memory: it ends, is replaced and returns, and loses nothing",
  { skip: nightly },
  async () => {
    for (let time = 0; time < 10; time++) {
      await rig.under(async () => {
        const { main } = rig;
        rig.grantNoMoreMemory(main);
        await until("it has ended", stateLimitMs, async () =>
          rig.stage.isRunning(main.name) ? undefined : true,
        );
        await replace(main);
      });
    }
  },
);
