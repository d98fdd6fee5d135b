import assert from "node:assert/strict";
import { test } from "node:test";
import { day } from "@gridward/core/base/time";
import { listsMax } from "@gridward/core/codec/replica/limits";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { buildCrl } from "@gridward/runtime/trust/x509/crl";
import { HeldLists, type KeptList } from "./held-lists.ts";

const now = Date.UTC(2027, 0, 1);

test("[RS18][PK7] of an authority that is trusted no more the list goes, and there are never too many", () => {
  const authorities = Array.from({ length: listsMax + 2 }, (_, index) => {
    const authority = testAuthority(`Authority ${index}`, now);
    const about = { thisUpdate: now, nextUpdate: now + day, listed: [] };
    return {
      id: `a${index}`,
      authority,
      list: buildCrl({ ...about, number: index + 1 }, authority),
    };
  });
  const anchors = { all: authorities.map(({ authority }) => authority.certificate) };
  let written: readonly KeptList[] = [];
  let numbers: Readonly<Record<string, number>> = {};
  const held = new HeldLists({
    anchors,
    kept: [],
    seen: () => numbers,
    write: (lists, seen) => {
      written = lists;
      numbers = seen;
    },
  });
  for (const { id, list } of authorities) assert.ok(held.take(id, list).ok);
  const last = authorities.slice(-listsMax).map(({ id }) => id);
  assert.deepEqual(
    held.numbers().map(({ authority }) => authority),
    last,
  );
  assert.equal(written.length, listsMax);
  const newest = authorities.at(-1);
  assert.ok(newest);
  anchors.all = [newest.authority.certificate];
  const about = { thisUpdate: now, nextUpdate: now + 2 * day, listed: [], number: 99 };
  assert.ok(held.take(newest.id, buildCrl(about, newest.authority)).ok);
  assert.deepEqual(held.numbers(), [{ authority: newest.id, number: 99 }]);
});
