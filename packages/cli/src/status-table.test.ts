import assert from "node:assert/strict";
import { test } from "node:test";
import { statusTable } from "./status-table.ts";

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
