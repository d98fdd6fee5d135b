import assert from "node:assert/strict";
import { test } from "node:test";
import { minute } from "@gridward/core/base/time";
import { systemClock } from "../os/clock.ts";
import { judgeOnLink, type LinkCase } from "./judge-on-link.ts";
import { strictLink } from "./link-settings.ts";
import { rememberJudgement } from "./remember-judgement.ts";
import { a, strangers } from "./test-ends.ts";

const at = systemClock().now();
const met: LinkCase = {
  protocol: "gridward-partner/1",
  direction: "accept",
  settings: strictLink,
  expectedNode: null,
  chain: [a.certificate.raw],
  anchors: a.anchors,
  lists: [],
  at,
  isNewest: true,
  handshake: null,
};

test("[LK25] by the same demands a chain is judged twice an hour, by others at once", () => {
  const first = judgeOnLink(met);
  assert.equal(first.verdict, "ok");
  const judge = rememberJudgement(met, first);
  assert.equal(judge({ ...met, settings: { ...strictLink }, at: at + 29 * minute }), first);
  assert.notEqual(judge({ ...met, at: at + 30 * minute }), first);
  const anchors = [strangers.certificate.toString()];
  const other = judge({ ...met, anchors });
  assert.equal(other.verdict === "refused" && other.cause, "T02");
  assert.equal(judge(met).verdict, "ok");
  const named = { ...strictLink, checkNames: false };
  const before = judge(met);
  assert.notEqual(judge({ ...met, settings: named }), before);
  assert.notEqual(judge({ ...met, at: at - minute }), before, "a clock that was set back");
});
