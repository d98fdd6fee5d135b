import assert from "node:assert/strict";
import type { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { err, ok } from "@gridward/core/base/result";
import { hour, second } from "@gridward/core/base/time";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { AnchorKeeper } from "./anchor-keeper.ts";
import { readAnchorsText, TrustAnchors } from "./trust-anchors.ts";

const place = mkdtempSync(join(tmpdir(), "gridward-anchors-"));
after(() => rmSync(place, { recursive: true }));

const start = Date.UTC(2027, 0, 1);
const old = testAuthority("Hill", start).certificate;
const next = testAuthority("Hill", start).certificate;

interface World {
  now: number;
  asked: number;
  answer: readonly X509Certificate[] | null;
}

test("[IN8][PK7] the anchors are asked for hourly, sooner after a refusal, and kept", async () => {
  const file = join(place, "anchor.pem");
  const anchors = new TrustAnchors([old], file);
  const world: World = { now: 0, asked: 0, answer: [old] };
  const keeper = new AnchorKeeper({
    anchors,
    fetch: async () => {
      world.asked += 1;
      return world.answer === null
        ? err({ code: "enrolment.failed", detail: "" } as const)
        : ok(world.answer);
    },
    clock: { monotonic: () => world.now },
    random: () => 0.5,
  });
  const pass = async (ms: number): Promise<void> => {
    world.now += ms;
    keeper.tick();
    keeper.tick();
    await new Promise((resolve) => setImmediate(resolve));
  };
  await pass(0);
  assert.equal(world.asked, 0);
  await pass(5 * second);
  assert.deepEqual([world.asked, anchors.all], [1, [old]]);
  keeper.askSoon();
  await pass(9 * second);
  assert.equal(world.asked, 1);
  world.answer = [next, old];
  await pass(second);
  assert.deepEqual([world.asked, anchors.all], [2, [next, old]]);
  const kept = readAnchorsText(readFileSync(file, "utf8"));
  assert.deepEqual(
    kept.map((one) => one.fingerprint256),
    [next, old].map((one) => one.fingerprint256),
  );
  world.answer = null;
  await pass(hour);
  assert.deepEqual([world.asked, anchors.all], [3, [next, old]]);
});

test("[IN8] a file of which a part cannot be read is none", () => {
  const text = `${old.toString()}${next.toString()}`;
  assert.equal(readAnchorsText(text).length, 2);
  assert.deepEqual(readAnchorsText(text.slice(0, -40)), []);
  assert.deepEqual(readAnchorsText(text.replace("MII", "AAA")), []);
  assert.deepEqual(readAnchorsText(""), []);
});

test("[IN8] the anchor of a package stands beside what is known, and before it", () => {
  const anchors = new TrustAnchors([old], null);
  anchors.admit([old]);
  assert.deepEqual(anchors.all, [old]);
  anchors.admit([next]);
  assert.deepEqual(anchors.all, [next, old]);
});
