import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId } from "@gridward/core/base/identity";
import { second } from "@gridward/core/base/time";
import type { WitnessRow } from "@gridward/core/domain/types";
import { markMachine } from "@gridward/runtime/os/machine";
import { arbitrationStatus, openWitnessAlarms } from "./arbitration.ts";
import type { WitnessState, WitnessView } from "./witness-wire.ts";

const witness: WitnessRow = {
  id: nodeId("W"),
  address: "w.example",
  port: 5482,
  pairingKey: "A".repeat(43),
  machine: null,
  addedAt: 0,
};

function seen(state: WitnessState, row = witness): WitnessView {
  return { witness: row, state, since: 1_000, seen: 1, refusal: null };
}

function codesAt(seconds: number, view: WitnessView | null): readonly string[] {
  const clocks = { mode: "witness", at: 1_000 + seconds * second, now: 50_000 } as const;
  return openWitnessAlarms()(view, clocks).map(({ code }) => code);
}

test("[WT7][HS7] the mode and the witness are shown, and each trouble of it is an alarm", () => {
  assert.deepEqual(arbitrationStatus("manual", null), { mode: "manual", witness: null });
  assert.deepEqual(arbitrationStatus("witness", seen("connected")), {
    mode: "witness",
    witness: { address: "w.example:5482", state: "connected" },
  });
  assert.deepEqual(codesAt(60, null), []);
  assert.deepEqual(codesAt(60, seen("connected")), []);
  assert.deepEqual(codesAt(60, seen("blank")), ["pair.witness-blank"]);
  assert.deepEqual(codesAt(60, seen("older")), ["pair.witness-older"]);
  assert.deepEqual(codesAt(60, seen("other-system")), ["pair.witness-other-system"]);
});

test("[WT7] a silence is an alarm after ten seconds, with the reason where there is one", () => {
  assert.deepEqual(codesAt(9, seen("silent")), []);
  assert.deepEqual(codesAt(10, seen("silent")), ["pair.witness-silent"]);
  const refused = { ...seen("silent"), refusal: "T16: knows another key" };
  const clocks = { at: 60_000, now: 60_000 };
  const [alarm] = openWitnessAlarms()(refused, { ...clocks, mode: "witness" });
  assert.match(alarm?.text ?? "", /no Standby takes over by itself.*\(T16: knows another key\)$/);
  // Nothing is missed where nobody asks it.
  const [unused] = openWitnessAlarms()(refused, { ...clocks, mode: "pair" });
  assert.match(unused?.text ?? "", /In mode pair nothing waits for it\. \(T16/);
});

test("[WT7][HS7] a witness on the machine of a server is a standing alarm there", () => {
  const here = { ...witness, machine: markMachine() };
  assert.deepEqual(codesAt(60, seen("connected", here)), ["pair.witness-same-host"]);
  assert.deepEqual(codesAt(60, seen("blank", here)), [
    "pair.witness-same-host",
    "pair.witness-blank",
  ]);
});
