import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@gridward/core/base/result";
import { day } from "@gridward/core/base/time";
import { listsMax } from "@gridward/core/codec/replica/limits";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { buildCrl } from "@gridward/runtime/trust/x509/crl";
import { keyFingerprintOf } from "@gridward/runtime/trust/x509/read";
import { HeldLists, type KeptList, type SeenLists } from "./held-lists.ts";

const now = Date.UTC(2027, 0, 1);

function aList(authority: ReturnType<typeof testAuthority>, number: number) {
  return buildCrl({ thisUpdate: now, nextUpdate: now + day, listed: [], number }, authority);
}

function aHouse(many: number) {
  const authorities = Array.from({ length: many }, (_, index) =>
    testAuthority(`Authority ${index}`, now),
  );
  const keys = authorities.map(({ certificate }) => keyFingerprintOf(certificate));
  const anchors = { all: authorities.map(({ certificate }) => certificate) };
  const file: { lists: readonly KeptList[]; numbers: SeenLists } = { lists: [], numbers: {} };
  const open = () =>
    new HeldLists({
      anchors,
      kept: file.lists,
      seen: () => file.numbers,
      write: (lists, numbers) => Object.assign(file, { lists, numbers }),
    });
  return { authorities, keys, anchors, file, open };
}

test("[RS18][PK7] of an authority that is trusted no more the list goes, and there are never too many", () => {
  const { authorities, keys, anchors, file, open } = aHouse(listsMax + 2);
  const held = open();
  for (const [index, authority] of authorities.entries()) {
    assert.ok(held.take(aList(authority, index + 1)).ok);
  }
  const believed = held.numbers().map(({ authority }) => authority);
  assert.deepEqual(believed, keys.slice(0, listsMax));
  assert.equal(file.lists.length, listsMax);
  assert.deepEqual(
    keys.map((key) => file.numbers[key]),
    [1, 2, 3, 4, 0, 0],
  );
  assert.deepEqual(open().numbers(), held.numbers());
  const [, second, third] = authorities;
  assert.ok(second && third);
  anchors.all = [second.certificate];
  assert.deepEqual(held.numbers(), [{ authority: keys[1], number: 2 }]);
  assert.equal(held.lists.length, 1);
  assert.ok(held.take(aList(second, 99)).ok);
  assert.deepEqual([file.lists.length, file.numbers], [1, { [keys[1] ?? ""]: 99 }]);
});

test("[RS18] a list is its signer's: how often it comes and who brings it changes nothing", () => {
  const { authorities, keys, file, open } = aHouse(2);
  const [first, second] = authorities;
  assert.ok(first && second);
  let held = open();
  const genuine = aList(first, 900);
  assert.deepEqual(
    Array.from({ length: listsMax + 1 }, () => held.take(genuine)),
    [ok("new"), ...Array.from({ length: listsMax }, () => ok("same"))],
  );
  assert.deepEqual(held.numbers(), [{ authority: keys[0], number: 900 }]);
  // Its number says nothing of another authority's.
  assert.deepEqual(held.take(aList(second, 3)), ok("new"));
  assert.deepEqual(
    held.numbers().map(({ number }) => number),
    [900, 3],
  );
  // Also where a file was lost, and another authority's list came since.
  file.lists = [];
  held = open();
  assert.ok(held.take(aList(second, 4)).ok);
  assert.ok(!held.take(aList(first, 899)).ok);
});
