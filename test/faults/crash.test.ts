import { after, before, test } from "node:test";
import { whyNoNetwork } from "./network.ts";
import { isNightly, Rig, seed } from "./rig.ts";
import { randomFrom } from "./load.ts";

/** Processes that end, or stand still, at any instant, while clients make changes. */

const skip = whyNoNetwork();
const times = isNightly ? 40 : 1;
const random = randomFrom(seed);
let rig: Rig;

before(async () => {
  if (skip === false) rig = await Rig.open();
});
after(async () => {
  if (skip === false) await rig.close();
});

async function pause(milliseconds: number): Promise<void> {
  await new Promise((done) => setTimeout(done, milliseconds));
}

async function replaceMain(kill: () => Promise<void>): Promise<void> {
  const killed = rig.main;
  await kill();
  await rig.takeOver();
  await rig.start(killed);
}

test(
  "[HS7][HS8] F1 the Main killed as it writes its journal: none acknowledged is lost",
  { skip },
  async () => {
    for (let time = 0; time < 3 * times; time++) {
      await rig.under(async () =>
        replaceMain(async () => rig.killAtWrite(rig.main, 1 + Math.floor(random() * 20))),
      );
    }
  },
);

test(
  "[HS8] F2 the Standby frozen for 1 s, then the Main killed: none acknowledged is lost",
  { skip },
  async () => {
    for (let time = 0; time < times; time++) {
      await rig.under(async () => {
        const { standby } = rig;
        rig.freeze(standby);
        await pause(1_000);
        await replaceMain(async () => {
          await rig.kill(rig.main);
          rig.thaw(standby);
        });
      });
    }
  },
);
