import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { after, before, test } from "node:test";
import { type DemoServer, member } from "../../scripts/demo/cast.ts";
import { cutInHalf, flipBitOf, journalOf, makeBlank, settleJournal } from "./disk.ts";
import type { Read } from "./history.ts";
import { whyNoNetwork } from "./network.ts";
import { byNight, moreDone, pause, Rig } from "./rig.ts";
import { promote, waitForState, waitUntil } from "./servers.ts";

/** Data directories damaged, replaced by old copies or copied, while nobody looks. */

const skip = whyNoNetwork();
const nightly = skip === false ? byNight : skip;
let rig: Rig;

before(async () => {
  if (skip === false) rig = await Rig.open({ more: ["C"] });
});
after(async () => {
  if (skip === false) await rig.close();
});

/** Nothing but a first pass makes it a Standby again. */
async function assertInvalid(server: DemoServer): Promise<void> {
  const status = await waitForState(server, "invalid-database");
  assert.equal(member(status, "promotable", "ok"), false);
  const refused = await promote(server, true);
  assert.equal(member(refused?.body, "error", "code"), "pair.database-invalid");
}

async function startBlank(server: DemoServer): Promise<void> {
  await rig.kill(server);
  makeBlank(server);
  await rig.start(server);
}

/** A copy of the disk in one instant, as of a virtual machine; and how to put it back. */
function copyAside(server: DemoServer): () => void {
  const { directory, name } = server;
  const copy = rig.stage.path(`${name}.old`);
  rig.freeze(server);
  rmSync(copy, { recursive: true, force: true });
  cpSync(directory, copy, { recursive: true });
  rig.thaw(server);
  return () => {
    rmSync(directory, { recursive: true });
    cpSync(copy, directory, { recursive: true });
  };
}

test(
  "[HS11] F10 a bit flipped in the Standby's journal: invalid, and copied anew",
  { skip: nightly },
  async () => {
    await rig.under(async () => {
      const { standby } = rig;
      await rig.kill(standby);
      settleJournal(standby);
      flipBitOf(journalOf(standby), '"update-account"');
      await rig.start(standby);
      await assertInvalid(standby);
      await startBlank(standby);
    });
  },
);

test("[HS8] F15 the Standby put back from an old copy follows from there", { skip }, async () => {
  await rig.under(async (load) => {
    const { standby } = rig;
    const putBack = copyAside(standby);
    await moreDone(load);
    await rig.kill(standby);
    putBack();
    await rig.start(standby);
  });
});

test(
  "[HS8][HS9] F15 the Main put back from an old copy takes nothing and overwrites nobody",
  { skip },
  async () => {
    const { main } = rig;
    let putBackAt = Infinity;
    let replacedAt = Infinity;
    // It cannot know that it is old before it has heard its Standby, and shows what it has.
    const mayBeOld = ({ server, endedAt }: Read): boolean =>
      server === main.name && endedAt > putBackAt && endedAt < replacedAt;
    await rig.under(
      async (load) => {
        const putBack = copyAside(main);
        await moreDone(load);
        await rig.kill(main);
        putBack();
        putBackAt = performance.now();
        await rig.start(main);
        const behind = await waitForState(main, "main-read-only");
        assert.equal(member(behind, "cause", "code"), "pair.behind-standby");
        await rig.kill(main);
        replacedAt = performance.now();
        await rig.takeOver();
        await rig.start(main);
      },
      { mayBeOld },
    );
  },
);

test(
  "[HS11] F10 the Main's journal cut in half: the Standby goes on without loss",
  { skip },
  async () => {
    // Only a server that once joined knows whom to ask when it is blank again.
    if (rig.main.name === "A") await rig.changeOver();
    await rig.under(async () => {
      const { main } = rig;
      await rig.kill(main);
      settleJournal(main);
      cutInHalf(journalOf(main));
      await rig.start(main);
      await assertInvalid(main);
      await rig.takeOver();
      await startBlank(main);
    });
  },
);

test(
  "[HS8] F16 a copy of the Standby that runs beside it counts for nothing",
  { skip: nightly },
  async () => {
    await rig.under(async (load) => {
      const { main, standby } = rig;
      const clone = { ...standby, name: "C", directory: rig.stage.path("C") };
      rig.freeze(standby);
      cpSync(standby.directory, clone.directory, { recursive: true });
      rig.thaw(standby);
      await rig.startElsewhere(clone);
      await waitUntil(clone, "it runs", () => true);
      await moreDone(load, 60);
      await pause(1_000);
      await rig.kill(main);
      await rig.stage.end("C", "SIGKILL");
      await rig.takeOver();
      await rig.start(main);
    });
  },
);
