// `npm run check`: everything that can be judged in under two minutes.
import { checks, runChecks } from "./checks.ts";
import { endCommandsWithUs } from "./command.ts";

endCommandsWithUs();
const outcomes = await runChecks(checks, 2);
const isGreen = outcomes.every(({ isTrue }) => isTrue);
console.log(isGreen ? "\nAll claims hold." : "\nSome claims do not hold; see FAIL above.");
process.exitCode = isGreen ? 0 : 1;
