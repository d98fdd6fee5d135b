import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { nodeId, systemId } from "@gridward/core/base/identity";
import type { ArbiterAnswer, ArbiterEntry, ArbiterRecord } from "@gridward/core/domain/arbiter";
import { origin } from "@gridward/core/domain/entry";
import { removePath } from "@gridward/runtime/os/files";
import { TwoSlotFile } from "@gridward/runtime/os/two-slot-file";
import { Register, type RegisterChange } from "./register.ts";

const [a, b] = [nodeId("A"), nodeId("B")];
const entry: ArbiterEntry = {
  systemId: systemId("system"),
  term: 3,
  owner: a,
  ackSet: [a, b],
  floor: origin,
};

function aDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "gridward-register-"));
  t.after(() => removePath(directory));
  return directory;
}

function open(directory: string, changes: RegisterChange[] = []) {
  const opened = Register.open(directory, (change) => changes.push(change));
  assert.ok(opened.ok, opened.ok ? "" : opened.error);
  return opened.value;
}

function recordOf(answer: ArbiterAnswer): ArbiterRecord {
  assert.ok("record" in answer, answer.kind);
  return answer.record;
}

const slots = ["register.a", "register.b"] as const;

test("[WN1] what was answered is read again, also with one copy torn at any length", (t) => {
  const directory = aDirectory(t);
  const { register } = open(directory);
  let { version } = recordOf(register.seed(entry, 0, a));
  for (const ackSet of [[a], [a, b], [a]]) {
    const written = recordOf(
      register.answer({ kind: "cas", version, next: { ...entry, ackSet } }, a),
    );
    ({ version } = written);
    for (const slot of slots) {
      const path = join(directory, slot);
      const whole = readFileSync(path);
      truncateSync(path, whole.length >> 1);
      const { register: again, state, damagedSlot } = open(directory);
      assert.deepEqual([again.record, state, damagedSlot], [written, "kept", slot]);
      writeFileSync(path, whole);
    }
  }
});

test("[WN2] blank or damaged it abstains; what a later release wrote is refused", (t) => {
  const directory = aDirectory(t);
  const blank = open(directory);
  assert.equal(blank.state, "blank");
  const cas = { kind: "cas", version: 0, next: entry } as const;
  assert.deepEqual(blank.register.answer(cas, a), { kind: "blank" });
  assert.equal(open(directory).state, "blank", "an abstention writes nothing");
  blank.register.seed(entry, 0, a);
  for (const slot of slots) writeFileSync(join(directory, slot), "{}");
  const damaged = open(directory);
  assert.deepEqual([damaged.state, damaged.register.record], ["damaged", null]);
  assert.deepEqual(damaged.register.answer(cas, a), { kind: "blank" });
  assert.equal(recordOf(damaged.register.seed(entry, 7, a)).version, 1_007);
  assert.equal(open(directory).state, "kept");
  const later = { ...recordOf(damaged.register.answer({ kind: "read" }, a)), priority: 1 };
  TwoSlotFile.create({ directory, name: "register", parse: () => later }, later);
  const refused = Register.open(directory, () => undefined);
  assert.deepEqual(refused, { ok: false, error: "unsupported" });
});

test("[WN4] filled anew it goes beyond what was seen, and a later term still stands", (t) => {
  const directory = aDirectory(t);
  const { register } = open(directory);
  const first = recordOf(register.seed(entry, 40, a));
  assert.equal(first.version, 1_040);
  assert.equal(recordOf(register.seed(entry, 5_000, a)).version, 6_000);
  const alone = { kind: "cas", version: 6_000, next: { ...entry, ackSet: [a] } } as const;
  assert.equal(register.answer(alone, a).kind, "record");
  assert.equal(register.seed(entry, 6_000, a).kind, "conflict", "written since its Main looked");
  assert.deepEqual(recordOf(register.answer({ kind: "read" }, a)).ackSet, [a]);
  assert.equal(recordOf(register.seed(entry, 6_001, a)).version, 7_001);
  assert.equal(register.seed({ ...entry, owner: b }, 0, b).kind, "refused");
  assert.equal(register.seed({ ...entry, term: 2 }, 0, a).kind, "refused");
  assert.equal(
    register.seed({ ...entry, systemId: systemId("x"), term: 9 }, 0, a).kind,
    "other-system",
  );
  assert.equal(recordOf(register.seed({ ...entry, term: 4, owner: b }, 0, b)).owner, "B");
});

test("[WN7] after a failure of the disk nothing is answered any more", (t) => {
  const directory = aDirectory(t);
  const changes: RegisterChange[] = [];
  const { register } = open(directory, changes);
  const { version } = recordOf(register.seed(entry, 0, a));
  removePath(directory);
  const cas = { kind: "cas", version, next: { ...entry, ackSet: [a] } } as const;
  assert.throws(() => register.answer(cas, a), /ENOENT/);
  assert.throws(() => register.answer(cas, a), /nothing is promised/);
  assert.equal(changes.length, 1);
});
