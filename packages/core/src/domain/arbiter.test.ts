import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { nodeId, systemId } from "../base/identity.ts";
import { type ArbiterEntry, type ArbiterRecord, answerArbiter } from "./arbiter.ts";
import { origin } from "./entry.ts";

const [a, b] = [nodeId("A"), nodeId("B")];

function anEntry(changes: Partial<ArbiterEntry> = {}): ArbiterEntry {
  return {
    systemId: systemId("ours"),
    term: 1,
    owner: a,
    ackSet: [a, b],
    floor: origin,
    ...changes,
  };
}

const record: ArbiterRecord = { ...anEntry(), version: 7 };

test("[AR1][HS7] a write takes effect only on the version that it names", () => {
  const next = anEntry({ ackSet: [a] });
  const done = answerArbiter(record, { kind: "cas", version: 7, next });
  assert.deepEqual(done.record, { ...next, version: 8 });
  assert.equal(done.answer.kind, "record");
  const late = answerArbiter(done.record, { kind: "cas", version: 7, next: anEntry({ term: 2 }) });
  assert.equal(late.answer.kind, "conflict");
  assert.equal(late.record, done.record);
});

test("[AR2] a blank register abstains; only a seed fills it, beyond what anybody has seen", () => {
  const asks = [
    { kind: "read" },
    { kind: "cas", version: 0, next: anEntry() },
    { kind: "cas", version: 7, next: anEntry({ term: 9, owner: b }) },
  ] as const;
  for (const request of asks) {
    assert.deepEqual(answerArbiter(null, request), { record: null, answer: { kind: "blank" } });
  }
  const seeded = answerArbiter(null, { kind: "seed", version: 7, next: anEntry() });
  assert.equal(seeded.record?.version, 1_007);
  const again = answerArbiter(seeded.record, {
    kind: "seed",
    version: 0,
    next: anEntry({ term: 5 }),
  });
  assert.equal(again.record, seeded.record);
});

test("[AR3] terms never go back, a term keeps its owner, and no other system writes", () => {
  const ids = fc.constantFrom(a, b);
  const writes = fc.record({ version: fc.nat(3), term: fc.nat(4), owner: ids });
  fc.assert(
    fc.property(fc.array(writes, { maxLength: 20 }), (list) => {
      let now: ArbiterRecord = { ...anEntry(), version: 0 };
      for (const { version, term, owner } of list) {
        const request = {
          kind: "cas",
          version: now.version - version,
          next: anEntry({ term, owner }),
        };
        const after = answerArbiter(now, { ...request, kind: "cas" }).record;
        assert.ok(after !== null && after.term >= now.term);
        if (after.term === now.term) assert.equal(after.owner, now.owner);
        now = after;
      }
    }),
  );
  const foreign = anEntry({ systemId: systemId("theirs"), term: 9 });
  const { answer } = answerArbiter(record, { kind: "cas", version: 7, next: foreign });
  assert.equal(answer.kind, "other-system");
});
