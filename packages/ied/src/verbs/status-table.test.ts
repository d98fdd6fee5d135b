import assert from "node:assert/strict";
import { test } from "node:test";
import { statusTable } from "./status-table.ts";

const offline = { state: "Offline", cost: 1 };

test("[IN10][HS13] the lines of a device bear the icons that the servers' own states bear", () => {
  const servers = [
    { name: "A", state: "Online", cause: null, cost: 3 },
    { ...offline, name: "B", cause: "T17: no answer" },
    { ...offline, name: "C", cause: "T03: it refuses our certificate" },
    { ...offline, name: "D", cause: "it has not answered yet" },
  ];
  assert.deepEqual(statusTable({ mode: "Central", servers, athstat: { loggedon: true } }), {
    "server A": "✔ Online (cost 3)",
    "server B": "▲ Offline: T17: no answer (cost 1)",
    "server C": "◆ Offline: T03: it refuses our certificate (cost 1)",
    "server D": "▲ Offline: it has not answered yet (cost 1)",
    mode: "Central",
    athstat: { loggedon: true },
  });
  assert.deepEqual(statusTable({ other: 1 }), { other: 1 });
});
