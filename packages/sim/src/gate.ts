import { run } from "./run.ts";

const [from = "1", count = "200"] = process.argv.slice(2);
const startedAt = performance.now();
let acknowledged = 0;
let terms = 0;
let failed = 0;
for (let seed = Number(from); seed < Number(from) + Number(count); seed++) {
  const outcome = await run(seed);
  acknowledged += outcome.acknowledged;
  terms += outcome.terms - 1;
  if (outcome.violations.length === 0) continue;
  failed++;
  const [first] = outcome.violations;
  console.log(`seed ${seed}: ${first?.rule} ${first?.says}`);
  if (failed >= 5) break;
}
const seconds = (performance.now() - startedAt) / 1_000;
console.log(
  `${count} seeds, ${acknowledged} acknowledged, ${terms} takeovers, ${seconds.toFixed(1)} s`,
);
process.exitCode = failed === 0 ? 0 : 1;
