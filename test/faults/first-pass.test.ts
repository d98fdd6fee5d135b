import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { member } from "../../scripts/demo/cast.ts";
import { until } from "../../scripts/demo/stage.ts";
import { makeBlank } from "./disk.ts";
import { whyNoNetwork } from "./network.ts";
import { createAccount, Rig } from "./rig.ts";
import { joinTo, lookAt, promote, setNumber, waitForState } from "./servers.ts";

/** First passes that are cut off, and blank servers that must not become anything. */

const skip = whyNoNetwork();
const moreAccounts = 60;
const bytesPerSecond = 50_000;
let rig: Rig;

before(async () => {
  if (skip !== false) return;
  rig = await Rig.founded({ rate: bytesPerSecond });
  for (let index = 0; index < moreAccounts; index++) {
    await createAccount(rig.api, rig.main, `more${index}`);
  }
});
after(async () => {
  if (skip === false) await rig.close();
});

/** Not by force either. */
async function assertNotPromoted(...codes: readonly string[]): Promise<void> {
  for (const force of [false, true]) {
    const refused = await promote(rig.standby, force);
    const code = String(member(refused?.body, "error", "code"));
    assert.ok(codes.includes(code), `${code} is none of ${codes.join(", ")}`);
  }
}

/** The share of the first pass that has arrived; more than 1 once it is over. */
async function shareDone(): Promise<number> {
  const status = await lookAt(rig.standby);
  if (status?.["state"] !== "standby-synchronising") {
    return status?.["state"] === "blank" ? -1 : 2;
  }
  const [done, total] = ["bytes_done", "bytes_total"].map((key) => member(status, "progress", key));
  return typeof total === "number" && total > 0 ? Number(done) / total : 0;
}

test(
  "[HS3][HS5] F18 the Main killed at 0, 1, 50, 99 and 100 % of the first pass: B is no Main",
  { skip },
  async () => {
    await rig.under(async () => {
      const { main, standby } = rig;
      await joinTo(rig.api, main, standby);
      for (const share of [0, 0.01, 0.5, 0.99]) {
        await until(`${share * 100} % are done`, 60_000, async () => {
          const done = await shareDone();
          assert.ok(done <= 1, "killed in time");
          return done >= share ? true : undefined;
        });
        await rig.kill(main);
        await assertNotPromoted("pair.incomplete", "pair.blank");
        await rig.start(main);
      }
      await until("all is done", 60_000, async () => ((await shareDone()) > 1 ? true : undefined));
      await rig.kill(main);
      setNumber(main, "first_pass_rate", 0);
      await rig.start(main);
    });
  },
);

test(
  "[HS3][HS11] F17 a blank Standby started while the Main is off: never Main, and nothing is lost",
  { skip },
  async () => {
    await rig.under(async () => {
      const { main, standby } = rig;
      await Promise.all([rig.kill(main), rig.kill(standby)]);
      makeBlank(standby);
      await rig.start(standby);
      await waitForState(standby, "blank");
      await assertNotPromoted("pair.blank");
      await rig.start(main);
    });
  },
);
