// Breaks each rule on purpose and asks whether the simulator sees it. `--only PART-OF-NAME`.
import { parseArgs } from "node:util";
import { runSeeds } from "./crew.ts";
import type { Mutant } from "./mutant.ts";
import { mutants } from "./mutants.ts";
import { type Outcome, run } from "./run.ts";

/** A mutant that lives longer than this shows a hole in the simulator. */
const seedsMost = 5_000;
const workers = 2;

const { values } = parseArgs({ options: { only: { type: "string", default: "" } } });
const chosen = mutants.filter(({ name, rule }) => `${rule} ${name}`.includes(values.only));
const startedAt = performance.now();
let missed = 0;
for (const mutant of chosen) {
  const caught = await hunt(mutant);
  const isProof = caught !== undefined && (await isWellWithout(caught));
  if (!isProof) missed++;
  console.log(report(mutant, caught, isProof));
}
const seconds = (performance.now() - startedAt) / 1_000;
console.log(
  `${chosen.length - missed} of ${chosen.length} mutants caught, ${seconds.toFixed(1)} s`,
);
process.exitCode = missed === 0 && chosen.length > 0 ? 0 : 1;

interface Caught {
  readonly seeds: number;
  readonly outcome: Outcome;
}

async function hunt(mutant: Mutant): Promise<Caught | undefined> {
  let seeds = 0;
  let caught: Caught | undefined;
  await runSeeds({ from: 1, seeds: seedsMost, workers, mutant }, (outcome) => {
    seeds++;
    if (outcome.violations.length === 0) return "go on";
    caught ??= { seeds, outcome };
    return "stop";
  });
  return caught;
}

/** A seed that breaks a rule also in the whole product proves nothing of the mutant. */
async function isWellWithout({ outcome }: Caught): Promise<boolean> {
  return (await run(outcome.seed)).violations.length === 0;
}

function report({ rule, name }: Mutant, caught: Caught | undefined, isProof: boolean): string {
  if (caught && !isProof) return `MISSED ${rule} ${name}: seed ${caught.outcome.seed} fails anyway`;
  if (!caught) return `MISSED ${rule} ${name}: lives after ${seedsMost} seeds`;
  const { seeds, outcome } = caught;
  const [first] = outcome.violations;
  return `caught ${rule} ${name} after ${seeds} seeds, in seed ${outcome.seed}: ${first?.says}`;
}
