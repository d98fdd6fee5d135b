import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ageAt, recordAge, renewAge, resumeAge, timeAt } from "./age.ts";

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
