import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { day, hour, minute } from "../base/time.ts";
import { ageAt, recordAge, renewAge, resumeAge, resumeMark, timeAt } from "./age.ts";

/** What can happen to a device: time goes by, the wall clock jumps, the device restarts. */
const step = fc.oneof(
  fc.record({ kind: fc.constant("pass" as const), by: fc.integer({ min: 0, max: 10_000_000 }) }),
  fc.record({ kind: fc.constant("jump" as const), to: fc.integer({ min: 0, max: 4e12 }) }),
  fc.record({ kind: fc.constant("restart" as const) }),
);

test("[RS9][DV15] no order of waiting, clock jumps and restarts makes age or time go back", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let wall = 1_800_000_000_000;
      let monotonic = 0;
      let anchor = renewAge(wall, monotonic);
      let [age, time] = [0, wall];
      for (const one of steps) {
        if (one.kind === "pass") {
          wall += one.by;
          monotonic += one.by;
        } else if (one.kind === "jump") {
          wall = one.to;
        } else {
          const record = recordAge(anchor, wall, monotonic);
          monotonic = 0;
          anchor = resumeAge(record, wall, monotonic);
        }
        const next = { age: ageAt(anchor, monotonic), time: timeAt(anchor, wall, monotonic) };
        assert.ok(next.age >= age);
        // The wall may have jumped ahead and back within one run: only what was saved binds.
        if (one.kind === "pass") assert.ok(next.time >= time);
        [age, time] = [next.age, next.time];
      }
    }),
  );
});

const mark = { age: hour, latest: 1_800_000_000_000, uptime: { boot: "one", millis: day } };

test("[CN5] within one start of the machine only its uptime counts, however the wall clock jumps", () => {
  for (const now of [0, mark.latest, mark.latest + 400 * day]) {
    const uptime = { boot: "one", millis: day + 2 * hour };
    const resumed = resumeMark(mark, uptime, { now, monotonic: 5 });
    assert.equal(ageAt(resumed, 5), 3 * hour);
  }
});

test("[CN5] after another start the wall clock counts, and a clock set back makes nothing younger", () => {
  const resumedAt = (now: number, millis: number): number =>
    ageAt(resumeMark(mark, { boot: "two", millis }, { now, monotonic: 0 }), 0);
  assert.equal(resumedAt(mark.latest + 3 * day, minute), 3 * day + hour);
  assert.equal(resumedAt(mark.latest - 3 * day, minute), 2 * hour, "an hour older at least");
  assert.equal(resumedAt(mark.latest - 3 * day, 9 * hour), 10 * hour, "as old as the uptime");
  assert.equal(resumedAt(mark.latest + minute, 9 * hour), 10 * hour);
  const back = resumeMark(mark, { boot: "one", millis: hour }, { now: 0, monotonic: 0 });
  assert.equal(back.age, 2 * hour, "an uptime that went back is of another machine");
  assert.equal(resumeMark(mark, null, { now: 0, monotonic: 0 }).age, 2 * hour);
});
