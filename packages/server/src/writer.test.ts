import assert from "node:assert/strict";
import { test } from "node:test";
import { requestId } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Closed } from "@gridward/core/domain/pair/accepts";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { Actor } from "@gridward/core/domain/types";
import { DiskFull } from "@gridward/runtime/journal/journal";
import { aLedger, place } from "./a-ledger.ts";
import type { Receipt } from "./parts.ts";
import { Writer } from "./writer.ts";

type Answer = Result<Receipt, Refusal>;

// Servers, as they may end sessions of which nothing is known here.
const anna: Actor = { kind: "server", id: "anna", name: "anna", door: "pair", source: "" };
const otto: Actor = { ...anna, id: "otto", name: "otto" };
const waiting: Closed = { refusal: { code: "pair.waiting", detail: "" }, mayWait: true };
const standby: Closed = { refusal: { code: "pair.not-main", detail: "" }, mayWait: false };

/** A writer whose confirmations and moments are the test's. */
function aWriter() {
  const { ledger, fill } = aLedger();
  const world: { closed: Closed | undefined; at: number; flushes: number } = {
    closed: undefined,
    at: 0,
    flushes: 0,
  };
  let soon: (() => void)[] = [];
  const writer = new Writer({
    closed: () => world.closed,
    prepared: () => ledger.prepared,
    committedSeq: () => ledger.committed.seq,
    now: () => world.at,
    monotonic: () => world.at,
    soon: (work) => void soon.push(work),
    stage: (content) => ledger.stage(content, place).seq,
    flush: () => {
      world.flushes++;
      try {
        ledger.flush();
        return ok(undefined);
      } catch (error) {
        if (!(error instanceof DiskFull)) throw error;
        return err({ code: "disk.full", detail: "" });
      }
    },
  });
  const ask = (id: string, actor = anna): { answer: Answer | undefined } => {
    const asked: { answer: Answer | undefined } = { answer: undefined };
    const command = { kind: "end-session", id, expiresAt: 9_999_999 } as const;
    void writer.submit({ command, actor, requestId: requestId(id) }).then((answer) => {
      asked.answer = answer;
    });
    return asked;
  };
  const settle = async (): Promise<void> => {
    const works = soon;
    soon = [];
    for (const work of works) work();
    await new Promise((done) => setImmediate(done));
  };
  const confirm = async (seq: number): Promise<void> => {
    ledger.commit(seq);
    writer.confirm(seq);
    writer.pump();
    await settle();
  };
  return { writer, world, ledger, fill, ask, settle, confirm };
}

function codeOf({ answer }: { readonly answer: Answer | undefined }): string {
  if (!answer) return "open";
  return answer.ok ? `done ${answer.value.seq}` : answer.error.code;
}

test("[WR1][HS8] changes that came together are one write, answered when confirmed", async () => {
  const { world, ask, settle, confirm } = aWriter();
  const asked = ["one", "two", "three"].map((id) => ask(id));
  await settle();
  assert.equal(world.flushes, 1);
  assert.deepEqual(asked.map(codeOf), ["open", "open", "open"]);
  await confirm(3);
  assert.deepEqual(asked.map(codeOf), ["done 2", "done 3", "open"]);
  await confirm(4);
  assert.deepEqual(asked.map(codeOf), ["done 2", "done 3", "done 4"]);
});

test("[WR1] what comes while a batch is under way rides in the next", async () => {
  const { world, ask, settle, confirm } = aWriter();
  ask("one");
  await settle();
  const asked = ["two", "three"].map((id) => ask(id));
  await settle();
  assert.equal(world.flushes, 1);
  await confirm(2);
  assert.equal(world.flushes, 2);
  await confirm(4);
  assert.deepEqual(asked.map(codeOf), ["done 3", "done 4"]);
});

test("[WR2] a repeated request is written once and answered alike, together and later", async () => {
  const { ledger, ask, settle, confirm } = aWriter();
  const together = [ask("one"), ask("one")];
  await settle();
  const meanwhile = ask("one");
  await settle();
  await confirm(2);
  const later = ask("one");
  await settle();
  assert.deepEqual([...together, meanwhile, later].map(codeOf), Array(4).fill("done 2"));
  assert.equal(ledger.head.seq, 2);
});

test("[WR3] nobody hears the answer to somebody else's request", async () => {
  const { ask, settle, confirm } = aWriter();
  const together = [ask("one"), ask("one", otto)];
  await settle();
  await confirm(2);
  const later = ask("one", otto);
  await settle();
  assert.deepEqual([...together, later].map(codeOf), [
    "done 2",
    "request.id-taken",
    "request.id-taken",
  ]);
});

test("[WR4] a full disk is told to all who waited for the write, and nothing of it is kept", async () => {
  const { ledger, fill, ask, settle, confirm } = aWriter();
  fill(true);
  const asked = [ask("one"), ask("one"), ask("two")];
  await settle();
  assert.deepEqual(asked.map(codeOf), ["disk.full", "disk.full", "disk.full"]);
  assert.equal(ledger.head.seq, 1);
  fill(false);
  const again = ask("one");
  await settle();
  await confirm(2);
  assert.equal(codeOf(again), "done 2");
});

test("[WR5] when another server is Main, what was written is unknown and what was not is refused", async () => {
  const { writer, world, ledger, ask, settle } = aWriter();
  const written = ask("one");
  await settle();
  const queued = ask("two");
  await settle();
  world.closed = standby;
  writer.abandon();
  writer.pump();
  await settle();
  assert.deepEqual([written, queued].map(codeOf), ["pair.unknown-outcome", "pair.not-main"]);
  assert.equal(ledger.head.seq, 2);
});

test("[WR6] a change waits for its place 15 s, then it is refused and never made", async () => {
  const { writer, world, ledger, ask, settle } = aWriter();
  world.closed = waiting;
  const asked = ask("one");
  await settle();
  world.at = 14_999;
  writer.pump();
  await settle();
  assert.equal(codeOf(asked), "open");
  world.at = 15_000;
  writer.pump();
  world.closed = undefined;
  writer.pump();
  await settle();
  assert.equal(codeOf(asked), "pair.waiting");
  assert.equal(ledger.head.seq, 1);
});

test("[WR6] with a Standby that never confirms everybody is answered after 15 s all the same", async () => {
  const { writer, world, ledger, ask, settle, confirm } = aWriter();
  const written = ask("one");
  await settle();
  const queued = ask("two");
  await settle();
  world.at = 15_000;
  writer.pump();
  await settle();
  assert.deepEqual([written, queued].map(codeOf), ["pair.unknown-outcome", "pair.waiting"]);
  const next = ask("three");
  await settle();
  assert.equal(ledger.head.seq, 2);
  const retry = ask("one");
  await settle();
  await confirm(2);
  await confirm(3);
  assert.deepEqual([retry, next].map(codeOf), ["done 2", "done 3"]);
});

test("[WR7] with 4,096 changes waiting a further one is told at once that there are too many", async () => {
  const { world, ask, settle } = aWriter();
  world.closed = waiting;
  for (let index = 0; index < 4_096; index++) ask(`change ${index}`);
  const refused = ask("one more");
  await settle();
  assert.equal(codeOf(refused), "server.overloaded");
});
