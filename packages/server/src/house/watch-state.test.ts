import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId } from "@gridward/core/base/identity";
import { describe } from "@gridward/core/domain/pair/describe";
import {
  aProtectedMain,
  noon,
  serverA,
  serverB,
  withPeer,
} from "@gridward/core/domain/pair/fixtures";
import { inPhase, withControl } from "@gridward/core/domain/pair/phase-fixtures";
import type { PairState } from "@gridward/core/domain/pair/pair-state";
import type { Phase } from "@gridward/core/domain/pair/states";
import { type MoveCause, moves } from "@gridward/core/domain/pair/transitions";
import { emptyState } from "@gridward/core/domain/state";
import { passed, refused } from "../pair/a-status.ts";
import type { ConflictParts } from "../pair/status.ts";
import { whyMoved } from "./move-words.ts";
import { watchState } from "./watch-state.ts";

/** A watch over a pair that the test sets, and what it told. */
function aWatch() {
  const told: { readonly state: string; readonly cause: string }[] = [];
  const at = { now: noon };
  let directions: ConflictParts["directions"] = () => ({ dial: passed, accept: passed });
  let pair: PairState = inPhase("blank").state;
  const watch = watchState(
    () => ({
      pair,
      state: emptyState,
      known: [
        { id: serverA, name: "alpha" },
        { id: serverB, name: "beta" },
      ],
      self: { id: pair.self, name: pair.self },
      directions,
    }),
    {
      events: { onState: (state, cause) => void told.push({ state, cause }) },
      tell: () => undefined,
      clock: { now: () => at.now, monotonic: () => 0, sleep: async () => undefined },
    },
  );
  return {
    told,
    at,
    watch,
    /** The pair is this from now on; what was told of that. */
    become: (next: PairState, on?: MoveCause) => {
      pair = next;
      told.length = 0;
      if (on !== undefined && on !== "start" && on !== "create") watch.note(on);
      watch.look();
      return told[0];
    },
    refuse: (isRefused: boolean) => {
      directions = () => ({ dial: isRefused ? refused : passed, accept: passed });
    },
  };
}

function stateOf(pair: PairState): string {
  return describe(pair, 0, null).state;
}

function assertTold(from: Phase | "off", to: Phase, on: MoveCause): void {
  const place = `${from} > ${to} on ${on}`;
  const { become, told } = aWatch();
  const before = from === "off" ? null : inPhase(from).state;
  if (before) become(before);
  const after = inPhase(to).state;
  const event = become(after, on);
  assert.equal(told.length, 1, place);
  assert.ok(event, place);
  const was = before ? stateOf(before) : "off";
  const name = stateOf(after);
  assert.ok(event.state.startsWith(was === name ? `${name};` : `${name}, was ${was};`), place);
  const why = whyMoved(before?.machine ?? null, after.machine, new Set([on]));
  assert.ok(why !== null && event.cause.startsWith(why), `${place}: ${event.cause}`);
  const { cause } = describe(after, 0, null);
  if (cause) assert.ok(event.cause.endsWith(`[${cause.code}]`), `${place}: ${event.cause}`);
  become(after);
  assert.equal(told.length, 0, `${place} is told once`);
}

test("[AT1][HS19] each move of the table is in the trail, with from where, to where and why", () => {
  for (const { from, to, on } of moves) {
    for (const each of from) for (const cause of on) assertTold(each, to, cause);
  }
});

test("[AT1][HS19] who becomes Main says by which right, also where nobody must act", () => {
  const ways: readonly (readonly [Phase, MoveCause, RegExp])[] = [
    ["following", "message", /^the Main handed over/],
    ["following", "tick", /^the Main was silent/],
    ["candidate", "arbiter-answered", /^the witness granted the term/],
    ["connecting", "order-promote", /^a promotion was ordered/],
    ["draining", "message", /^the target refused the duty/],
  ];
  for (const [from, on, says] of ways) {
    const { become } = aWatch();
    become(inPhase(from).state);
    assert.match(become(aProtectedMain().state, on)?.cause ?? "", says);
  }
});

test("[AT2][HS19] who is in the ack set is told by name, also where another takes a place", () => {
  const { become } = aWatch();
  const valid = inPhase("following");
  const third = nodeId("C");
  become(valid.state);
  const changed = become(withControl(valid, { ackSet: [third, serverB] }).state);
  assert.match(changed?.state ?? "", /^[a-z-]+; term 1; ack set C, beta, was alpha, beta$/);
});

test("[AT1][HS19] a move is told also where the state keeps its name", () => {
  const { become } = aWatch();
  const silent = { linkUp: false, heardAt: null };
  become(withPeer(inPhase("following"), serverA, silent).state);
  const moved = become(withPeer(inPhase("connecting"), serverA, silent).state, "link-down");
  assert.match(moved?.state ?? "", /^standby-connecting; term 1;/);
  assert.match(moved?.cause ?? "", /^the link was lost\. alpha does not answer/);
});

test("[AT3][HS19] a time with one copy is told when it begins and when it ends, with its reason", () => {
  const { become, at } = aWatch();
  const { state } = aProtectedMain();
  become(state);
  const alone = withControl({ state, actions: [] }, { ackSet: [serverA] }).state;
  const unprotected = { since: noon, reason: `${serverB} did not answer for 4 s` };
  const begun = become({ ...alone, unprotected }, "tick");
  assert.match(begun?.state ?? "", /^main-exposed, was main-protected;/);
  assert.match(begun?.cause ?? "", /beta did not answer for 4 s.* \[pair\.unprotected\]$/);
  at.now = noon + 7_000;
  const ended = become(state, "message");
  assert.match(ended?.state ?? "", /^main-protected, was main-exposed;/);
  assert.match(ended?.cause ?? "", /^Changes had one copy from 1970.* on: beta did not answer/);
});

test("[AT4][HS19][CS9] a refused certificate is told, and that it stands no more", () => {
  const { become, refuse, watch, at } = aWatch();
  const { state } = inPhase("connecting");
  become(state);
  refuse(true);
  at.now = noon + 5_000;
  const begun = become(state);
  assert.match(begun?.state ?? "", /^standby-security-conflict, was standby-connecting;/);
  assert.match(begun?.cause ?? "", /refuses the link: .*; refuses it\. \[T03\]$/);
  assert.equal(watch.since(), at.now);
  refuse(false);
  assert.match(become(state)?.state ?? "", /^standby-connecting, was standby-security-conflict;/);
});

test("[AT5][HS19] an orderly end is told; time that only goes by is not", () => {
  const { become, told, watch } = aWatch();
  become(inPhase("serving").state);
  become({ ...inPhase("serving").state, heartbeatAt: 3 }, "tick");
  assert.equal(told.length, 0);
  watch.close();
  assert.deepEqual(told, [
    { state: "stopped, was main-protected", cause: "this program was ended in order" },
  ]);
});
