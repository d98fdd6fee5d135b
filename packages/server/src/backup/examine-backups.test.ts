import assert from "node:assert/strict";
import { test } from "node:test";
import { day, hour } from "@gridward/core/base/time";
import { origin } from "@gridward/core/domain/entry";
import { examineBackups } from "./examine-backups.ts";

const now = Date.UTC(2026, 5, 1, 12);

function aged(span: number) {
  return { path: `/b/${span}`, header: { at: now - span, position: { ...origin, seq: 7 } } };
}

test("[BS10][HS12] the doctor tells how old the newest backup is, or that there is none", () => {
  const look = (files: Parameters<typeof examineBackups>[0], every: number | null) =>
    examineBackups(files, { place: "/b", every, now });
  assert.deepEqual(look([], null), {
    id: "backup",
    ok: true,
    says: "There is no backup in /b. None is scheduled.",
    remedy: null,
  });
  const due = look([], 24 * hour);
  assert.deepEqual([due.ok, due.says], [false, "There is no backup in /b. One is due every 24 h."]);
  const files = [aged(9 * day), aged(3 * hour)];
  assert.match(look(files, 24 * hour).says, /up to change 7, is 3 h old .*: \/b\/10800000\./);
  assert.equal(look(files, 24 * hour).ok, true);
  const old = look([aged(9 * day)], 24 * hour);
  assert.match(old.says, /is 9 days old .* more than twice as old as due\.$/);
  assert.deepEqual([old.ok, old.remedy !== null], [false, true]);
});
