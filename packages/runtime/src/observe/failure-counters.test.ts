import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { accountId } from "@gridward/core/base/identity";
import { removePath } from "../os/files.ts";
import { FailureCounters } from "./failure-counters.ts";

const anna = accountId("anna");
const bert = accountId("bert");
const twice = { failures: 2, since: 1, blockedUntil: null };
const blocked = { failures: 3, since: 1, blockedUntil: 9 };

test("[FC1][DV13] a counter outlives a restart and ends when it is dropped", (t) => {
  const path = aPath(t);
  const counters = new FailureCounters(path);
  assert.equal(counters.get(anna), undefined);
  counters.set(anna, twice);
  counters.set(bert, blocked);
  counters.set(anna, blocked);
  counters.drop(bert);
  counters.close();
  const again = new FailureCounters(path);
  assert.deepEqual(again.entries(), [[anna, blocked]]);
  again.close();
});

test("[FC1][DV13] a counter is on the disk before the process dies of SIGKILL", (t) => {
  const path = aPath(t);
  const module = JSON.stringify(new URL("./failure-counters.ts", import.meta.url).href);
  const script = `
    const { FailureCounters } = await import(${module});
    new FailureCounters(${JSON.stringify(path)}).set("anna", ${JSON.stringify(blocked)});
    process.kill(process.pid, "SIGKILL");`;
  spawnSync(process.execPath, ["--input-type=module", "-e", script]);
  const counters = new FailureCounters(path);
  assert.deepEqual(counters.get(anna), blocked);
  counters.close();
});

test("[FC2] without room counting goes on, and the next change writes all of it", (t) => {
  const path = aPath(t);
  const counters = new FailureCounters(path);
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  counters.set(anna, blocked);
  assert.deepEqual(counters.get(anna), blocked);
  other.exec("ROLLBACK");
  other.close();
  counters.set(bert, twice);
  counters.close();
  const again = new FailureCounters(path);
  assert.deepEqual(again.entries(), [
    [anna, blocked],
    [bert, twice],
  ]);
  again.close();
});

test("[FC3] an unreadable file is kept aside", (t) => {
  const path = aPath(t);
  writeFileSync(path, "not a database ".repeat(1_000));
  const counters = new FailureCounters(path);
  assert.deepEqual(counters.entries(), []);
  counters.set(anna, twice);
  counters.close();
  assert.ok(existsSync(`${path}.damaged`));
});

function aPath(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "gridward-failures-"));
  t.after(() => removePath(directory));
  return join(directory, "failures.db");
}
