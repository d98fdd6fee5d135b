import assert from "node:assert/strict";
import { globSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type DemoServer, member } from "../../scripts/demo/cast.ts";
import { entriesOf } from "./disk.ts";
import { whyNoNetwork } from "./network.ts";
import { moreDone, Rig } from "./rig.ts";
import { lookAt, promote, type Status, waitUntil } from "./servers.ts";

/** Machines whose clock jumps, and operators in a hurry. */

const [clockLibrary] = globSync("/usr/lib/*/faketime/libfaketimeMT.so.1");
const skip = whyNoNetwork();
const noClock =
  skip === false && clockLibrary === undefined ? "no libfaketime: apt-get install faketime" : skip;
let rig: Rig;

before(async () => {
  if (skip === false) rig = await Rig.open();
});
after(async () => {
  if (skip === false) await rig.close();
});

/** The wall clock of a server from now on, as an offset: `+0`, `-3600`. */
function setClock({ name }: DemoServer, offset: string): void {
  writeFileSync(rig.stage.path(`${name}.clock`), `${offset}\n`);
}

/** Starts it again with a wall clock that can be set; the monotonic one stays the machine's. */
async function startWithClock(server: DemoServer): Promise<void> {
  setClock(server, "+0");
  rig.enclose(
    server,
    "env",
    `LD_PRELOAD=${clockLibrary ?? ""}`,
    `FAKETIME_TIMESTAMP_FILE=${rig.stage.path(`${server.name}.clock`)}`,
    "FAKETIME_NO_CACHE=1",
    "FAKETIME_DONT_FAKE_MONOTONIC=1",
  );
  await rig.kill(server);
  await rig.start(server);
}

/** A machine that has no time for it does neither, and says so: then it is ordered anew. */
async function orderTwiceAtOnce(): Promise<void> {
  for (let tries = 1; ; tries++) {
    const answers = await Promise.all([rig.orderChangeOver(), rig.orderChangeOver()]);
    const done = answers.filter((answered) => answered?.status === 200);
    if (done.length === 1) return;
    const codes = answers.map((answered) => String(member(answered?.body, "error", "code")));
    const isLate = codes.some((code) => /^pair\.changeover-(failed|unknown)$/.test(code));
    assert.ok(done.length === 0 && isLate && tries < 3, JSON.stringify(answers));
    await rig.isProtected();
  }
}

test(
  "[HS6][HS8] F21 a changeover ordered twice at once happens once, and then back",
  { skip },
  async () => {
    await rig.under(async (load) => {
      for (let time = 0; time < 2; time++) {
        await orderTwiceAtOnce();
        rig.swapDuties();
        await rig.isProtected();
        await moreDone(load);
      }
    });
  },
);

test(
  "[HS6][HS3] F21 no changeover to a Standby that starts, no promotion beside a Main that answers",
  { skip },
  async () => {
    await rig.under(async () => {
      const { standby } = rig;
      await rig.kill(standby);
      const refused = await rig.orderChangeOver();
      assert.equal(member(refused?.body, "error", "code"), "pair.target-not-valid");
      await rig.start(standby);
      await rig.isProtected();
      for (const force of [false, true]) {
        const answered = await promote(standby, force);
        assert.equal(member(answered?.body, "error", "code"), "pair.main-answers");
      }
    });
  },
);

/** What a server says of the link to its partner. */
function conflictOf({ partners }: Status): unknown {
  return Array.isArray(partners) ? member(partners[0], "conflict") : undefined;
}

test(
  "[CS9][HS8] a Standby that lost its certificate: both servers say whose fault it is, and are well after",
  { skip },
  async () => {
    await rig.under(async (load) => {
      const { main, standby } = rig;
      await rig.kill(standby);
      const path = join(standby.directory, "certificates", "server.pem");
      renameSync(path, `${path}.lost`);
      await rig.start(standby);
      for (const server of [main, standby]) {
        // Who dials is told by its dial; who is dialled has nothing but what its door noted.
        const isTold = (status: Status): boolean =>
          /^T\d\d$/.test(String(member(conflictOf(status), "code"))) &&
          Array.isArray(status["partners"]) &&
          member(status["partners"][0], "accept", "verdict") === "refused";
        await waitUntil(server, "a conflict is told", isTold);
      }
      await moreDone(load);
      await rig.kill(standby);
      renameSync(`${path}.lost`, path);
      await rig.start(standby);
      await rig.isProtected();
      for (const server of [main, standby]) {
        await waitUntil(server, "no conflict is told", (status) => conflictOf(status) === null);
      }
    });
  },
);

test(
  "[HS8] F12 wall clocks that jump by an hour: nobody is dropped, nothing is lost",
  { skip: noClock },
  async () => {
    for (const server of [rig.standby, rig.main]) await startWithClock(server);
    await rig.isProtected();
    await rig.under(async (load) => {
      const { main, standby } = rig;
      for (const offset of ["+3600", "-3600"]) {
        for (const server of [standby, main]) {
          setClock(server, offset);
          await moreDone(load);
        }
        const ahead = (entriesOf(main).at(-1)?.at ?? 0) - Date.now();
        assert.ok(Math.abs(ahead - Number(offset) * 1_000) < 60_000, "its clock did jump");
      }
      const status = await lookAt(main);
      assert.equal(status?.["state"], "main-protected");
      for (const server of [standby, main]) setClock(server, "+0");
    });
  },
);
