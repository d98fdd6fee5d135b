import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { accountId } from "@gridward/core/base/identity";
import { removePath } from "../os/files.ts";
import { GraceUses } from "./grace-uses.ts";

const anna = accountId("anna");
const bert = accountId("bert");

test("[GU1][AM3] what was counted is there after a restart, by the version of the password", (t) => {
  const path = aPath(t);
  const uses = new GraceUses(path);
  uses.add({ account: anna, version: 1, at: 5 });
  uses.add({ account: anna, version: 1, at: 7 });
  uses.add({ account: bert, version: 2, at: 6 });
  uses.drop(bert);
  uses.close();
  const again = new GraceUses(path);
  assert.deepEqual(again.usesOf(anna, 1), [5, 7]);
  assert.deepEqual([again.usesOf(anna, 2), again.usesOf(bert, 2)], [[], []]);
  assert.equal(again.all().length, 2);
  again.close();
});

test("[GU2] without room counting goes on, and the next change writes all of it", (t) => {
  const path = aPath(t);
  const uses = new GraceUses(path);
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  uses.add({ account: anna, version: 1, at: 5 });
  assert.deepEqual(uses.usesOf(anna, 1), [5]);
  other.exec("ROLLBACK");
  other.close();
  uses.drop(bert);
  uses.close();
  const again = new GraceUses(path);
  assert.deepEqual(again.usesOf(anna, 1), [5]);
  again.close();
});

function aPath(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "gridward-grace-"));
  t.after(() => removePath(directory));
  return join(directory, "grace.db");
}
