import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { judgeOrder } from "./order.ts";

const small = fc.integer({ min: 0, max: 3 });
const position = fc.record({
  term: small,
  owner: fc.constantFrom("A", "B"),
  rev: small,
  setDigest: fc.constantFrom("1", "2"),
});

test("[RS12][DV5] what was taken can never be taken back", () => {
  fc.assert(
    fc.property(position, position, (seen, offered) => {
      if (judgeOrder(seen, offered) === "take") {
        assert.notEqual(judgeOrder(offered, seen), "take");
        assert.notEqual(judgeOrder(offered, seen), "same");
      }
      assert.equal(judgeOrder(seen, seen), "same");
      assert.equal(judgeOrder(null, offered), "take");
    }),
  );
});

test("[RS12][DV5] along any offers the place of a replica only rises", () => {
  fc.assert(
    fc.property(fc.array(position, { maxLength: 20 }), (offers) => {
      let seen = offers[0] ?? null;
      for (const offered of offers) {
        if (judgeOrder(seen, offered) !== "take") continue;
        if (seen !== null) {
          assert.ok(
            offered.term > seen.term || (offered.term === seen.term && offered.rev > seen.rev),
          );
        }
        seen = offered;
      }
    }),
  );
});
