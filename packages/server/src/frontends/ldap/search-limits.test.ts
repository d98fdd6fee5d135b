import assert from "node:assert/strict";
import { test } from "node:test";
import type { LdapFilter } from "@gridward/core/codec/ldap/filter";
import { createAccount } from "@gridward/core/domain/fixtures";
import { aSearch, aTown, equal, Talk } from "./fixtures.ts";
import { searchEntriesMax, searchMax, searchSlice } from "./limits.ts";

/** A town of 1,000 more. */
async function aCity(): Promise<Talk> {
  const world = aTown();
  for (let index = 0; index < 1_000; index++) world.must(createAccount(`p${index}`));
  return new Talk(world).signIn("anna");
}

const unindexed: LdapFilter = {
  kind: "substrings",
  attribute: "uid",
  initial: null,
  any: ["p99"],
  final: null,
};

test("[LDS18] a search gives at most 500 entries, or what the client set", async () => {
  const talk = await aCity();
  const all = await talk.ask(aSearch(equal("objectClass", "posixAccount")));
  assert.deepEqual([all.code, all.entries.length], ["sizeLimitExceeded", searchEntriesMax]);
  const three = await talk.ask(aSearch(equal("objectClass", "posixAccount"), { sizeLimit: 3 }));
  assert.deepEqual([three.code, three.entries.length], ["sizeLimitExceeded", 3]);
  const exact = await talk.ask(aSearch(unindexed, { sizeLimit: 11 }));
  assert.deepEqual([exact.code, exact.entries.length], ["success", 11]);
});

test("[LDS18] an unindexed search lets others have their turn, an indexed one needs none", async () => {
  const talk = await aCity();
  await talk.ask(aSearch(unindexed));
  assert.equal(talk.turns, Math.floor(1_020 / searchSlice));
  talk.turns = 0;
  assert.equal((await talk.ask(aSearch(equal("uid", "p7")))).entries.length, 1);
  assert.equal(talk.turns, 0);
});

test("[LDS18] a search that takes too long ends with what it has", async () => {
  const talk = await aCity();
  const step = async (timeLimitSeconds: number, after: number): Promise<unknown> => {
    talk.monotonic = 0;
    talk.send(aSearch(unindexed, { timeLimitSeconds }));
    talk.monotonic = after;
    const [last] = (await talk.answers()).slice(-1);
    return last?.response.kind === "search" ? last.response.result.code : undefined;
  };
  assert.equal(await step(0, searchMax + 1), 3);
  assert.equal(await step(0, searchMax), 0);
  assert.equal(await step(1, 1_001), 3);
});

test("[LDS18] an abandoned search is never answered", async () => {
  const talk = await aCity();
  const search = talk.send(aSearch(unindexed));
  talk.send({ kind: "abandon", abandonedId: search });
  const next = talk.send(aSearch(equal("uid", "p7")));
  const answers = await talk.answers();
  assert.deepEqual(
    answers.map(({ id }) => id),
    [next, next],
  );
});
