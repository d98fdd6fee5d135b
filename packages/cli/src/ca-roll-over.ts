import type { Command } from "commander";
import { certificateRoutes } from "@gridward/core/api/certificate-routes";
import { type Asked, carryOut, type Cli, type Outcome, talk } from "./cli.ts";
import { learnAnchors } from "./learn-servers.ts";
import { order, shown, shownRows } from "./order.ts";
import { orderWhenSure } from "./order-when-sure.ts";
import { finishAlone, tryFinish } from "./roll-over-trial.ts";
import { passwordOption, readProof, type ProofOptions } from "./security-trial.ts";

interface Step {
  readonly route:
    | (typeof certificateRoutes)["rollOverStart"]
    | (typeof certificateRoutes)["rollOverSwitch"];
  readonly says: string;
  readonly question: string;
  /** What to do after it. */
  readonly next: string;
}

const steps: Readonly<Record<"start" | "switch", Step>> = {
  start: {
    route: certificateRoutes.rollOverStart,
    says: "make the next authority: trusted beside the present one, issuing nothing yet",
    question: "A new authority will be made, and trusted beside the present one.",
    next: "In an hour, when the devices know it, run `gridward ca roll-over switch`.",
  },
  switch: {
    route: certificateRoutes.rollOverSwitch,
    says: "let the next authority issue; servers and devices renew by themselves",
    question: "From now on the new authority issues all certificates; there is no way back.",
    next:
      "Servers renew at once, devices within an hour. Give the new anchor (`gridward ca export`) " +
      "to third parties, and run `gridward ca roll-over finish` when `show` names no holders.",
  },
};

/** gridward ca roll-over …: another authority, with two trust anchors at once (PK7). */
export function addRollOverVerbs(ca: Command, cli: Cli): void {
  const rollOver = ca
    .command("roll-over")
    .description("change over to a new authority, with two trust anchors at once");
  rollOver
    .command("show")
    .description("show the authorities, and how many servers and devices are known by each")
    .action(async (_: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const nothing = { params: {}, query: {}, body: null } as const;
        const columns = ["standing", "created_at", "not_after", "holders", "fingerprint", "root"];
        return shownRows(
          await order({ cli, asked }, certificateRoutes.authorityExport, nothing),
          columns,
        );
      }),
    );
  for (const [name, step] of Object.entries(steps)) {
    rollOver
      .command(name)
      .description(step.says)
      .action(async (_: unknown, command: Command) =>
        carryOut(cli, command, async (asked) => take(cli, asked, { ...step, name })),
      );
  }
  rollOver
    .command("finish")
    .description(
      "give up the former authority, once no server or device is known by it; signs in anew before, " +
        "believing the new one alone",
    )
    .option(...passwordOption)
    .action(async (options: ProofOptions, command: Command) =>
      carryOut(cli, command, async (asked) => finish(cli, asked, options)),
    );
}

/** CS17: tried before it is asked about, and signed in under it before it is ordered. */
async function finish(cli: Cli, asked: Asked, options: ProofOptions): Promise<Outcome> {
  const password = await readProof(cli, options);
  if (!password.ok) return password;
  const parts = { cli, asked };
  const question = "What the former authority issued to third parties is refused from now on.";
  const done = await orderWhenSure(
    parts,
    async ({ dry_run: isTry }) =>
      isTry === "true" ? tryFinish(parts) : finishAlone(parts, password.value),
    () => ({ question, answer: "finish" }),
  );
  if (done.ok && asked.dryRun) {
    talk(cli, asked, "You will be asked to sign in anew, without the former authority.");
  }
  if (done.ok && !asked.dryRun) talk(cli, asked, "The change is done.");
  return shown(done);
}

async function take(
  cli: Cli,
  asked: Asked,
  step: Step & { readonly name: string },
): Promise<Outcome> {
  const { route, question, name: answer, next } = step;
  const done = await orderWhenSure(
    { cli, asked },
    async (query) => order({ cli, asked }, route, { params: {}, query, body: null }),
    () => ({ question, answer }),
  );
  if (done.ok && !asked.dryRun) {
    await learnAnchors(cli, asked);
    talk(cli, asked, next);
  }
  return shown(done);
}
