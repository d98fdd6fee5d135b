import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { makeDirectory, removePath } from "./files.ts";
import { openSideFile } from "./side-file.ts";

test("[OS12] an unreadable file and one of another version go aside, a locked path does not", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "gridward-side-"));
  t.after(() => removePath(directory));
  const order = {
    path: join(directory, "side.db"),
    version: 7,
    schema: "CREATE TABLE one (a TEXT) STRICT",
    synchronous: "NORMAL",
  } as const;
  const made = openSideFile(order);
  assert.equal(made.keptAside, null);
  made.database.close();
  const again = openSideFile(order);
  assert.equal(again.keptAside, null);
  again.database.close();
  new DatabaseSync(order.path).exec("PRAGMA user_version = 8");
  const fresh = openSideFile(order);
  assert.equal(fresh.keptAside, `${order.path}.damaged`);
  fresh.database.close();
  writeFileSync(order.path, "no database at all ".repeat(300));
  const second = openSideFile(order);
  assert.match(readFileSync(second.keptAside ?? "", "utf8"), /^no database/);
  second.database.close();
  removePath(order.path);
  makeDirectory(order.path);
  assert.throws(() => openSideFile(order));
  assert.ok(existsSync(order.path));
});
