import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { aStatus } from "./a-status.ts";
import { fitLines, fold, lastTop } from "./fit-lines.ts";
import { firstState, type PanelState } from "./panel-state.ts";
import { keysOf } from "./panel-terminal.ts";
import { viewOf } from "./panel-view.ts";
import type { SeenStatus } from "./seen.ts";

const offline = aStatus.servers.map((server) => ({ ...server, state: "Offline" }));
const { replication } = aStatus;

function headOf(status: SeenStatus | null | undefined): string {
  return viewOf({ ...firstState, device: "Q01", status }).head[0]?.text ?? "";
}

test("[PN1] the first line says where sign-ins are decided, by glyph and word", () => {
  assert.equal(headOf(aStatus), "Q01  ● online: A");
  assert.equal(headOf({ ...aStatus, servers: offline }), "Q01  ◐ on replica, 2 h old");
  const none = { ...aStatus, servers: offline, replication: { ...replication, usable: false } };
  assert.equal(headOf(none), "Q01  ✖ no source");
  assert.equal(headOf(null), "Q01  ✖ not running");
  // It says nothing of what it does not know yet.
  assert.equal(headOf(undefined), "Q01  … asking the device");
});

test("[PN2][DV4] diagnostics have the original's labels and words", () => {
  const state: PanelState = {
    ...firstState,
    status: aStatus,
    screen: { kind: "diagnostics", top: 0 },
  };
  assert.deepEqual(
    viewOf(state)
      .body.slice(0, 6)
      .map(({ text }) => text),
    [
      "UAMMode            Central",
      "CAMServer1Status   Online  A",
      "CAMServer2Status   Offline  B",
      "  T17: not reached",
      "Replication        Good",
      "ReplicaLastUpdate  2026-11-24T01:45:39Z",
    ],
  );
  const one = { ...aStatus, servers: aStatus.servers.slice(0, 1) };
  const lines = viewOf({ ...state, status: one }).body.map(({ text }) => text);
  assert.ok(lines.includes("CAMServer2Status   Not configured"));
});

test("[PN2][PK6] certificates are listed and read without a sign-in", () => {
  const held = [
    [
      ["use", "device"],
      ["subject", "CN=Q01"],
      ["not after", "2028-11-23T01:45:37Z"],
    ],
    [
      ["use", "anchor"],
      ["subject", "CN=authority"],
    ],
  ] as const;
  const list = viewOf({ ...firstState, screen: { kind: "certificates", held, chosen: 1 } });
  assert.deepEqual(
    list.body.map(({ text }) => text),
    ["  own: CN=Q01", "> trusted: CN=authority"],
  );
  const one = viewOf({ ...firstState, screen: { kind: "certificate", held, chosen: 0, top: 0 } });
  assert.ok(one.body.some(({ text }) => text.includes("2028-11-23")));
});

test("[PN7] no word is lost where lines are folded, and none is wider than the panel", () => {
  const words = (text: string): string => text.replaceAll(/\s+/g, "");
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), fc.integer({ min: 8, max: 60 }), (text, columns) => {
      const lines = fold(text, columns);
      assert.equal(words(lines.join("")), words(text));
      const indent = /^ */.exec(text)?.[0].length ?? 0;
      for (const line of lines) assert.ok(Array.from(line).length <= Math.max(columns, indent + 1));
    }),
  );
});

test("[PN7] what is chosen is always in sight, and a text ends with its last line", () => {
  const body = Array.from({ length: 20 }, (_, index) => ({
    text: `row ${index}`,
    tone: "plain" as const,
  }));
  for (let focus = 0; focus < 20; focus++) {
    const shown = fitLines({ body, focus, isText: false }, 40, 6).map(({ text }) => text);
    assert.ok(shown.includes(`row ${focus}`));
    assert.equal(shown.length, 6);
  }
  const end = lastTop({ body, focus: 0, isText: true }, 40, 6);
  assert.equal(fitLines({ body, focus: end, isText: true }, 40, 6).at(-1)?.text, "row 19");
  assert.equal(end, 14);
});

test("[PN7] keys of a panel are arrows, enter, escape and plain characters; all else is nothing", () => {
  assert.deepEqual(keysOf("", { upArrow: true }), [{ kind: "up" }]);
  assert.deepEqual(keysOf("\r", { return: true }), [{ kind: "enter" }]);
  assert.deepEqual(keysOf("", { escape: true }), [{ kind: "escape" }]);
  assert.deepEqual(keysOf("", { delete: true }), [{ kind: "erase" }]);
  assert.deepEqual(keysOf("a\u0007é~", {}), [{ kind: "text", text: "a~" }]);
  const together = [{ kind: "text", text: "anna" }, { kind: "enter" }, { kind: "text", text: "x" }];
  assert.deepEqual(keysOf("anna\rx", {}), together);
  for (const key of [{ ctrl: true }, { meta: true }]) assert.deepEqual(keysOf("c", key), []);
});
