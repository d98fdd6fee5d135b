import type { Command } from "commander";
import { mappingRoutes } from "@gridward/core/api/mapping-routes";
import { ok, type Result } from "@gridward/core/base/result";
import { pemCertificates } from "@gridward/runtime/trust/x509/pem";
import { carryOut, changeQuery, type Asked, type Cli, type Outcome } from "./cli.ts";
import { failed, type CommandFailure } from "./failure.ts";
import { readCaFile } from "./input-file.ts";
import { order, shown, shownRows, wholeList, type ListOptions } from "./order.ts";

interface AddOptions {
  readonly file?: string;
  readonly fingerprint?: string;
  readonly san?: string;
}

/** gridward account certificate …: who signs in by which certificate (CS13). */
export function addAccountCertificateVerbs(account: Command, cli: Cli): void {
  const certificate = account
    .command("certificate")
    .description("certificates by which people and programs sign in as an account");
  certificate
    .command("add <name>")
    .description(
      "let whoever presents this certificate sign in as the account, where map-clients is set",
    )
    .option("--file <file>", "the certificate, PEM: this one alone, and not its successor")
    .option("--fingerprint <sha256>", "the same by its fingerprint")
    .option(
      "--san <name>",
      "any certificate of the system's authority with this name: email:, dns: or uri: before it",
    )
    .action(async (name: string, options: AddOptions, command: Command) =>
      carryOut(cli, command, async (asked) => add(cli, asked, name, options)),
    );
  certificate
    .command("remove <name> <key>")
    .description("let a certificate lead to the account no more; KEY is as `list` shows it")
    .action(async (name: string, key: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const input = { params: { name }, query: changeQuery(asked), body: { key } };
        return shown(await order({ cli, asked }, mappingRoutes.mappingRemove, input));
      }),
    );
  certificate
    .command("list [name]")
    .description("list the certificates that lead to the account, or to any")
    .option("--search <text>", "only those with this in them")
    .option("--limit <count>", "at most so many")
    .action(async (name: string | undefined, options: ListOptions, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const { search } = options;
        return shownRows(
          await wholeList(options, async (query) =>
            order({ cli, asked }, mappingRoutes.mappingList, {
              params: {},
              query: { account: name, search, ...query },
              body: null,
            }),
          ),
        );
      }),
    );
}

async function add(cli: Cli, asked: Asked, name: string, options: AddOptions): Promise<Outcome> {
  const body = readBody(options);
  if (!body.ok) return body;
  const input = { params: { name }, query: changeQuery(asked), body: body.value };
  return shown(await order({ cli, asked }, mappingRoutes.mappingAdd, input));
}

function readBody({
  file,
  fingerprint,
  san,
}: AddOptions): Result<
  { readonly key: string } | { readonly certificate: string },
  CommandFailure
> {
  if ([file, fingerprint, san].filter((each) => each !== undefined).length !== 1) {
    return failed("client.wrong-use", "one of --file, --fingerprint and --san");
  }
  if (fingerprint !== undefined) return ok({ key: `sha256:${fingerprint}` });
  if (san !== undefined) return ok({ key: san });
  const read = readCaFile(file ?? "");
  if (!read.ok) return read;
  // The key of a file that holds both stays here.
  const [certificate = ""] = pemCertificates(read.value);
  return ok({ certificate });
}
