import assert from "node:assert/strict";
import { test } from "node:test";
import { checkSpec } from "./spec.ts";

function found(files: Readonly<Record<string, string>>): readonly string[] {
  return checkSpec(new Map(Object.entries(files)));
}

const open = "[";

test("[WS4] is silent when every promise has a test and every id is stated", () => {
  const spec = "# Journal\n\n- **J1** An entry is durable.\n- **J2** It carries a digest.\n";
  const tests = `test("${open}J1][HS8] a", f);\n  test(\`${open}J2] \${name}\`, g);\n`;
  const features = "| HS8  | Nothing is lost. | this release |\n| HS10 | Later. | planned      |\n";
  assert.deepEqual(
    found({ "a/SPEC.md": spec, "a/a.test.ts": tests, "docs/FEATURES.md": features }),
    [],
  );
});

test("[WS4] takes a step of the demonstration for a proof", () => {
  const features = { "docs/FEATURES.md": "| HS8 | Nothing is lost. | this release |\n" };
  assert.deepEqual(found({ ...features, "scripts/demo/a.ts": 'yield { ids: ["HS8"] };' }), []);
});

test("[WS4] reports a promise without a test", () => {
  assert.deepEqual(found({ "a/SPEC.md": "\n- **J1** An entry is durable.\n" }), [
    "a/SPEC.md:2 promises J1, which no test bears",
  ]);
});

test("[WS4] reports a feature of this release without a test", () => {
  assert.deepEqual(found({ "docs/FEATURES.md": "| HS8 | Nothing is lost. | this release |\n" }), [
    "docs/FEATURES.md:1 promises HS8, which no test bears",
  ]);
});

test("[WS4] reports an id that nobody states", () => {
  assert.deepEqual(found({ "a/a.test.ts": `\ntest("${open}J7] x", f);\n` }), [
    "a/a.test.ts:2 bears J7, which no SPEC.md or docs/FEATURES.md states",
  ]);
});

test("[WS4] reports an id stated in two places", () => {
  const files = { "a/SPEC.md": "- **J1** x.\n", "b/SPEC.md": "- **J1** y.\n" };
  assert.deepEqual(found({ ...files, "a/a.test.ts": `test("${open}J1] x", f);\n` }), [
    "J1 is stated twice: a/SPEC.md:1, b/SPEC.md:1",
  ]);
});
