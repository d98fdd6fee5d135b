import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { nodeId } from "@gridward/core/base/identity";
import { ok, type Result } from "@gridward/core/base/result";
import { advance } from "@gridward/core/domain/apply";
import type { ChangeOrder } from "@gridward/core/domain/command";
import { decide } from "@gridward/core/domain/decide";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { DirectoryState } from "@gridward/core/domain/state";
import { anEntry, someEntries } from "@gridward/runtime/journal/fixtures";
import { replay, firstVersion } from "@gridward/runtime/journal/replay";
import type { Receipt } from "../parts.ts";
import { openSetAsideAlarm } from "./alarm.ts";
import { aLostHistory } from "./a-tail.ts";
import { listTails, setTailAside } from "./tail-folder.ts";
import { Upload } from "./upload.ts";

/** The system's present history: the two entries before the fork. */
function sharedState(): DirectoryState {
  const replayed = replay(firstVersion, someEntries(2).map(ok), 2);
  assert.ok(replayed.ok);
  return replayed.value.state;
}

class TestSystem {
  readonly directory = mkdtempSync(join(tmpdir(), "gridward-upload-"));
  state = sharedState();
  orders: ChangeOrder[] = [];
  refusal: Refusal | undefined;
  time = 0;
  meanwhile = (): void => undefined;
  readonly notes: string[] = [];
  /** Looks until the system holds so many rows, or so many looks were in vain. */
  async upload(looks = 4): Promise<Upload> {
    const stop = new AbortController();
    let left = looks;
    const upload = new Upload({
      directory: this.directory,
      self: { id: nodeId("A"), name: "A" },
      state: () => this.state,
      isInHistory: () => true,
      submit: async (order) => Promise.resolve(this.#submit(order)),
      clock: {
        now: () => 0,
        monotonic: () => this.time,
        sleep: async () => {
          this.time += 30_000;
          this.meanwhile();
          if (--left <= 0) stop.abort();
          return Promise.resolve();
        },
      },
      note: (text) => void this.notes.push(text),
    });
    await upload.keepOn(stop.signal);
    return upload;
  }

  #submit(order: ChangeOrder): Result<Receipt, Refusal> {
    this.orders.push(order);
    if (this.refusal !== undefined) return { ok: false, error: this.refusal };
    const decision = decide(this.state, { ...order, at: 5_000 });
    if (!decision.ok) return decision;
    const entry = anEntry(undefined, { ...decision.value, ...order, kind: order.command.kind });
    this.state = advance(this.state, entry).state;
    return ok({ seq: 1, answer: decision.value.answer });
  }

  clear(): void {
    rmSync(this.directory, { recursive: true });
  }
}

async function withSystem(work: (system: TestSystem) => Promise<void>): Promise<void> {
  const system = new TestSystem();
  const { source, tail, author } = aLostHistory(9);
  setTailAside(system.directory, source, tail, author);
  try {
    await work(system);
  } finally {
    system.clear();
  }
}

/** Entries 3 to 9 but the eighth, which only tells the state's digest. */
const expected = [3, 4, 5, 6, 7, 9].map((seq) => `1-${seq}-A`);

function idsOf({ state }: TestSystem): readonly string[] {
  return [...state.tables.setAside.keys()].toSorted();
}

test("[SF4][HS9] each lost change comes into the system once, and the files stay", async () => {
  await withSystem(async (system) => {
    await system.upload();
    assert.deepEqual(idsOf(system), expected);
    assert.equal(system.orders.length, expected.length);
    await system.upload();
    assert.equal(system.orders.length, expected.length, "nothing is brought twice");
    assert.equal(listTails(system.directory).length, 1);
    const row = system.state.tables.setAside.get("1-3-A");
    assert.deepEqual([row?.mark, row?.by, row?.judged], ["acknowledged", "A", null]);
  });
});

test("[SF4][SF5] while no Main takes it, it is tried again, under the same request id", async () => {
  await withSystem(async (system) => {
    system.refusal = { code: "pair.not-main", detail: "" };
    const upload = await system.upload(3);
    assert.deepEqual(idsOf(system), []);
    assert.match(upload.alarms[0]?.text ?? "", /not yet in the system: 6\.$/);
    const ids = new Set(system.orders.map(({ requestId }) => requestId));
    assert.equal(ids.size, expected.length);
    system.refusal = undefined;
    await system.upload();
    assert.deepEqual(idsOf(system), expected);
    assert.deepEqual(upload.alarms, []);
    assert.equal(new Set(system.orders.map(({ requestId }) => requestId)).size, ids.size);
  });
});

test("[SF5] a file that cannot be read is an alarm until it can, and is looked at again", async () => {
  await withSystem(async (system) => {
    const [path = ""] = listTails(system.directory);
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, 900));
    const upload = await system.upload();
    assert.deepEqual(
      upload.alarms.map(({ code }) => code),
      ["pair.set-aside-unread"],
    );
    assert.match(upload.alarms[0]?.text ?? "", /\.tail here cannot be read: it has no end/);
    assert.equal(system.notes.length, 1, "said once");
    let looks = 0;
    system.meanwhile = () => {
      if (++looks === 2) writeFileSync(path, whole);
    };
    const later = await system.upload(8);
    assert.deepEqual(idsOf(system), expected);
    assert.deepEqual(later.alarms, []);
  });
});

test("[SF5] what the system refuses for good is an alarm, not a line of a log", async () => {
  await withSystem(async (system) => {
    system.refusal = { code: "tail.malformed", detail: "a fact" };
    const upload = await system.upload();
    assert.deepEqual(
      upload.alarms.map(({ code }) => code),
      ["pair.set-aside-untaken"],
    );
    assert.match(upload.alarms[0]?.text ?? "", /does not take: 6\.$/);
    assert.equal(listTails(system.directory).length, 1);
  });
});

test("[SF4] what the system lost again is brought again", async () => {
  await withSystem(async (system) => {
    await system.upload();
    system.state = sharedState();
    await system.upload();
    assert.deepEqual(idsOf(system), expected);
  });
});

test("[SF5][HS9] the alarm counts what nobody judged and ends with the last", async () => {
  await withSystem(async (system) => {
    const alarms = openSetAsideAlarm();
    assert.deepEqual(alarms(system.state, 5_000), []);
    await system.upload();
    const [alarm] = alarms(system.state, 5_000);
    assert.equal(alarm?.code, "pair.set-aside");
    assert.match(alarm.text, /6 changes made on A are not in the system/);
    const table = system.state.tables.setAside.map((row) => ({
      ...row,
      judged: { verdict: "rejected" as const, by: "admin", at: 1, reason: "no" },
    }));
    const tables = { ...system.state.tables, setAside: table };
    assert.deepEqual(alarms({ ...system.state, tables }, 5_000), []);
  });
});

test("[SF5][HS9] what lowers the security of the system is named first", async () => {
  await withSystem(async (system) => {
    await system.upload();
    // Sessions that were ended on A live in the system until their own end.
    const now = Date.UTC(2026, 5, 1, 12);
    const [alarm] = openSetAsideAlarm()(system.state, now);
    assert.match(alarm?.text ?? "", /^Security is lower: A session was ended on A at /);
  });
});
