import { Option, type Command } from "commander";
import type * as z from "zod";
import { certificateRoutes } from "@gridward/core/api/certificate-routes";
import { ok } from "@gridward/core/base/result";
import { certificateProfiles, thirdPartyProfiles } from "@gridward/core/domain/certificate-profile";
import { revocationReasons } from "@gridward/core/domain/revocation-reason";
import { newFileFault } from "@gridward/runtime/os/files";
import { issueFile, signFile, type IssueOptions, type SignOptions } from "./ca-issue.ts";
import { addForeignAuthorityVerbs } from "./ca-authority.ts";
import { writeOut } from "./ca-file.ts";
import { addRollOverVerbs } from "./ca-roll-over.ts";
import { addRootVerbs } from "./ca-root.ts";
import { carryOut, talk, type Asked, type Cli, type Outcome } from "./cli.ts";
import { failed } from "./failure.ts";
import { order, shown, shownRows, wholeList, type ListOptions } from "./order.ts";
import { orderWhenSure } from "./order-when-sure.ts";

const nothing = { params: {}, query: {}, body: null } as const;

interface OutOption {
  readonly out?: string;
}

/** gridward ca …: the daily work of the authority. */
export function addCaVerbs(root: Command, cli: Cli): void {
  const ca = root
    .command("ca")
    .description("the authority: certificates, revocation, trust anchors");
  addList(ca, cli);
  addIssueVerbs(ca, cli);
  ca.command("revoke <certificate>")
    .description(
      "revoke a certificate, by its serial number or by a name that only one valid certificate has; " +
        `--reason is one of ${revocationReasons.join(", ")}`,
    )
    .action(async (certificate: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => revoke(cli, asked, certificate)),
    );
  ca.command("crl")
    .description("show the revocation list of now, or write it (PEM) over the one of yesterday")
    .option("--out <file>", "where to write it")
    .action(async ({ out }: OutOption, command: Command) =>
      carryOut(cli, command, async (asked) => fetchList(cli, asked, out)),
    );
  addRollOverVerbs(ca, cli);
  addForeignAuthorityVerbs(ca, cli);
  addRootVerbs(ca, cli);
  ca.command("export")
    .description("show the trust anchors, or write them (PEM) for whoever shall believe us")
    .option("--out <file>", "new file to write them to")
    .action(async ({ out }: OutOption, command: Command) =>
      carryOut(cli, command, async (asked) => exportAnchors(cli, asked, out)),
    );
}

function addList(ca: Command, cli: Cli): void {
  ca.command("list")
    .description("list the certificates that were issued, with who revoked them and why")
    .option("--search <text>", "only those with this in name, serial number or subject")
    .option("--sort <column>", 'column, "-" before it for falling order')
    .option("--limit <count>", "at most so many")
    .addOption(
      new Option("--profile <profile>", "only of this profile").choices(certificateProfiles),
    )
    .action(
      async (
        options: ListOptions & { readonly profile?: (typeof certificateProfiles)[number] },
        command: Command,
      ) =>
        carryOut(cli, command, async (asked) => {
          const { search, sort, profile } = options;
          const columns = ["serial", "name", "profile", "state", "not_after", "reason"];
          return shownRows(
            await wholeList(options, async (page) =>
              order({ cli, asked }, certificateRoutes.certificateList, {
                params: {},
                query: { search, sort, profile, ...page },
                body: null,
              }),
            ),
            columns,
          );
        }),
    );
}

function addIssueVerbs(ca: Command, cli: Cli): void {
  partyOptions(ca.command("issue <name>"), "file for key and certificate, .p12, .pfx or .pem")
    .description("make key and certificate for a third party, in one file; the key is kept nowhere")
    .addOption(
      new Option("--key-type <type>", "rsa for what knows no other").choices(["ec", "rsa"]),
    )
    .option("--password-file <file>", 'password of the file, "-" for standard input')
    .option("--no-password", "leave the key in a .pem file in clear")
    .action(async (name: string, options: IssueOptions, command: Command) =>
      carryOut(cli, command, async (asked) => issueFile({ cli, asked }, name, options)),
    );
  partyOptions(ca.command("sign <request>"), "new file for certificate and authority, PEM")
    .description("sign a request (CSR): only its public key is used, all else is what you say here")
    .requiredOption("--name <name>", "who it is for")
    .action(async (request: string, options: SignOptions, command: Command) =>
      carryOut(cli, command, async (asked) => signFile({ cli, asked }, request, options)),
    );
}

function partyOptions(command: Command, out: string): Command {
  const collect = (one: string, all: readonly string[] = []): readonly string[] => [...all, one];
  return command
    .addOption(
      new Option("--profile <profile>", "what it is for")
        .choices(thirdPartyProfiles)
        .makeOptionMandatory(),
    )
    .option("--host <host>", "name or address under which it is dialled; may be repeated", collect)
    .option("--email <address>", "of a person or a tool; may be repeated", collect)
    .requiredOption("--out <file>", out);
}

/** Whose it is is told before. */
async function revoke(cli: Cli, asked: Asked, certificate: string): Promise<Outcome> {
  const reason = revocationReasons.find((word) => word === asked.reason);
  if (reason === undefined) {
    return failed("client.wrong-use", `--reason: one of ${revocationReasons.join(", ")}`);
  }
  let named = certificate;
  const revoked = await orderWhenSure(
    { cli, asked },
    async (query) => {
      const input = { params: {}, query, body: { certificate: named, reason } };
      return order({ cli, asked }, certificateRoutes.certificateRevoke, input);
    },
    ({ name, profile, serial }) => {
      // What was told of is revoked, whatever bears the name by then.
      named = serial;
      const line = `${profile} ${name}, serial number ${serial}, is believed no more from then on.`;
      talk(cli, asked, line);
      return { question: "A revoked certificate stays revoked.", answer: name };
    },
  );
  return shown(revoked);
}

async function fetchList(cli: Cli, asked: Asked, out: string | undefined): Promise<Outcome> {
  const fetched = await order({ cli, asked }, certificateRoutes.revocationList, nothing);
  if (!fetched.ok || out === undefined) return shown(fetched);
  const { data, meta } = fetched.value;
  const { pem, ...about } = data;
  const written = writeOut(out, pem);
  return written.ok ? ok({ data: { ...about, file: out }, meta }) : written;
}

async function exportAnchors(cli: Cli, asked: Asked, out: string | undefined): Promise<Outcome> {
  const fault = out === undefined ? undefined : newFileFault(out);
  if (fault !== undefined) return failed("client.new-file", fault);
  const fetched = await order({ cli, asked }, certificateRoutes.authorityExport, nothing);
  if (!fetched.ok) return fetched;
  const { data, meta } = fetched.value;
  const rows = rootsOf(data.rows);
  const columns = ["subject", "fingerprint", "not_after"];
  if (out === undefined) return ok({ data: rows, meta, columns });
  const written = writeOut(out, rows.map(({ pem }) => pem).join(""));
  if (!written.ok) return written;
  const files = rows.map(({ subject, fingerprint, not_after }) => {
    return { subject, fingerprint, not_after, file: out };
  });
  return ok({ data: files, meta });
}

type Authorities = z.output<(typeof certificateRoutes)["authorityExport"]["answer"]>["rows"];

/** What others believe us by: two authorities of ours may have one root. */
function rootsOf(rows: Authorities) {
  const roots = rows.map(({ root, root_fingerprint, root_not_after, pem }) => {
    return { subject: root, fingerprint: root_fingerprint, not_after: root_not_after, pem };
  });
  return [...new Map(roots.map((one) => [one.fingerprint, one])).values()];
}
