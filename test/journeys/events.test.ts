import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { DatabaseSync } from "node:sqlite";
import { SecurityEventStore } from "@gridward/runtime/observe/security-events";
import { runSoon, systemClock } from "@gridward/runtime/os/clock";
import { aDesk } from "@gridward/server/desk/a-desk";
import { EventLog } from "@gridward/server/event-log";
import { adminPassword, aServer, type TestServer } from "@gridward/server/frontends/https/a-server";
import { runCli, type Ran } from "./run-cli.ts";

/** What an auditor does at a terminal. */

const home = mkdtempSync(join(tmpdir(), "gridward-auditor-"));
const storePath = join(home, "events.db");
const store = new SecurityEventStore(storePath, 0);
const clock = systemClock();
const desk = aDesk();
const log = new EventLog(store, {
  server: "A",
  now: () => clock.now(),
  soon: runSoon,
  state: desk.front.state,
});
let server: TestServer;

async function gridward(words: string, input = ""): Promise<Ran> {
  return runCli(words, { input, state: home });
}

const refused = { event: 1130, door: "ldap", source: "192.0.2.7", outcome: "refused" } as const;

before(async () => {
  server = await aServer({ desk: { ...desk, events: log.reader } });
  const url = `https://127.0.0.1:${server.port}`;
  writeFileSync(join(home, "code"), desk.firstCode.reveal());
  const pinned = `--server ${url} --fingerprint ${server.fingerprint}`;
  const create = "account create rita --role SECAUD --no-must-change --password-file -";
  const steps: readonly (readonly [string, string])[] = [
    [`login admin ${pinned} --code-file ${join(home, "code")}`, ""],
    ["password change --password-file -", adminPassword],
    [`login admin ${pinned} --password-file -`, adminPassword],
    [create, "Harbour-with-9-boats"],
  ];
  for (const [words, input] of steps) {
    const done = await gridward(words, input);
    assert.equal(done.exit, 0, done.talk);
  }
  assert.equal((await gridward("event list")).exit, 4);
  const done = await gridward(`login rita ${pinned} --password-file -`, "Harbour-with-9-boats");
  assert.equal(done.exit, 0, done.talk);
  const at = clock.now();
  store.append(
    Array.from({ length: 1_203 }, (_, index) => {
      const subject = index === 7 ? "=cmd|' /C calc'!A0" : `guess${index}`;
      return { ...refused, at, subject, device: index % 2 === 0 ? "Q01" : null, detail: "" };
    }),
  );
});
after(async () => {
  await server.close();
  store.close();
  rmSync(home, { recursive: true });
});

test("[CLI37][AM7] events are listed by filter, and what is no filter is exit 2", async () => {
  const listed = await gridward("event list --device q01 --severity warning --since 1h -o jsonl");
  assert.equal(listed.data.trimEnd().split("\n").length, 100);
  const one = await gridward("event list --account GUESS3 -o jsonl");
  assert.match(one.data, /^\{[^\n]*"subject":"guess3"[^\n]*\}\n$/);
  for (const words of ["--since yesterday", "--severity bad", "--event x", "--outcome none"]) {
    const wrong = await gridward(`event list ${words}`);
    assert.equal(wrong.exit, 2, words);
  }
  // The desk's system says that its server is at port 8443, where nobody is.
  const all = await gridward("event list --all-servers --limit 3 -o jsonl");
  assert.equal(all.exit, 11, all.talk);
  assert.match(all.talk, /Not in this list: https:\/\/127\.0\.0\.1:8443 does not answer/);
  assert.equal(all.data.trim().split("\n").length, 3);
});

test("[CLI38][AM7] an export is all of its filter and nothing else, and no cell is a formula", async () => {
  const csv = await gridward("event export --event 1130");
  const lines = csv.data.trimEnd().split("\r\n");
  assert.equal(lines.length, 1 + 1_203);
  assert.match(lines[0] ?? "", /^server,sequence,at,/);
  assert.match(lines[8] ?? "", /,'=cmd\|' \/C calc'!A0,/);
  const forms = [
    ["jsonl", /^\{.*"event":1130.*\}$/],
    ["syslog", /^<108>1 \S+ A gridward - LOGIN_FAIL_WRONG_CR \[.*event=1130/],
    ["cef", /^<108>1 .* CEF:0\|Gridward\|Gridward\|[^|]*\|1130\|/],
  ] as const;
  for (const [form, line] of forms) {
    const done = await gridward(`event export --event 1130 --device Q01 --as ${form}`);
    const told = done.data.trimEnd().split("\n");
    assert.equal(told.length, 602, form);
    for (const each of told) assert.match(each, line);
  }
  assert.equal((await gridward("event export --as pdf")).exit, 2);
  assert.equal((await gridward("event export -o json")).exit, 2);
});

test("[CLI39][AM7] verify names the first event that was altered, with exit 12", async () => {
  const good = await gridward("event verify -o json");
  assert.equal(good.exit, 0, good.talk);
  assert.match(good.data, /"fault":null/);
  new DatabaseSync(storePath).exec("UPDATE events SET subject = 'nobody' WHERE sequence = 44");
  const bad = await gridward("event verify -o json");
  assert.equal(bad.exit, 12);
  assert.match(bad.data, /"fault":\{"sequence":44,/);
});
