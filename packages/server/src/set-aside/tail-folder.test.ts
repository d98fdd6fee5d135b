import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { aLostHistory, type LostHistory } from "./a-tail.ts";
import { examineTails } from "./examine-tails.ts";
import { listTails, readTailFile, setTailAside } from "./tail-folder.ts";

function inFolder(work: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "gridward-tail-"));
  try {
    work(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function setAside(directory: string, { source, tail, author }: LostHistory): readonly string[] {
  setTailAside(directory, source, tail, author);
  return listTails(directory);
}

test("[SF3][R10] everything after the fork is in a file, marked by whom it was told", () => {
  inFolder((directory) => {
    const [path = "", ...more] = setAside(directory, aLostHistory(6));
    assert.deepEqual(more, []);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const read = readTailFile(path);
    assert.ok(read.ok);
    assert.deepEqual(
      read.value.lines.map(({ mark, entry }) => [entry.seq, mark]),
      [
        [3, "acknowledged"],
        [4, "unknown"],
        [5, "unknown"],
        [6, "unknown"],
      ],
    );
    assert.equal(read.value.header.forkedAt, aLostHistory(6).entries[1]?.at);
  });
});

test("[SF3] a long tail is several files, each after the other, and none twice", () => {
  inFolder((directory) => {
    const lost = aLostHistory(1_203);
    const paths = setAside(directory, lost);
    assert.equal(paths.length, 2);
    const before = paths.map((path) => statSync(path).mtimeMs);
    const known = { ...lost, tail: { ...lost.tail, acknowledged: 0 } };
    assert.deepEqual(setAside(directory, known), paths);
    assert.deepEqual(
      paths.map((path) => statSync(path).mtimeMs),
      before,
    );
    const numbers = paths.flatMap((path) => {
      const read = readTailFile(path);
      return read.ok ? read.value.lines.map(({ entry }) => entry.seq) : [];
    });
    assert.deepEqual(
      numbers.toSorted((left, right) => left - right),
      lost.entries.slice(2).map(({ seq }) => seq),
    );
  });
});

test("[SF3] a file that a crash or a disk left broken is written anew", () => {
  inFolder((directory) => {
    const lost = aLostHistory(6);
    const [path = ""] = setAside(directory, lost);
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, 300));
    setAside(directory, lost);
    assert.deepEqual(readFileSync(path), whole);
  });
});

test("[SF3] a journal that begins after the fork is set aside from where it begins", () => {
  inFolder((directory) => {
    const lost = aLostHistory(8);
    const from4 = {
      ...lost.source,
      read: (seq: number, limit: number) => lost.source.read(Math.max(seq, 5), limit),
    };
    const [path = ""] = setAside(directory, { ...lost, source: from4 });
    const read = readTailFile(path);
    assert.ok(read.ok);
    assert.deepEqual(
      read.value.lines.map(({ entry }) => entry.seq),
      [5, 6, 7, 8],
    );
  });
});

test("[SF6] the doctor tells what is whole, damaged, and signed by another", () => {
  inFolder((directory) => {
    const lost = aLostHistory(6);
    assert.deepEqual(
      examineTails(directory, lost.pairingKey).map(({ ok }) => ok),
      [true],
    );
    const [path = ""] = setAside(directory, lost);
    const [finding] = examineTails(directory, lost.pairingKey);
    assert.match(finding?.says ?? "", /1 set-aside files with 4 changes/);
    const [foreign] = examineTails(directory, aLostHistory(3).pairingKey);
    assert.match(foreign?.says ?? "", /another server signed it/);
    writeFileSync(path, "nothing");
    const [broken] = examineTails(directory, lost.pairingKey);
    assert.equal(broken?.ok, false);
    assert.match(broken.says, /cut short/);
  });
});
