import { Option, type Command } from "commander";
import type { Bytes } from "@gridward/core/base/bytes";
import { ok, type Result } from "@gridward/core/base/result";
import { authorityKeyTypes, type AuthorityKeyType } from "@gridward/core/domain/authority-key";
import { isCertificateHolder } from "@gridward/core/domain/decide-certificate";
import type { Secret } from "@gridward/core/base/secret";
import { newFileFault, readFileBounded } from "@gridward/runtime/os/files";
import { chainPem } from "@gridward/runtime/trust/authority-chain";
import {
  createRoot,
  openRoot,
  signAuthority,
  type OwnRoot,
} from "@gridward/runtime/trust/own-root";
import { certificateColumns } from "@gridward/runtime/trust/x509/read";
import { readRequestFile, writeOut } from "./ca-file.ts";
import { carryOut, confirm, talk, type Asked, type Cli, type Outcome } from "./cli.ts";
import { failed, type CommandFailure } from "./failure.ts";
import { readSecret } from "./input-file.ts";

interface Desk {
  readonly cli: Cli;
  readonly asked: Asked;
}

interface CreateOptions {
  readonly name: string;
  readonly organization?: string;
  readonly keyType?: AuthorityKeyType;
  readonly out: string;
  readonly keyOut: string;
  readonly passphraseFile?: string;
}

interface SignOptions {
  readonly root: string;
  readonly key: string;
  readonly out: string;
  readonly passphraseFile?: string;
}

/** gridward ca root …: a root that no server holds; speaks to none, so it runs off line (PK1). */
export function addRootVerbs(ca: Command, cli: Cli): void {
  const root = ca
    .command("root")
    .description("a root kept apart from all servers: these verbs need no network");
  root
    .command("create")
    .description("make a root: its certificate in one file, its key, closed, in another")
    .requiredOption("--name <name>", "common name of the root")
    .option("--organization <name>", "its organization")
    .addOption(new Option("--key-type <type>", "of its key").choices(authorityKeyTypes))
    .requiredOption("--out <file>", "new file for the certificate, PEM")
    .requiredOption("--key-out <file>", "new file for the key, PEM, under the passphrase")
    .option("--passphrase-file <file>", 'passphrase of the key, "-" for standard input')
    .action(async (options: CreateOptions, command: Command) =>
      carryOut(cli, command, async (asked) => create({ cli, asked }, options)),
    );
  root
    .command("sign <request>")
    .description("certify the issuing authority of a system by the request of `ca request`")
    .requiredOption("--root <file>", "certificate of the root")
    .requiredOption("--key <file>", "key of the root")
    .requiredOption("--out <file>", "new file for the certificate and the root, for `ca import`")
    .option("--passphrase-file <file>", 'passphrase of the key, "-" for standard input')
    .action(async (request: string, options: SignOptions, command: Command) =>
      carryOut(cli, command, async (asked) => sign({ cli, asked }, request, options)),
    );
}

async function create({ cli, asked }: Desk, options: CreateOptions): Promise<Outcome> {
  const { name, organization, keyType = "p384", out, keyOut } = options;
  const odd = [name, organization].find((one) => one !== undefined && !isCertificateHolder(one));
  if (odd !== undefined) return failed("client.wrong-use", "--name: 1 to 64 plain characters");
  const fault = newFileFault(out) ?? newFileFault(keyOut);
  if (fault !== undefined) return failed("client.new-file", fault);
  if (out === keyOut) return failed("client.wrong-use", "--out and --key-out: two files");
  const passphrase = await newPassphrase(cli, options.passphraseFile);
  if (!passphrase.ok) return passphrase;
  const subject = { commonName: name, ...(organization === undefined ? {} : { organization }) };
  const now = cli.clock.now();
  const made = await createRoot({ subject, keyType, passphrase: passphrase.value, now });
  const about = { ...certificateColumns(made.certificate), key_type: keyType };
  if (asked.dryRun) return ok({ data: { ...about, file: null, key_file: null }, meta: null });
  const key = writeOut(keyOut, made.keyFile);
  const written = key.ok ? writeOut(out, made.certificate.toString()) : key;
  if (!written.ok) return written;
  talk(
    cli,
    asked,
    "Whoever has this key and its passphrase can make authorities that everybody here believes. " +
      "Keep two copies of it apart from the servers and from the passphrase.",
  );
  return ok({ data: { ...about, file: out, key_file: keyOut }, meta: null });
}

const lengthMin = 12;

/** What nobody can type a second time would be lost: who is asked is asked twice. */
async function newPassphrase(
  cli: Cli,
  file: string | undefined,
): Promise<Result<Secret<string>, CommandFailure>> {
  const option = "--passphrase-file";
  const first = await readSecret(cli.program, { file, question: "New passphrase: ", option });
  if (!first.ok) return first;
  if (!/^[\x20-\x7e]*$/.test(first.value.reveal()) || first.value.reveal().length < lengthMin) {
    return failed("client.wrong-use", `passphrase: at least ${lengthMin} plain characters`);
  }
  if (file !== undefined) return first;
  const second = await readSecret(cli.program, { file, question: "Once more: ", option });
  if (!second.ok) return second;
  return second.value.reveal() === first.value.reveal()
    ? first
    : failed("client.wrong-use", "passphrase: not the same twice");
}

async function sign({ cli, asked }: Desk, path: string, options: SignOptions): Promise<Outcome> {
  const { out } = options;
  const fault = newFileFault(out);
  if (fault !== undefined) return failed("client.new-file", fault);
  const request = readRequestFile(path);
  if (!request.ok) return request;
  const root = await open(cli, options);
  if (!root.ok) return root;
  const der = Buffer.from(request.value, "base64");
  const signed = signAuthority(root.value, der, cli.clock.now());
  if (!signed.ok) return failed("client.file", `${path}: ${signed.error}`);
  const about = certificateColumns(signed.value);
  if (asked.dryRun) return ok({ data: { ...about, file: null }, meta: null });
  const question = `${about.subject} will be an authority, believed by all who trust ${about.issuer}.`;
  const sure = await confirm(cli, asked, { question, answer: "sign" });
  if (!sure.ok) return sure;
  const written = writeOut(out, chainPem([signed.value, root.value.certificate]));
  return written.ok ? ok({ data: { ...about, file: out }, meta: null }) : written;
}

async function open(
  cli: Cli,
  { root, key, passphraseFile: file }: SignOptions,
): Promise<Result<OwnRoot, CommandFailure>> {
  const files = { certificate: read(root), key: read(key) };
  if (!files.certificate.ok) return files.certificate;
  if (!files.key.ok) return files.key;
  const question = "Passphrase of the root: ";
  const option = "--passphrase-file";
  const passphrase = await readSecret(cli.program, { file, question, option });
  if (!passphrase.ok) return passphrase;
  const both = { certificate: files.certificate.value, key: files.key.value };
  const opened = await openRoot(both, passphrase.value, cli.clock.now());
  if (opened.ok) return opened;
  const { file: which, why } = opened.error;
  return failed("client.file", `${which === "key" ? key : root}: ${why}`);
}

const fileBytesMax = 64 * 1024;

function read(path: string): Result<Bytes, CommandFailure> {
  const file = readFileBounded(path, fileBytesMax);
  return file.ok ? file : failed("client.file", `${path}: ${file.error}`);
}
