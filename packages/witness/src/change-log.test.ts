import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { nodeId, systemId } from "@gridward/core/base/identity";
import type { ArbiterRecord } from "@gridward/core/domain/arbiter";
import { origin } from "@gridward/core/domain/entry";
import { removePath } from "@gridward/runtime/os/files";
import { openChangeLog } from "./change-log.ts";

const record: ArbiterRecord = {
  systemId: systemId("system"),
  version: 1,
  term: 1,
  owner: nodeId("A"),
  ackSet: [nodeId("A"), nodeId("B")],
  floor: origin,
};

test("[WN8] changes of term, owner and ack set stand in the file, and a floor does not", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "gridward-changes-"));
  t.after(() => removePath(directory));
  const path = join(directory, "events.jsonl");
  const notes: string[] = [];
  const roster = { nameOf: (id: string) => `server ${id}` };
  const log = openChangeLog({ path, roster, now: () => 0, note: (text) => notes.push(text) });
  const narrow = { ...record, version: 2, ackSet: [nodeId("A")] };
  const floor = { ...narrow, version: 3, floor: { ...origin, seq: 9 } };
  const taken = { ...floor, version: 4, term: 2, owner: nodeId("B"), ackSet: [nodeId("B")] };
  log({ before: null, after: record, by: nodeId("A") });
  log({ before: record, after: narrow, by: nodeId("A") });
  log({ before: narrow, after: floor, by: nodeId("A") });
  log({ before: floor, after: taken, by: nodeId("B") });
  const lines = readFileSync(path, "utf8").trim().split("\n");
  assert.deepEqual(
    lines.map((line) => /"version":(\d)/.exec(line)?.[1]),
    ["1", "2", "4"],
  );
  assert.match(
    lines[2] ?? "",
    /"term":2,"owner":"server B","ack_set":\["server B"\],"by":"server B"/,
  );
  removePath(directory);
  log({ before: null, after: record, by: nodeId("A") });
  assert.match(notes.at(-1) ?? "", /events.jsonl was not written/);
});
