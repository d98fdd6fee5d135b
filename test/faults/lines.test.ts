import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { entriesOf, setAsideText, tailOf } from "./disk.ts";
import type { Read } from "./history.ts";
import { randomFrom } from "./load.ts";
import { hasNetem, whyNoNetwork } from "./network.ts";
import { isNightly, moreDone, pause, promoted, Rig, seed } from "./rig.ts";
import { lookAt, waitForState, waitUntil } from "./servers.ts";

/** Lines that are cut, half cut, lossy, slow or flapping while clients make changes. */

const skip = whyNoNetwork();
const noDelay =
  skip !== false || hasNetem() ? skip : "this kernel has no netem (CONFIG_NET_SCH_NETEM)";
const random = randomFrom(seed);
let rig: Rig;

before(async () => {
  if (skip === false) rig = await Rig.open();
});
after(async () => {
  if (skip === false) await rig.close();
});

/** Makes the lines of both servers worse for some time, and whole again. */
async function worse(make: (name: string) => void, milliseconds: number): Promise<void> {
  for (const { name } of [rig.main, rig.standby]) make(name);
  await pause(milliseconds);
  rig.network.heal();
}

test("[HS8] F6 a line that flaps: nobody is dropped, nothing is lost", { skip }, async () => {
  const { main, standby } = rig;
  await rig.under(async (load) => {
    for (let time = 0; time < (isNightly ? 100 : 3); time++) {
      rig.network.cut("A", "B");
      await pause(isNightly ? random() * 3_000 : 600);
      rig.network.heal();
      await moreDone(load);
    }
  });
  assert.deepEqual((await lookAt(main))?.["ack_set"], [main.name, standby.name]);
});

test(
  "[HS8] F4 lines that lose one packet in ten, then carry 256 kbit/s: nothing is lost",
  { skip },
  async () => {
    await rig.under(async (load) => {
      await worse((name) => rig.network.lose(name, 10), isNightly ? 60_000 : 2_500);
      await moreDone(load);
      await worse((name) => rig.network.slow(name, 256), isNightly ? 60_000 : 2_500);
    });
  },
);

test(
  "[HS8] F4 packets that come late, twice and out of order: nothing is lost",
  { skip: noDelay },
  async () => {
    await rig.under(async () => {
      await worse((name) => rig.network.delay(name, 80), isNightly ? 60_000 : 2_500);
    });
  },
);

test(
  "[HS8] F5 connections reset, then the cable pulled: both are back at once",
  { skip },
  async () => {
    await rig.under(async (load) => {
      rig.network.reset("A", "B");
      rig.network.reset("B", "A");
      await pause(1_000);
      rig.network.heal();
      await moreDone(load);
      rig.network.unplug(rig.main.name);
      await pause(1_500);
      rig.network.heal();
    });
  },
);

test(
  "[HS9] F21 F25 promoted while the Main lives beyond a cut: its tail is set aside and said",
  { skip },
  async () => {
    const { main: old } = rig;
    const setAside = new Set<string>();
    let promotedAt = Infinity;
    const mayBeOld = ({ server, endedAt }: Read): boolean =>
      server === old.name && endedAt > promotedAt;
    await rig.under(
      async (load) => {
        rig.network.cut("A", "B");
        await waitForState(old, "main-exposed");
        await moreDone(load);
        promotedAt = performance.now();
        await promoted(rig.standby);
        rig.swapDuties();
        await moreDone(load);
        // Nobody speaks to the old one any more; what its disk holds now is all it acknowledged.
        rig.network.cutOneWay("client", old.name);
        await pause(300);
        for (const { requestId } of tailOf(old, rig.main)) setAside.add(requestId);
        rig.network.mend("A", "B");
        await waitUntil(old, "not Main any more", ({ duty }) => duty !== "main");
        rig.network.heal();
      },
      { setAside, mayBeOld },
    );
    assert.ok(setAside.size > 0, "the old Main had acknowledged changes alone");
    const text = setAsideText(old);
    assert.deepEqual(
      [...setAside].filter((requestId) => !text.includes(requestId)),
      [],
      "every one of them is in a file",
    );
  },
);

test(
  "[HS8][HS19] F3 what the Main says is lost, the rest is heard: it goes on alone and says so",
  { skip },
  async () => {
    await rig.under(async (load) => {
      const { main, standby } = rig;
      rig.network.cutOneWay(main.name, standby.name);
      const alone = await waitForState(main, "main-exposed");
      assert.deepEqual(alone["ack_set"], [main.name]);
      await moreDone(load);
      rig.network.heal();
    });
    const last = entriesOf(rig.main).filter(({ kind }) => kind === "change-ack-set");
    assert.ok(last.length >= 2, "alone and protected again, both are in the journal (I14)");
  },
);
