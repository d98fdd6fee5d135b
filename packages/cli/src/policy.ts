import type { Command } from "commander";
import { policyRoutes, type PolicyAnswer, type PolicyView } from "@gridward/core/api/policy-routes";
import { ok, type Result } from "@gridward/core/base/result";
import { carryOut, changeQuery, confirm, talk, type Asked, type Cli, type Outcome } from "./cli.ts";
import type { CommandFailure } from "./failure.ts";
import { order } from "./order.ts";
import { policyKeys, readPolicyPairs, showPolicyValue } from "./policy-values.ts";
import { readPairs } from "./security-pairs.ts";

const nothing = { params: {}, query: {}, body: null } as const;

/** gridward policy … */
export function addPolicyVerbs(root: Command, cli: Cli): void {
  const policy = root.command("policy").description("password policies");
  policy
    .command("list")
    .description("list password policies")
    .action(async (_: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => list(cli, asked)),
    );
  policy
    .command("show <name>")
    .description("show one password policy, with what each value means")
    .action(async (name: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => show(cli, asked, name)),
    );
  policy
    .command("set <name> [key=value...]")
    .description(
      `change values of a password policy (${Object.keys(policyKeys).join(", ")}); times have a ` +
        "unit: 30s, 10m, 12h, 90d; with --dry-run it tells whose password would expire",
    )
    .option("--new", "make the policy; what is not said is as in utility, or in panel-pin")
    .action(
      async (
        name: string,
        words: readonly string[],
        options: { readonly new?: boolean },
        command: Command,
      ) =>
        carryOut(cli, command, async (asked) =>
          set(cli, asked, { name, words, isNew: options.new === true }),
        ),
    );
}

async function list(cli: Cli, asked: Asked): Promise<Outcome> {
  const answered = await order({ cli, asked }, policyRoutes.policyList, nothing);
  if (!answered.ok) return answered;
  const { rows } = answered.value.data;
  const columns = ["name", ...listed];
  return ok({ data: rows, meta: answered.value.meta, table: rows.map(listRow), columns });
}

/** What tells policies from one another at a glance; all of it is in `policy show`. */
const listed = ["kind", "length-min", "classes", "history", "expires", "grace", "attempts", "lock"];

function listRow(policy: PolicyView): Readonly<Record<string, string>> {
  const values = Object.entries(policyKeys)
    .filter(([word]) => listed.includes(word))
    .map(([word, key]) => [word, showPolicyValue(key, policy)] as const);
  return { name: policy.name, ...Object.fromEntries(values) };
}

async function show(cli: Cli, asked: Asked, name: string): Promise<Outcome> {
  const input = { params: { name }, query: {}, body: null };
  const answered = await order({ cli, asked }, policyRoutes.policyShow, input);
  if (!answered.ok) return answered;
  const { data, meta } = answered.value;
  const table = Object.entries(policyKeys).map(([word, key]) => ({
    key: word,
    value: showPolicyValue(key, data),
    means: key.means,
  }));
  return ok({ data, meta, table, columns: ["key", "value", "means"] });
}

async function set(
  cli: Cli,
  asked: Asked,
  wanted: { readonly name: string; readonly words: readonly string[]; readonly isNew: boolean },
): Promise<Outcome> {
  const pairs = readPairs(wanted.words);
  const values = pairs.ok ? readPolicyPairs(pairs.value) : pairs;
  if (!values.ok) return values;
  const { name, isNew } = wanted;
  const body = isNew ? { ...values.value, create: true } : values.value;
  const give = async (query: { readonly dry_run?: "true" }) =>
    order({ cli, asked }, policyRoutes.policySet, { params: { name }, query, body });
  if (!asked.dryRun && !asked.yes) {
    const foreseen = await give({ dry_run: "true" });
    if (!foreseen.ok) return foreseen;
    const agreed = await agree(cli, asked, name, foreseen.value.data);
    if (!agreed.ok) return agreed;
  }
  const answered = await give(changeQuery(asked));
  if (!answered.ok) return answered;
  const { data, meta } = answered.value;
  talkOfAccounts(cli, asked, data);
  return ok({ data, meta, table: changesOf(data), columns: ["key", "before", "after"] });
}

/** Asked about is only what makes passwords expire at once. */
async function agree(
  cli: Cli,
  asked: Asked,
  name: string,
  outlook: PolicyAnswer,
): Promise<Result<null, CommandFailure>> {
  if (outlook.expires.count === 0) return ok(null);
  talkOfAccounts(cli, asked, outlook);
  return confirm(cli, asked, { question: "Their passwords expire at once.", answer: name });
}

function talkOfAccounts(cli: Cli, asked: Asked, answer: PolicyAnswer): void {
  const { accounts, expires, warns, revives, after } = answer;
  talk(cli, asked, `Accounts with the policy ${after.name}: ${accounts}.`);
  if (expires.count > 0) {
    const way =
      after.grace === 0
        ? "an administrator has to set a new one"
        : `${after.grace} sign-ins are left to change it`;
    const verb = answer.dry_run ? "would expire" : "expires";
    talk(cli, asked, `Their password ${verb} at once (${way}): ${namesIn(expires)}`);
  }
  const soon = `Told at the next sign-in that it ends soon: ${namesIn(warns)}`;
  if (warns.count > 0) talk(cli, asked, soon);
  if (revives.count > 0) talk(cli, asked, `Expired before, good with it: ${namesIn(revives)}`);
}

function namesIn({ count, names }: PolicyAnswer["expires"]): string {
  const more = count - names.length;
  return `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function changesOf({ before, after }: PolicyAnswer) {
  return Object.entries(policyKeys)
    .map(([word, key]) => ({
      key: word,
      before: before === null ? "" : showPolicyValue(key, before),
      after: showPolicyValue(key, after),
    }))
    .filter((row) => row.before !== row.after);
}
