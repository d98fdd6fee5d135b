import type { Command } from "commander";
import { exitCode } from "@gridward/core/api/exit-code";
import { localRoutes } from "@gridward/core/api/local-routes";
import {
  type SecurityAnswer,
  securityRoutes,
  type SecurityView,
} from "@gridward/core/api/security-routes";
import { ok, type Result } from "@gridward/core/base/result";
import { callRoute } from "./api-client.ts";
import { callOneOrLocal, triedInBody } from "./call-one.ts";
import { carryOut, changeQuery, confirm, talk, type Asked, type Cli, type Outcome } from "./cli.ts";
import type { CommandFailure } from "./failure.ts";
import { shown } from "./order.ts";
import { addApprovalVerbs } from "./security-approvals.ts";
import { addLegacyVerbs } from "./security-legacy.ts";
import { addCertificateVerbs } from "./security-certificates.ts";
import { addCheckVerb, trialLine } from "./security-check.ts";
import { addExplainVerb } from "./security-explain.ts";
import { readPairs } from "./security-pairs.ts";
import { talkOfEffects } from "./security-effects.ts";
import {
  passwordOption,
  type ProofOptions,
  readProof,
  signInAnew,
  signInLine,
  tryOut,
  waitingLine,
} from "./security-trial.ts";

/** gridward security …: what the server that is asked shows, demands and believes (CS1, CS2). */
export function addSecurityVerbs(root: Command, cli: Cli): void {
  const security = root
    .command("security")
    .description("what a server shows, demands and believes on its TLS connections");
  security
    .command("show")
    .description("show the security settings of the server that is asked, as they stand")
    .action(async (_: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => show(cli, asked)),
    );
  security
    .command("set <key=value...>")
    .description(
      "change security settings of the server that is asked, at once; " +
        "a change that breaks a link to a partner is taken back after 60 s, and so is one that may " +
        "shut administrators out, unless you sign in anew under it",
    )
    .option("--confirm", "keep the change whatever link it breaks")
    .option(...passwordOption)
    .action(async (words: readonly string[], options: SetOptions, command: Command) =>
      carryOut(cli, command, async (asked) => set(cli, asked, words, options)),
    );
  security
    .command("confirm")
    .description(
      "keep the last change, though it broke a link; signs in anew where it may shut administrators out",
    )
    .option(...passwordOption)
    .action(async (options: ProofOptions, command: Command) =>
      carryOut(cli, command, async (asked) => confirmChange(cli, asked, options)),
    );
  addCertificateVerbs(security, cli);
  addLegacyVerbs(security, cli);
  addCheckVerb(security, cli);
  addExplainVerb(security, cli);
  addApprovalVerbs(security, cli);
}

interface SetOptions extends ProofOptions {
  readonly confirm?: boolean;
}

const nothing = { params: {}, query: {}, body: null } as const;

async function show(cli: Cli, asked: Asked): Promise<Outcome> {
  const answered = await callOneOrLocal(cli, asked, {
    one: async (target) => callRoute(target, securityRoutes.securityShow, nothing, asked),
    local: async (target) => callRoute(target, localRoutes.localSecurity, nothing, asked),
  });
  if (!answered.ok) return answered;
  const { data, meta } = answered.value;
  talkOf(cli, asked, data);
  const columns = ["key", "value", "default", "means"];
  return ok({ data, meta, table: data.settings, columns });
}

async function set(
  cli: Cli,
  asked: Asked,
  words: readonly string[],
  options: SetOptions,
): Promise<Outcome> {
  const settings = readPairs(words);
  if (!settings.ok) return settings;
  const password = await readProof(cli, options);
  if (!password.ok) return password;
  const isConfirmed = options.confirm === true;
  const body = { settings: settings.value, confirm: isConfirmed };
  if (!asked.dryRun && !asked.yes && !isConfirmed) {
    const foreseen = await order(cli, { ...asked, dryRun: true }, body);
    if (!foreseen.ok) return foreseen;
    const agreed = await agree(cli, asked, foreseen.value.data);
    if (!agreed.ok) return agreed;
  }
  const answered = await order(cli, asked, body);
  if (!answered.ok) return answered;
  const { data, meta } = answered.value;
  if (asked.dryRun) talkOfOutlook(cli, asked, data);
  const { unconfirmed, exit } = asked.dryRun
    ? { ...data, exit: exitCode.done }
    : await tryOut(cli, asked, data.unconfirmed, password.value);
  talkOf(cli, asked, { unconfirmed });
  const shownAs = { table: data.changes, columns: ["key", "before", "after"] };
  return ok({ data: { ...data, unconfirmed }, meta, ...shownAs, exit });
}

