import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import * as fc from "fast-check";
import { type Bytes, decodeUtf8 } from "@gridward/core/base/bytes";
import { nodeId, type NodeId, systemId } from "@gridward/core/base/identity";
import { blankControl } from "@gridward/core/domain/control-record";
import { aServer, noon } from "@gridward/core/domain/fixtures";
import type { PairEvent } from "@gridward/core/domain/pair/event";
import { emptyState, type DirectoryState } from "@gridward/core/domain/state";
import { anEntry } from "@gridward/runtime/journal/fixtures";
import { ControlStore } from "@gridward/runtime/journal/control-store";
import { sqliteJournalStore } from "@gridward/runtime/journal/sqlite-store";
import type { VerifiedPeer } from "@gridward/runtime/link/peer";
import { removePath } from "@gridward/runtime/os/files";
import { openDatabase } from "../open-database.ts";
import { aJoinStage, joining, patience, refusal, run } from "./a-join-stage.ts";
import { openLeaving } from "./leaving.ts";
import {
  admitServer,
  forgetRemoval,
  keepRemoval,
  parseFarewell,
  readRemoval,
  removalText,
} from "./removal.ts";
import { requestJoin } from "./request-join.ts";

const removal = { by: "anna", at: noon };
const c = nodeId("C");

function aDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "gridward-removal-"));
  t.after(() => removePath(directory));
  return directory;
}

/** A and B are servers, C was one. */
function aState(): DirectoryState {
  const { tables } = emptyState;
  const servers = tables.servers.set("A", aServer("A")).set("B", aServer("B"));
  const row = { id: c, name: "C", pairingKey: "key of C", ...removal };
  return { ...emptyState, tables: { ...tables, servers, removed: tables.removed.set("C", row) } };
}

function aPeer(node: NodeId) {
  const heard = { sent: "", closed: false };
  const peer: VerifiedPeer = {
    protocol: "gridward-partner/1",
    name: { kind: "server", node },
    direction: "accept",
    fingerprint: "",
    certificateNotAfter: 0,
    address: "192.0.2.3",
    closed: new Promise(() => undefined),
    send: async (frame: Bytes) => {
      const text = decodeUtf8(frame);
      heard.sent += text.ok ? text.value : "";
    },
    onFrame: () => assert.fail("nothing that it says is read"),
    judgeAgain: () => null,
    close: () => void (heard.closed = true),
  };
  return { peer, heard };
}

test("[GONE1][HS14] who was removed is told so and closed; a server of the system is let in", async () => {
  const state = aState();
  const gone = aPeer(c);
  assert.equal(admitServer(state, gone.peer), false);
  await new Promise((done) => setImmediate(done));
  assert.equal(gone.heard.closed, true);
  assert.deepEqual(parseFarewell(JSON.parse(gone.heard.sent)), removal);
  const member = aPeer(nodeId("B"));
  assert.deepEqual([admitServer(state, member.peer), member.heard.sent], [true, ""]);
});

test("[GONE2][HS14] a server that hears of its removal keeps that, and dials nobody any more", (t) => {
  const directory = aDirectory(t);
  const events: PairEvent[] = [];
  const kept: (readonly NodeId[])[] = [];
  let state = emptyState;
  const leaving = openLeaving({
    directory,
    self: c,
    state: () => state,
    feed: (event) => void events.push(event),
    close: (ids) => void kept.push(ids),
  });
  assert.equal(leaving.take({ json: { kind: "leaving", term: 1, reason: "" } }), undefined);
  leaving.look();
  assert.deepEqual([events, readRemoval(directory)], [[], null]);
  assert.equal(leaving.take({ json: { kind: "removed", ...removal } }), true);
  const text = removalText(removal);
  assert.deepEqual(events, [{ kind: "database-invalid", code: "pair.removed", text }]);
  assert.deepEqual([kept, readRemoval(directory)], [[[]], removal]);
  assert.match(text, /by anna at 2026-06-01T12:00:00/);
  state = aState();
  leaving.look();
  assert.equal(events.length, 2);
});

test("[GONE3] no other frame and no other file is a removal", (t) => {
  const directory = aDirectory(t);
  const file = join(directory, "removed.json");
  for (const text of ["", "{", "[]", '{"by":"anna"}', '{"by":1,"at":1}', "\xff"]) {
    writeFileSync(file, text);
    assert.equal(readRemoval(directory), null, text);
  }
  for (const extra of [{ more: 1 }, { at: -1 }, { at: 1.5 }, { by: "" }, { by: "x".repeat(257) }]) {
    assert.equal(parseFarewell({ kind: "removed", ...removal, ...extra }), undefined);
  }
  fc.assert(
    fc.property(fc.jsonValue(), (json) => {
      assert.equal(parseFarewell(json), undefined);
    }),
  );
});

test("[GONE2][GONE4][HS14] a database whose server was removed is not used, before or after a restart", (t) => {
  const directory = aDirectory(t);
  const system = systemId("ours");
  const first = anEntry(undefined, {
    facts: [
      { kind: "server-joined", server: aServer("A") },
      { kind: "server-joined", server: aServer("C") },
      { kind: "server-removed", id: c, by: "anna" },
    ],
  });
  const { journal } = sqliteJournalStore(directory).create("first");
  journal.append([first], 1);
  journal.close();
  ControlStore.create(directory, { ...blankControl(c, system), incarnation: "first" });
  const found = () => {
    const opened = openDatabase(directory, c);
    assert.ok(opened.ok);
    return opened.value;
  };
  const { fault, opened } = found();
  assert.deepEqual([fault?.code, opened], ["pair.removed", null]);
  assert.match(fault?.detail ?? "", /removed from the system by anna/);
  keepRemoval(directory, { by: "otto", at: noon });
  assert.match(found().fault?.detail ?? "", /by otto/);
  forgetRemoval(directory);
  assert.match(found().fault?.detail ?? "", /by anna/);
});

test(
  "[JN10][HS14] the code with which a server joined is dead when it was removed",
  patience,
  async (t) => {
    const { system, invite } = await aJoinStage(t);
    const b = joining("B");
    const code = invite("B");
    assert.ok((await requestJoin(code, b, run)).ok);
    system.order({ kind: "remove-server", id: b.server.id });
    assert.equal(await refusal(code, b), "invite.rejected");
    const fresh = invite("B");
    assert.equal(await refusal(fresh, b), "pair.removed");
    assert.ok((await requestJoin(fresh, joining("B"), run)).ok);
  },
);
