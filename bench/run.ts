// `npm run bench`: every benchmark, one after the other, so that none disturbs another.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../scripts/command.ts";
import { root } from "../scripts/sources.ts";

const benches = [
  "journal.ts",
  "pair.ts",
  "takeover.ts",
  "ldap.ts",
  "device-sign-in.ts",
  "handshakes.ts",
  "ocsp.ts",
];

for (const name of benches) {
  const file = join(root, "bench", name);
  if (!existsSync(file)) continue;
  console.log(`\n# ${name}`);
  const { code } = await runCommand(process.execPath, [file], { isShown: true, limitMs: 600_000 });
  if (code !== 0) process.exitCode = 1;
}