interface SetBody {
  readonly settings: Readonly<Record<string, string>>;
  readonly confirm: boolean;
}

async function order(cli: Cli, asked: Asked, body: SetBody) {
  const input = { params: {}, query: changeQuery(asked), body };
  const locally = { params: {}, query: {}, body: { ...body, dry_run: asked.dryRun } };
  return callOneOrLocal(cli, asked, {
    one: async (target) => callRoute(target, securityRoutes.securitySet, input, asked),
    local: async (target) =>
      callRoute(target, localRoutes.localSecuritySet, locally, triedInBody(asked)),
  });
}

/** Foreseen, or found in a trial where nothing of it was foreseen. */
function breaksSomething({ effects, trials }: SecurityAnswer): boolean {
  const isNew = ({ partner, direction, verdict, cause }: SecurityAnswer["trials"][number]) => {
    const foreseen = effects.find(
      (each) => each.who === partner && each.direction === direction && each.kind === "partner",
    );
    return verdict === "refused" && cause !== "T17" && foreseen?.before.verdict !== "refused";
  };
  return effects.some(({ breaks }) => breaks) || trials.some(isNew);
}

function talkOfOutlook(cli: Cli, asked: Asked, answer: SecurityAnswer): void {
  talkOfEffects(cli, asked, answer);
  for (const trial of answer.trials) talk(cli, asked, `Tried: ${trialLine(answer.server, trial)}`);
  if (answer.sign_in.length > 0) talk(cli, asked, signInLine(answer.sign_in));
}

/** CS11: who breaks a link says so once more, after hearing whom it cuts off. */
async function agree(
  cli: Cli,
  asked: Asked,
  answer: SecurityAnswer,
): Promise<Result<null, CommandFailure>> {
  if (!breaksSomething(answer)) return ok(null);
  talkOfOutlook(cli, asked, answer);
  const question = "Somebody would be cut off.";
  return confirm(cli, asked, { question, answer: answer.server });
}

async function confirmChange(cli: Cli, asked: Asked, options: ProofOptions): Promise<Outcome> {
  const password = await readProof(cli, options);
  if (!password.ok) return password;
  const answered = await callOneOrLocal(cli, asked, {
    one: async (target) => callRoute(target, securityRoutes.securityConfirm, nothing, asked),
    local: async (target) => callRoute(target, localRoutes.localSecurityConfirm, nothing, asked),
  });
  const isAsked = !answered.ok && answered.error.error.code === "security.sign-in-needed";
  if (!isAsked) return shown(answered);
  const target = await signInAnew(cli, asked, password.value);
  if (!target.ok) return target;
  return shown(await callRoute(target.value, securityRoutes.securityConfirm, nothing, asked));
}

/** A change under which a link is not valid again is told beside the answer: somebody may have to act within a minute. */
function talkOf(cli: Cli, asked: Asked, { unconfirmed }: Pick<SecurityView, "unconfirmed">): void {
  if (unconfirmed === null) return;
  if (unconfirmed.sign_in.length > 0) {
    talk(cli, asked, waitingLine(unconfirmed));
    return;
  }
  const { change, broken, silent, taken_back_in_s: left, kept_in_s: kept } = unconfirmed;
  talk(
    cli,
    asked,
    left === null
      ? `Since the change ${change} ${silent.join(", ")} is not reached. It is taken back if the ` +
          `link is refused, and kept in ${kept ?? 0} s if nobody is heard. ` +
          "To keep it now: gridward security confirm"
      : `The change ${change} broke the link to ${broken.join(", ")}. It is taken back in ${left} s, ` +
          "unless the link is valid again. To keep it: gridward security confirm",
  );
}
