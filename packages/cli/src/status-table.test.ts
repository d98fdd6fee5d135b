import assert from "node:assert/strict";
import { test } from "node:test";
import { iconText } from "@gridward/core/domain/glyph";
import { iconOf, states } from "@gridward/core/domain/pair/states";
import { explainStates } from "./explain-states.ts";
import { statusPaint, statusTable } from "./status-table.ts";

const promotable = {
  name: "B",
  kind: "promotable",
  address: "10.0.0.2:5480",
  link: "main",
  state: "standby-valid",
  behind: 0,
  conflict: null,
  dial: { verdict: "ok", cause: null },
  accept: { verdict: "ok", cause: null },
  certificate: null,
} as const;

test("[CLI14][HS14] the line of a partner tells that it is a permanent Standby", () => {
  const table = statusTable({
    name: "A",
    duty: "main",
    state: "main-protected",
    since: "",
    cause: null,
    remedy: null,
    icon: { shape: "", colour: "green", word: "Main" },
    promotable: { ok: true, code: null, reason: null },
    changeover: { ok: true, code: null, reason: null },
    ack_set: ["A", "B"],
    unprotected_since: null,
    arbitration: { mode: "manual", witness: null },
    progress: null,
    partners: [promotable, { ...promotable, name: "D", kind: "permanent" }],
  });
  const lines: unknown = JSON.parse(JSON.stringify(table), (name, value: unknown) =>
    name === "" || name.startsWith("partner") ? value : undefined,
  );
  const rest = "at 10.0.0.2:5480; we dial it: ok, it dials us: ok";
  assert.deepEqual(lines, {
    "partner B": `standby-valid ${rest}`,
    "partner D": `standby-valid (permanent) ${rest}`,
  });
});

test("[CLI25][HS13] `server states` explains each state with the icon that a status shows", () => {
  const all = explainStates(undefined);
  assert.ok(all.ok && Array.isArray(all.value.data));
  assert.equal(all.value.data.length, Object.keys(states).length);
  for (const [name, row] of Object.entries(states)) {
    const one = explainStates(name);
    assert.ok(one.ok, name);
    const shown = JSON.stringify(one.value.data);
    const { colour } = iconOf(row);
    assert.ok(shown.includes(`"${iconText(iconOf(row))} (${colour})"`), shown);
    assert.ok(shown.includes(row.means), shown);
    assert.deepEqual(one.value.paint, { text: iconText(iconOf(row)), colour });
    assert.deepEqual(statusPaint({ icon: iconOf(row) }), one.value.paint);
  }
  const none = explainStates("invalid");
  assert.ok(!none.ok);
  assert.equal(none.error.exit, 2);
  assert.match(none.error.error.where ?? "", /^invalid is no state; there are starting, blank, /);
});
