import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { costMax, costMin, inOrderOfCost, parseCosts, type ServerPlace } from "./server-order.ts";

const answers = ["fresh", "stale", "no"] as const;

interface Listed extends ServerPlace {
  readonly index: number;
}

const lists: fc.Arbitrary<readonly Listed[]> = fc
  .array(
    fc.record({
      // Few values, so that many are equal.
      cost: fc.integer({ min: costMin, max: 4 }),
      isMain: fc.boolean(),
      answers: fc.constantFrom(...answers),
    }),
    { maxLength: 8 },
  )
  .map((servers) => servers.map((server, index) => ({ ...server, index })));

/** Does the first stand rightly before the second? Written out, one rule after the other. */
function mayPrecede(first: Listed, second: Listed): boolean {
  if (first.answers !== second.answers) {
    return answers.indexOf(first.answers) < answers.indexOf(second.answers);
  }
  if (first.cost !== second.cost) return first.cost < second.cost;
  if (first.isMain !== second.isMain) return first.isMain;
  return first.index < second.index;
}

test("[SO1][CS3] lowest cost first, of equals the Main, then the order of the list", () => {
  fc.assert(
    fc.property(lists, (servers) => {
      const ordered = inOrderOfCost(servers);
      for (const [place, first] of ordered.entries()) {
        for (const second of ordered.slice(place + 1)) assert.ok(mayPrecede(first, second));
      }
    }),
  );
  const place = { isMain: false, answers: "fresh" } as const;
  const servers = [
    { ...place, name: "Main", cost: 6, isMain: true },
    { ...place, name: "cheap", cost: 1 },
    { ...place, name: "cheap, silent", cost: 1, answers: "no" as const },
    { ...place, name: "cheap, stale", cost: 1, answers: "stale" as const },
    { ...place, name: "dear", cost: 7 },
  ];
  assert.deepEqual(
    inOrderOfCost(servers).map(({ name }) => name),
    ["cheap", "Main", "dear", "cheap, stale", "cheap, silent"],
  );
});

test("[SO2][CS3] no cost leaves a server out, brings one in, or moves the others", () => {
  fc.assert(
    fc.property(
      lists,
      fc.nat(),
      fc.integer({ min: costMin, max: costMax }),
      (servers, at, cost) => {
        const changed = servers.map((server) =>
          server.index === at % Math.max(1, servers.length) ? { ...server, cost } : server,
        );
        const [before, after] = [inOrderOfCost(servers), inOrderOfCost(changed)].map((ordered) =>
          ordered.map(({ index }) => index),
        );
        assert.deepEqual(
          after?.toSorted((left, right) => left - right),
          servers.map(({ index }) => index),
        );
        const moved = at % Math.max(1, servers.length);
        assert.deepEqual(
          after?.filter((index) => index !== moved),
          before?.filter((index) => index !== moved),
        );
      },
    ),
  );
});

test("[SO3][CS3] costs are read as they are written; what is wrong is refused by name", () => {
  const read = (text: string): unknown => {
    const costs = parseCosts(text);
    return costs.ok ? [...costs.value] : costs.error;
  };
  assert.deepEqual(read("A=1,B=99"), [
    ["A", 1],
    ["B", 99],
  ]);
  assert.deepEqual(read("https://a.example:8443=2"), [["https://a.example:8443", 2]]);
  const rule = "a cost is a whole number from 1 to 99";
  for (const text of ["A=0", "A=100", "A=-1", "A=1.5", "A=", "A=x", "A=1 ", "A=1e1"]) {
    assert.equal(read(text), `${text}: ${rule}`);
  }
  for (const text of ["", "A", "=1", "7"]) assert.match(String(read(text)), /SERVER=COST/);
  assert.equal(read("A=1,A=2"), "A=2: A is named twice");
  const many = Array.from({ length: 17 }, (_, index) => `S${index}=1`).join(",");
  assert.equal(read(many), "at most 16 servers");
  fc.assert(fc.property(fc.string(), (text) => void parseCosts(text)));
});
