import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "./clock.ts";

test("[OS1] a stopped sleep of an hour ends at once and without an error", async () => {
  const stop = new AbortController();
  const asleep = systemClock().sleep(3_600_000, stop.signal);
  stop.abort();
  await asleep;
  await systemClock().sleep(3_600_000, stop.signal);
});

test("[OS2] ten thousand readings of the monotonic clock never go back", () => {
  const clock = systemClock();
  let last = clock.monotonic();
  for (let reading = 0; reading < 10_000; reading++) {
    const next = clock.monotonic();
    assert.ok(next >= last);
    last = next;
  }
});
