import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId } from "@gridward/core/base/identity";
import { day, hour } from "@gridward/core/base/time";
import { freshId } from "../os/random.ts";
import { judgePeer, withoutLists, type JudgeInput, type Judgement } from "./judge.ts";
import { testAuthority } from "./test-authority.ts";
import { kindsOf, matrixAnchors, matrixTime, testList } from "./test-kinds.ts";
import { keyFingerprintOf } from "./x509/read.ts";

const node = nodeId(freshId());
const { presented, lists } = kindsOf(node);
const ours = testAuthority("Ours", matrixTime - day);
const leaf = ours.issue({ profile: "server", name: { kind: "server", node } }).certificate;

function judged(change: Partial<JudgeInput>): Judgement {
  return judgePeer({
    chain: [leaf.raw],
    anchors: [ours.certificate.toString()],
    lists: [],
    purpose: "partner",
    expected: { kind: "server", node },
    at: matrixTime,
    settings: { ...withoutLists, revocation: "hard" },
    handshake: null,
    ...change,
  });
}

function brief(judgement: Judgement): string {
  return judgement.verdict === "ok" ? "ok" : judgement.cause;
}

test("[TR11] a stale list still revokes, in either mode", () => {
  const stale = testList(ours, { revoked: [leaf], nextUpdate: matrixTime - hour });
  for (const revocation of ["soft", "hard"] as const) {
    const settings = { ...withoutLists, revocation };
    assert.equal(brief(judged({ lists: [stale], settings })), "T07");
  }
  assert.equal(brief(judged({ lists: [stale], settings: withoutLists })), "ok");
});

test("[TR11] a list of another authority of the same name says nothing", () => {
  const namesake = testAuthority("Ours", matrixTime - day);
  const list = testList(namesake, { revoked: [leaf] });
  assert.equal(brief(judged({ lists: [list] })), "T08");
  assert.equal(brief(judged({ lists: [list, testList(ours, {})] })), "ok");
});

test("[TR11] a list dated in the future is not current", () => {
  const early = { ...testList(ours, {}), thisUpdate: matrixTime + hour };
  assert.equal(brief(judged({ lists: [early] })), "T08");
  assert.equal(brief(judged({ lists: [early, testList(ours, {})] })), "ok");
});

test("[TR11] in mode soft what is missing is noted, and in mode off it is not", () => {
  const soft = judged({ settings: { ...withoutLists, revocation: "soft" } });
  assert.ok(soft.verdict === "ok");
  assert.equal(soft.note, "has no revocation list of CN=Ours");
  const off = judged({ settings: withoutLists });
  assert.ok(off.verdict === "ok");
  assert.equal(off.note, undefined);
});

test("[TR11] an authority on the way is looked up in its own issuer's list", () => {
  const middle = testAuthority("Middle", matrixTime - day, ours);
  const below = middle.issue({ profile: "server", name: { kind: "server", node } }).certificate;
  const chain = [below.raw, middle.certificate.raw];
  const ofMiddle = testList(middle, {});
  assert.equal(brief(judged({ chain, lists: [ofMiddle, testList(ours, {})] })), "ok");
  assert.equal(brief(judged({ chain, lists: [ofMiddle] })), "T08");
  const revoked = testList(ours, { revoked: [middle.certificate] });
  const judgement = judged({ chain, lists: [ofMiddle, revoked] });
  assert.ok(judgement.verdict === "refused" && judgement.cause === "T07");
  assert.match(judgement.ours, /^knows CN=Middle, serial /);
});

test("[TR8] a pin lifts the issuer, and neither time, name, purpose nor revocation", () => {
  const pinOf = (kind: keyof typeof presented): Partial<JudgeInput> => ({
    chain: [presented[kind].certificate.raw],
    anchors: matrixAnchors,
    lists,
    settings: {
      ...withoutLists,
      revocation: "hard",
      pins: [keyFingerprintOf(presented[kind].certificate)],
    },
  });
  assert.equal(brief(judged(pinOf("temporary"))), "ok");
  assert.equal(
    brief(judged({ ...pinOf("temporary"), handshake: "DEPTH_ZERO_SELF_SIGNED_CERT" })),
    "ok",
  );
  assert.equal(brief(judged({ ...pinOf("temporary"), handshake: "INVALID_PURPOSE" })), "T06");
  assert.equal(brief(judged(pinOf("unknown issuer"))), "ok");
  assert.equal(brief(judged({ ...pinOf("temporary"), at: matrixTime + 4000 * day })), "T03");
  assert.equal(brief(judged(pinOf("expired"))), "T03");
  assert.equal(brief(judged(pinOf("wrong name"))), "T05");
  assert.equal(brief(judged(pinOf("wrong purpose"))), "T06");
  assert.equal(brief(judged(pinOf("revoked"))), "T07");
});

test("[TR8] who is neither trusted nor pinned is told both", () => {
  const settings = { ...withoutLists, pins: ["00"] };
  const judgement = judged({ chain: [presented.temporary.certificate.raw], settings });
  assert.ok(judgement.verdict === "refused" && judgement.cause === "T01");
  assert.equal(judgement.ours, "validates certificates and trusts CN=Ours, and pins 00");
});
