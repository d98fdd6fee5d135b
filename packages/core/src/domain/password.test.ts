import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { utf8 } from "../base/bytes.ts";
import { checkPassword, measurePassword, preparePassword } from "./password.ts";
import { seedPolicies } from "./policies.ts";

const [utility] = seedPolicies;
const modern = seedPolicies[1];
assert.ok(utility !== undefined && modern !== undefined);

function prepared(text: string): string {
  const result = preparePassword(text);
  return result.ok ? result.value : result.error.code;
}

test("[PW1] RFC 8265 §4.3: the examples of the clause", () => {
  assert.equal(prepared("correct horse battery staple"), "correct horse battery staple");
  assert.equal(prepared("Correct Horse Battery Staple"), "Correct Horse Battery Staple");
  assert.equal(prepared("πßå"), "πßå");
  assert.equal(prepared("Jack of ♦s"), "Jack of ♦s");
  assert.equal(prepared("foo\u1680bar"), "foo bar");
  assert.equal(prepared(""), "password.empty");
  assert.equal(prepared("my cat is a \u0009by"), "password.bad-character");
});

test("[PW1] RFC 8264 §4.3: what FreeformClass forbids is refused, what it allows is kept", () => {
  assert.equal(prepared("A\u030Angstro\u0308m"), "\u00C5ngstr\u00F6m");
  for (const text of [
    "\u200B",
    "\u00AD",
    "\uE000",
    "\uFFFF",
    "\u2028",
    "\uD800",
    "\u1100",
    "\u200D",
  ]) {
    assert.equal(prepared(`ab${text}cd`), "password.bad-character", JSON.stringify(text));
  }
  assert.equal(prepared("ﬁve ½ 漢字 한글"), "ﬁve ½ 漢字 한글");
});

test("[PW1] RFC 5892 A.3 to A.9: some characters are allowed only beside their kin", () => {
  const pairs: readonly (readonly [string, string])[] = [
    ["col\u00B7labora", "a\u00B7b"],
    ["\u0375α", "\u0375a"],
    ["א\u05F3", "a\u05F3"],
    ["カ\u30FBナ", "a\u30FBb"],
    ["\u0661\u0662", "\u0661\u06F2"],
  ];
  for (const [allowed, refused] of pairs) {
    assert.equal(prepared(allowed), allowed);
    assert.equal(prepared(refused), "password.bad-character");
  }
});

test("[PW2] preparing any text twice gives the same as once, within 1024 bytes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
      const once = preparePassword(text);
      if (!once.ok) return;
      assert.deepEqual(preparePassword(once.value), once);
      assert.ok(utf8(once.value).length <= 1024);
    }),
  );
  assert.equal(prepared("ä".repeat(512)), "ä".repeat(512));
  assert.equal(prepared("ä".repeat(513)), "password.too-long");
  assert.equal(prepared("a".repeat(10_000_000)), "password.too-long");
});

test("[PW3] length counts code points, and four kinds are told apart", () => {
  assert.deepEqual(measurePassword("aB3-"), { length: 4, classes: 4 });
  assert.deepEqual(measurePassword("𝔘😀"), { length: 2, classes: 2 });
  assert.deepEqual(measurePassword("éÉ"), { length: 2, classes: 2 });
  assert.deepEqual(measurePassword("漢字"), { length: 2, classes: 1 });
});

test("[PW4][AM3] what is tried first is refused, however it is dressed", () => {
  const dressed = ["Password1!", "P@ssw0rd", "Pa55word", "Admin-2024", "Qwertz123!"];
  for (const text of dressed) {
    assert.equal(checkPassword(utility, "anna", text)?.code, "password.common", text);
  }
  for (const text of ["aaaaaaaaaaaaaaaa", "ababababababababab", "-123456789012345-"]) {
    assert.equal(checkPassword(modern, "anna", text)?.code, "password.common", text);
  }
  assert.equal(checkPassword(utility, "anna", "Anna-is-here-7")?.code, "password.contains-name");
  for (const text of ["Kestrel-7-Gorse", "Correct-Horse-9", "Hill-Q01-breaker"]) {
    assert.equal(checkPassword(utility, "anna", text), undefined, text);
  }
});

test("[PW6][AM3] words of the site are refused in any dress, and a PIN has digits alone", () => {
  const site = { ...utility, words: ["hillside", "line4"] };
  for (const text of ["Hillside-2026", "H1lls1de!!7", "LINE4LINE4-x"]) {
    const code = checkPassword(site, "anna", text)?.code;
    assert.equal(code, text.startsWith("LINE") ? undefined : "password.common", text);
    assert.equal(checkPassword(utility, "anna", text), undefined, text);
  }
  assert.equal(
    checkPassword({ ...site, lengthMin: 4, classesMin: 2 }, "anna", "Line4")?.code,
    "password.common",
  );
  const pin = seedPolicies.find(({ kind }) => kind === "panel-pin");
  assert.ok(pin !== undefined);
  assert.equal(checkPassword(pin, "anna", "83629174"), undefined);
  assert.equal(checkPassword(pin, "anna", "8362917a")?.code, "password.not-digits");
  assert.equal(checkPassword(pin, "anna", "٨٣٦٢٩١٧٤")?.code, "password.not-digits");
  assert.equal(checkPassword(pin, "anna", "83629")?.code, "password.too-short");
  for (const text of ["123456", "111111", "987654"]) {
    assert.equal(checkPassword(pin, "anna", text)?.code, "password.common", text);
  }
});

test("[PW4][AM3] the policy's own rules come first", () => {
  assert.equal(checkPassword(utility, "anna", "Kes-7")?.code, "password.too-short");
  assert.equal(checkPassword(utility, "anna", "kestrelgorse")?.code, "password.too-plain");
  assert.equal(checkPassword(modern, "anna", "kestrel gorse heath"), undefined);
  assert.equal(checkPassword(modern, "anna", "Kestrel-7-Gors")?.code, "password.too-short");
});
