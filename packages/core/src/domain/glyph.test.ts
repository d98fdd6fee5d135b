import assert from "node:assert/strict";
import { test } from "node:test";
import { iconText } from "./glyph.ts";
import { iconOf, marks, states } from "./pair/states.ts";

test("[GL1][HS13] every colour has a sign of its own beside it, and every state a word", () => {
  const signs = Object.values(marks).map(({ shape }) => iconText({ shape, word: "" }).trim());
  assert.equal(new Set(signs).size, signs.length);
  for (const sign of signs) assert.equal(sign.length, 1);
  for (const row of Object.values(states)) {
    assert.match(iconText(iconOf(row)), /^[■●✔▲◆] [A-Z].+$/u);
  }
});

test("[GL1] a shape of a newer server leaves its word", () => {
  assert.equal(iconText({ shape: "hexagon", word: "New" }), "New");
});
