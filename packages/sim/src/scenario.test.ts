import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { brokenText } from "./break-rule.ts";
import { throughText } from "./frame.ts";
import { mutants } from "./mutants.ts";
import { drawRare } from "./rare.ts";
import { run } from "./run.ts";

test("[I1][I2][I3][I6][I8][I9][I10][I11][I12][I13][I14][I15][I16][I17][I21][I22][I25][I31][I32][I33][I34] fixed lives break no rule", async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const { violations, acknowledged } = await run(seed);
    assert.deepEqual(violations, [], `seed ${seed}`);
    assert.ok(acknowledged > 0, `seed ${seed} acknowledged changes`);
  }
});

test("[SM1] one seed, one run: the same seed acknowledges the same changes", async () => {
  assert.deepEqual(await run(7), await run(7));
});

test("[SM2] every mutant fits its file exactly once", () => {
  for (const mutant of mutants) {
    const file = new URL(`../../${mutant.file}`, import.meta.url);
    const text = readFileSync(file, "utf8");
    assert.notEqual(brokenText(mutant, text), text, mutant.name);
  }
});

test("[SM2] a mutant that fits nowhere or twice is refused", () => {
  const mutant = { name: "x", rule: "R1", file: "x.ts", find: "a", replace: "b" };
  assert.throws(() => brokenText(mutant, "cd"), /renew it/);
  assert.throws(() => brokenText(mutant, "aca"), /renew it/);
});

test("[SM7] every rare fault is drawn in some lives, and in few", () => {
  const draws = Array.from({ length: 400 }, (_, seed) => drawRare(seed));
  const rates = [
    "versionSkew",
    "lostSlots",
    "reboots",
    "pulledHandovers",
    "backupEvery",
    "fireAt",
    "restoreAt",
  ] as const;
  for (const rate of rates) {
    const lives = draws.filter((draw) => draw[rate] > 0).length;
    assert.ok(lives > 8 && lives < 100, `${rate} in ${lives} of 400`);
  }
});

test("[SM3] what passes as text comes out as it went in", () => {
  const message = { kind: "leaving", term: 1, reason: "disk full" } as const;
  assert.deepEqual(throughText({ kind: "pair", message }), {
    ok: true,
    value: { kind: "pair", message },
  });
});
