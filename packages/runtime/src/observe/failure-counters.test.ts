import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { accountId, sourceKey, type AccountId } from "@gridward/core/base/identity";
import { removePath } from "../os/files.ts";
import { FailureCounters } from "./failure-counters.ts";

const anna = accountId("anna");
const bert = accountId("bert");
const twice = { failures: 2, since: 1, blockedUntil: null };
const blocked = { failures: 3, since: 1, blockedUntil: 9 };

test("[FC1][DV13] a counter outlives a restart and ends when it is dropped", (t) => {
  const path = aPath(t);
  const counters = countersOf(path);
  assert.equal(counters.get(anna), undefined);
  counters.set(anna, twice);
  counters.set(bert, blocked);
  counters.set(anna, blocked);
  counters.drop(bert);
  counters.close();
  const again = countersOf(path);
  assert.deepEqual(again.entries(), [[anna, blocked]]);
  again.close();
});

test("[FC1][DV13] a counter is on the disk before the process dies of SIGKILL", (t) => {
  const path = aPath(t);
  const module = JSON.stringify(new URL("./failure-counters.ts", import.meta.url).href);
  const script = `
    const { FailureCounters } = await import(${module});
    const key = (text) => text;
    new FailureCounters({ path: ${JSON.stringify(path)}, key }).set("anna", ${JSON.stringify(blocked)});
    process.kill(process.pid, "SIGKILL");`;
  spawnSync(process.execPath, ["--input-type=module", "-e", script]);
  const counters = countersOf(path);
  assert.deepEqual(counters.get(anna), blocked);
  counters.close();
});

test("[FC2] without room counting goes on, and the next change writes all of it", (t) => {
  const path = aPath(t);
  const counters = countersOf(path);
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  counters.set(anna, blocked);
  assert.deepEqual(counters.get(anna), blocked);
  other.exec("ROLLBACK");
  other.close();
  counters.set(bert, twice);
  counters.close();
  const again = countersOf(path);
  assert.deepEqual(again.entries(), [
    [anna, blocked],
    [bert, twice],
  ]);
  again.close();
});

test("[FC3] an unreadable file is kept aside", (t) => {
  const path = aPath(t);
  writeFileSync(path, "not a database ".repeat(1_000));
  const counters = countersOf(path);
  assert.deepEqual(counters.entries(), []);
  counters.set(anna, twice);
  counters.close();
  assert.ok(existsSync(`${path}.damaged`));
});

test("[FC4][AM3] of addresses only the newest are kept, here and on the disk", (t) => {
  const path = aPath(t);
  const order = { path, key: (text: string) => sourceKey("utility", text), most: 3 };
  const counters = new FailureCounters(order);
  const keyOf = (last: number) => sourceKey("utility", `192.0.2.${last}`);
  for (let last = 1; last <= 4; last++) counters.set(keyOf(last), { ...twice, since: last });
  counters.set(keyOf(2), { ...blocked, since: 5 });
  counters.set(keyOf(5), { ...twice, since: 6 });
  counters.close();
  const again = new FailureCounters({ ...order, key: (text) => sourceKey(...splitKey(text)) });
  assert.deepEqual(
    again.entries().map(([key]) => key),
    [keyOf(4), keyOf(2), keyOf(5)],
  );
  again.close();
});

function splitKey(text: string): readonly [string, string] {
  const [policy = "", source = ""] = text.split(" ");
  return [policy, source];
}

function countersOf(path: string): FailureCounters<AccountId> {
  return new FailureCounters({ path, key: accountId });
}

function aPath(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "gridward-failures-"));
  t.after(() => removePath(directory));
  return join(directory, "failures.db");
}
