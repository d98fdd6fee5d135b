import type { Command } from "commander";
import type * as z from "zod";
import { exitCode } from "@gridward/core/api/exit-code";
import {
  ownCertificateRoutes,
  type OwnCertificateView,
} from "@gridward/core/api/own-certificate-routes";
import { localRoutes } from "@gridward/core/api/local-routes";
import { ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import { readFileBounded } from "@gridward/runtime/os/files";
import { type Answered, callRoute } from "./api-client.ts";
import { callOneOrLocal, triedInBody } from "./call-one.ts";
import { carryOut, changeQuery, talk, type Asked, type Cli, type Outcome } from "./cli.ts";
import { failed, type CommandFailure } from "./failure.ts";
import { readSecret } from "./input-file.ts";
import {
  passwordOption,
  type ProofOptions,
  readProof,
  signInLine,
  tryOut,
  waitingLine,
} from "./security-trial.ts";

/** gridward security certificates …: which certificates a server has, and which it shows (CS5). */
export function addCertificateVerbs(security: Command, cli: Cli): void {
  const certificates = security
    .command("certificates")
    .description("the certificates of the server that is asked, and which of them it shows");
  certificates
    .command("list")
    .description(
      "list them: which is shown on the link and which to clients, and why the others are not",
    )
    .action(async (_: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => list(cli, asked)),
    );
  certificates
    .command("add <file...>")
    .description(
      "give the server a certificate with its key and chain, as the authority sent them: " +
        "PEM in one file or several, DER, PKCS#7 or PKCS#12",
    )
    .option("--passphrase-file <file>", "file with the passphrase of an encrypted key or file")
    .option(...passwordOption)
    .action(async (files: readonly string[], options: AddOptions, command: Command) =>
      carryOut(cli, command, async (asked) => add(cli, asked, files, options)),
    );
  certificates
    .command("remove <fingerprint>")
    .description("take an imported certificate and its key from the server")
    .option(...passwordOption)
    .action(async (fingerprint: string, options: ProofOptions, command: Command) =>
      carryOut(cli, command, async (asked) => remove(cli, asked, fingerprint, options)),
    );
  certificates
    .command("renew-temporary")
    .description(
      "make another temporary certificate, with a new key; at once where it is the one shown",
    )
    .option(...passwordOption)
    .action(async (options: ProofOptions, command: Command) =>
      carryOut(cli, command, async (asked) => renewTemporary(cli, asked, options)),
    );
}

interface AddOptions extends ProofOptions {
  readonly passphraseFile?: string;
}

const nothing = { params: {}, query: {}, body: null } as const;

const columns = [
  "subject",
  "issuer",
  "names",
  "from",
  "to",
  "fingerprint",
  "key",
  "purpose",
  "status",
  "in_use",
  "passed_over",
] as const;

/** A row of the table: what the answer holds, in words. */
function inWords(row: OwnCertificateView) {
  const { not_before: from, not_after: to, key_present: isKeyed, in_use: inUse } = row;
  return {
    ...row,
    from,
    to,
    key: isKeyed ? "present" : "missing",
    in_use: inUse.join(", ") || "no",
    passed_over: row.passed_over.map(({ on, why }) => `${on}: ${why}`).join(", "),
  };
}

async function list(cli: Cli, asked: Asked): Promise<Outcome> {
  const answered = await callOneOrLocal(cli, asked, {
    one: async (target) =>
      callRoute(target, ownCertificateRoutes.ownCertificateList, nothing, asked),
    local: async (target) => callRoute(target, localRoutes.localCertificates, nothing, asked),
  });
  if (!answered.ok) return answered;
  const { data, meta } = answered.value;
  return ok({ data, meta, table: data.rows.map(inWords), columns });
}

async function add(
  cli: Cli,
  asked: Asked,
  paths: readonly string[],
  { passphraseFile: file, ...options }: AddOptions,
): Promise<Outcome> {
  const files = readFiles(paths);
  if (!files.ok) return files;
  const password = await readProof(cli, options);
  if (!password.ok) return password;
  const passphrase = file === undefined ? null : await readPassphrase(cli, file);
  if (passphrase?.ok === false) return passphrase;
  const body = {
    files: files.value,
    ...(passphrase !== null && { passphrase: passphrase.value }),
  };
  const input = { params: {}, query: changeQuery(asked), body };
  const locally = { params: {}, query: {}, body: { ...body, dry_run: asked.dryRun } };
  const answered = await callOneOrLocal(cli, asked, {
    one: async (target) => callRoute(target, ownCertificateRoutes.ownCertificateAdd, input, asked),
    local: async (target) =>
      callRoute(target, localRoutes.localCertificateAdd, locally, triedInBody(asked)),
  });
  if (!answered.ok) return answered;
  const { data } = answered.value;
  const { in_use: inUse } = data.certificate;
  if (inUse.includes("clients") && !inUse.includes("link")) {
    talk(cli, asked, `HTTPS and LDAPS ${data.dry_run ? "would show" : "show"} it. ${foreign}`);
  }
  return changed(cli, asked, answered.value, password.value);
}

const foreign =
  "Whoever trusts the system's authority alone refuses it, saved logins and devices that enrol " +
  "among them: give people its issuer with --ca FILE.";

/** Far more than any chain; the server looks at less. */
const fileBytesMax = 256 * 1024;

function readFiles(paths: readonly string[]): Result<readonly string[], CommandFailure> {
  const files: string[] = [];
  for (const path of paths) {
    const file = readFileBounded(path, fileBytesMax);
    if (!file.ok) return failed("client.file", `${path}: ${file.error}`);
    files.push(Buffer.from(file.value).toString("base64"));
  }
  return ok(files);
}

async function readPassphrase(cli: Cli, file: string): Promise<Result<string, CommandFailure>> {
  const source = { file, question: "Passphrase: ", option: "--passphrase-file" };
  const secret = await readSecret(cli.program, source);
  return secret.ok ? ok(secret.value.reveal()) : secret;
}

async function remove(
  cli: Cli,
  asked: Asked,
  typed: string,
  options: ProofOptions,
): Promise<Outcome> {
  const password = await readProof(cli, options);
  if (!password.ok) return password;
  // As other tools print it, with colons and capitals.
  const fingerprint = typed.replaceAll(":", "").toLowerCase();
  const input = { params: { fingerprint }, query: changeQuery(asked), body: null };
  const locally = { params: {}, query: {}, body: { fingerprint, dry_run: asked.dryRun } };
  const answered = await callOneOrLocal(cli, asked, {
    one: async (target) =>
      callRoute(target, ownCertificateRoutes.ownCertificateRemove, input, asked),
    local: async (target) =>
      callRoute(target, localRoutes.localCertificateRemove, locally, triedInBody(asked)),
  });
  return answered.ok ? changed(cli, asked, answered.value, password.value) : answered;
}

async function renewTemporary(cli: Cli, asked: Asked, options: ProofOptions): Promise<Outcome> {
  const password = await readProof(cli, options);
  if (!password.ok) return password;
  const input = { params: {}, query: changeQuery(asked), body: null };
  const locally = { params: {}, query: {}, body: { dry_run: asked.dryRun } };
  const answered = await callOneOrLocal(cli, asked, {
    one: async (target) => callRoute(target, ownCertificateRoutes.temporaryRenew, input, asked),
    local: async (target) =>
      callRoute(target, localRoutes.localTemporaryRenew, locally, triedInBody(asked)),
  });
  return answered.ok ? changed(cli, asked, answered.value, password.value) : answered;
}

type Changed = Answered<z.output<typeof ownCertificateRoutes.ownCertificateAdd.answer>>;

/** CS17: where clients are shown another certificate, somebody signs in under it first. */
async function changed(
  cli: Cli,
  asked: Asked,
  { data, meta }: Changed,
  password: Secret<string> | null,
): Promise<Outcome> {
  if (asked.dryRun && data.sign_in.length > 0) talk(cli, asked, signInLine(data.sign_in));
  const tried = asked.dryRun
    ? { ...data, exit: exitCode.done }
    : await tryOut(cli, asked, data.unconfirmed, password);
  const { unconfirmed, exit } = tried;
  if (unconfirmed !== null && unconfirmed.sign_in.length > 0) {
    talk(cli, asked, waitingLine(unconfirmed));
  }
  const table = [inWords(data.certificate)];
  return ok({ data: { ...data, unconfirmed }, meta, table, columns, exit });
}
