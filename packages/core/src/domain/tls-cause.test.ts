import assert from "node:assert/strict";
import { test } from "node:test";
import { isTlsCauseCode, tellTlsCause, tlsCauses } from "./tls-cause.ts";

test("[TC1] every cause from T01 to T17 has a sentence that names both or one of the sides, and a remedy", () => {
  const codes = Object.keys(tlsCauses);
  assert.deepEqual(
    codes,
    Array.from({ length: 17 }, (_, index) => `T${String(index + 1).padStart(2, "0")}`),
  );
  for (const code of codes) {
    assert.ok(isTlsCauseCode(code));
    const told = tellTlsCause(code, { refuser: "A", refused: "B" });
    assert.match(told.text, /\b[AB]\b.*\.$/);
    assert.match(told.remedy, /\.$/);
    assert.doesNotMatch(told.text + told.remedy, /[{}]/);
  }
});

test("[TC2] a name is filled in once, whatever it looks like", () => {
  const told = tellTlsCause("T16", { refuser: "{refused}", refused: "$&" });
  assert.equal(
    told.text,
    "$& is genuine, but it is not the peer that {refused} knows under this name.",
  );
});

test("[TC1] a word that is no cause is none", () => {
  assert.equal(isTlsCauseCode("T18"), false);
  assert.equal(isTlsCauseCode("toString"), false);
});
