import assert from "node:assert/strict";
import { test } from "node:test";
import { family } from "./prometheus.ts";

test("[PT1] a family is announced, and its labels cannot break out of their line", () => {
  assert.equal(
    family("g_x", { says: "What." }, [
      [{}, 1],
      [{ a: 'say "\\n"\n', b: "" }, 0.5],
    ]),
    '# HELP g_x What.\n# TYPE g_x gauge\ng_x 1\ng_x{a="say \\"\\\\n\\"\\n",b=""} 0.5\n',
  );
  assert.equal(
    family("g_t", { says: "All.", type: "counter" }, []),
    "# HELP g_t All.\n# TYPE g_t counter\n",
  );
});
