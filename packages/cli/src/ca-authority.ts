import { Option, type Command } from "commander";
import { certificateRoutes } from "@gridward/core/api/certificate-routes";
import { ok, type Result } from "@gridward/core/base/result";
import { authorityKeyTypes, type AuthorityKeyType } from "@gridward/core/domain/authority-key";
import { newFileFault, readFileBounded } from "@gridward/runtime/os/files";
import { bundleBytesMax, readBundle } from "@gridward/runtime/trust/read-bundle";
import { writeOut } from "./ca-file.ts";
import { carryOut, changeQuery, talk, type Asked, type Cli, type Outcome } from "./cli.ts";
import { failed, refusalFailure, type CommandFailure } from "./failure.ts";
import { learnAnchors } from "./learn-servers.ts";
import { order, shown } from "./order.ts";
import { orderWhenSure } from "./order-when-sure.ts";

interface RequestOptions {
  readonly out?: string;
  readonly keyType?: AuthorityKeyType;
  readonly name?: string;
  readonly organization?: string;
  readonly withdraw?: boolean;
}

interface Desk {
  readonly cli: Cli;
  readonly asked: Asked;
}

/** gridward ca request, ca import: under a root kept apart, or under the utility's own CA (PK1). */
export function addForeignAuthorityVerbs(ca: Command, cli: Cli): void {
  ca.command("request")
    .description(
      "write the request (CSR) for an issuing authority that another CA certifies; " +
        "its key is made at the server, sealed, and stays there",
    )
    .option("--out <file>", "new file for the request, PEM")
    .addOption(new Option("--key-type <type>", "of the authority's key").choices(authorityKeyTypes))
    .option("--name <name>", "common name; without it, the name of the present authority")
    .option("--organization <name>", "beside --name")
    .option("--withdraw", "give up the open request and its key")
    .action(async (options: RequestOptions, command: Command) =>
      carryOut(cli, command, async (asked) =>
        options.withdraw === true
          ? withdraw({ cli, asked }, options)
          : writeRequest({ cli, asked }, options),
      ),
    );
  ca.command("import")
    .description(
      "take what the CA answered as the next authority: it is judged, and then trusted beside the " +
        "present one; `ca roll-over switch` lets it issue",
    )
    .requiredOption(
      "--chain <file>",
      "the authority's certificate and all above it up to the root, in any order: PEM, DER or PKCS#7",
    )
    .action(async ({ chain }: { readonly chain: string }, command: Command) =>
      carryOut(cli, command, async (asked) => importChain({ cli, asked }, chain)),
    );
}

async function writeRequest({ cli, asked }: Desk, options: RequestOptions): Promise<Outcome> {
  const { out, keyType, name, organization } = options;
  const fault = out === undefined ? undefined : newFileFault(out);
  if (fault !== undefined) return failed("client.new-file", fault);
  const body = { key_type: keyType, name, organization };
  const input = { params: {}, query: changeQuery(asked), body };
  const answered = await order({ cli, asked }, certificateRoutes.authorityRequest, input);
  if (!answered.ok || out === undefined) return shown(answered);
  const { data, meta } = answered.value;
  const { request, ...about } = data;
  if (request === null) return ok({ data: { ...about, file: null }, meta });
  const written = writeOut(out, request);
  if (!written.ok) return written;
  const next =
    "Have it signed as an authority (`gridward ca root sign`, or your CA), and give what comes " +
    "back to `gridward ca import --chain FILE`.";
  talk(cli, asked, next);
  return ok({ data: { ...about, file: out }, meta });
}

async function withdraw({ cli, asked }: Desk, options: RequestOptions): Promise<Outcome> {
  const { out, keyType, name, organization } = options;
  const other = out ?? keyType ?? name ?? organization;
  if (other !== undefined) return failed("client.wrong-use", "--withdraw goes with nothing else");
  const done = await orderWhenSure(
    { cli, asked },
    async (query) =>
      order({ cli, asked }, certificateRoutes.authorityWithdraw, { params: {}, query, body: null }),
    () => ({
      question: "What a CA signs for this request is of no use any more: its key is given up.",
      answer: "withdraw",
    }),
  );
  return shown(done);
}

async function importChain({ cli, asked }: Desk, path: string): Promise<Outcome> {
  const certificates = await readChain(path);
  if (!certificates.ok) return certificates;
  const body = { certificates: certificates.value };
  const done = await orderWhenSure(
    { cli, asked },
    async (query) =>
      order({ cli, asked }, certificateRoutes.authorityImport, { params: {}, query, body }),
    ({ subject, root, root_fingerprint: fingerprint }) => {
      talk(cli, asked, `${subject}, under the root ${root} with fingerprint ${fingerprint}.`);
      const question = "It will be trusted beside the present authority, and issue nothing yet.";
      return { question, answer: "import" };
    },
  );
  if (!done.ok) return done;
  const { data } = done.value;
  if (!asked.dryRun) {
    await learnAnchors(cli, asked);
    talk(cli, asked, nextOf(data.proved_by_present));
  }
  return shown(done);
}

function nextOf(isProved: boolean): string {
  const next =
    "Give the root (`gridward ca export`) to third parties and other administrators, who believe " +
    "it alone after the change. In an hour, when the devices know it, run `gridward ca roll-over " +
    "switch`.";
  if (isProved) return next;
  return (
    `${next} It has another name than the present authority, which so cannot prove it: a device ` +
    "that is not connected in that time needs a new package afterwards."
  );
}

const certificatesMax = 16;

async function readChain(path: string): Promise<Result<string[], CommandFailure>> {
  const file = readFileBounded(path, bundleBytesMax);
  if (!file.ok) return failed("client.file", `${path}: ${file.error}`);
  const read = await readBundle(file.value, null);
  if (!read.ok) {
    const { why, part } = read.error;
    const detail = `${path}: ${why}${part === "" ? "" : `, ${part}`}`;
    return { ok: false, error: refusalFailure({ code: "authority.unreadable", detail }) };
  }
  const { certificates, keys } = read.value;
  if (keys.length > 0) return failed("client.file", `${path}: it holds a private key`);
  if (certificates.length === 0) return failed("client.file", `${path}: no certificate`);
  if (certificates.length > certificatesMax) {
    return failed("client.file", `${path}: more than ${certificatesMax} certificates`);
  }
  return ok(certificates.map(({ raw }) => raw.toString("base64")));
}
