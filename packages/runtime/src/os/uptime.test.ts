import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { canonical } from "@gridward/core/base/canonical";
import { machineUptime, uptimeMillis } from "./uptime.ts";

test("[OS18] seconds with two decimals are exactly so many milliseconds", () => {
  const seconds = fc.integer({ min: 0, max: 4_000_000_000 });
  const hundredths = fc.integer({ min: 0, max: 99 });
  fc.assert(
    fc.property(seconds, hundredths, (whole, part) => {
      const text = `${whole}.${String(part).padStart(2, "0")} 61034.17\n`;
      assert.equal(uptimeMillis(text), whole * 1_000 + part * 10);
    }),
  );
  assert.equal(uptimeMillis("32905.07 61034.17"), 32_905_070);
  assert.equal(uptimeMillis("4.07 0.00"), 4_070, "4070.0000000000005 before it is rounded");
});

test("[OS18] any number and any text is whole milliseconds, or no uptime", () => {
  const number = fc.oneof(fc.double(), fc.float()).map(String);
  fc.assert(
    fc.property(fc.oneof(number, fc.string()), (text) => {
      const millis = uptimeMillis(text);
      assert.ok(millis === null || (Number.isSafeInteger(millis) && millis >= 0));
    }),
  );
  for (const text of ["", "soon", "-1.00", "1e300", "NaN"]) assert.equal(uptimeMillis(text), null);
});

test("[OS18] what the machine says can be kept", () => {
  const uptime = machineUptime();
  assert.doesNotThrow(() => canonical(uptime));
});
