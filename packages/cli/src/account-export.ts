import type { Command } from "commander";
import { accountSetRoutes, type AccountExportRow } from "@gridward/core/api/account-set-routes";
import { ok } from "@gridward/core/base/result";
import { encodeLdif, type LdifEntry } from "@gridward/core/codec/account-file/ldif";
import { joinList } from "@gridward/core/codec/account-file/list-text";
import { writeRole } from "@gridward/core/codec/account-file/role-text";
import { newFileFault } from "@gridward/runtime/os/files";
import { renderCsv } from "@gridward/runtime/os/render";
import { fileFormats } from "./account-file.ts";
import { writeOut } from "./ca-file.ts";
import { carryOut, type Asked, type Cli, type Outcome } from "./cli.ts";
import { failed } from "./failure.ts";
import { order, wholeList } from "./order.ts";

interface ExportOptions {
  readonly out: string;
  readonly format: string;
  readonly group?: string;
  readonly role?: string;
}

/** gridward account export */
export function addExportVerb(account: Command, cli: Cli): void {
  account
    .command("export")
    .description("write accounts to a file that `account import` reads; it has no secret")
    .requiredOption("--out <file>", "where to write it")
    .option("--format <format>", fileFormats.join(" or "), "csv")
    .option("--group <group>", "only members of this group")
    .option("--role <role>", "only those with this role")
    .action(async (options: ExportOptions, command: Command) =>
      carryOut(cli, command, async (asked) => exportAccounts(cli, asked, options)),
    );
}

async function exportAccounts(
  cli: Cli,
  asked: Asked,
  { out, format: wanted, group, role }: ExportOptions,
): Promise<Outcome> {
  const format = fileFormats.find((one) => one === wanted);
  if (format === undefined) return failed("client.wrong-use", `--format ${wanted}: csv or ldif`);
  const fault = newFileFault(out);
  if (fault !== undefined) return failed("client.new-file", fault);
  const rows: AccountExportRow[] = [];
  const pages = await wholeList({}, async (query) => {
    const page = await order({ cli, asked }, accountSetRoutes.accountExport, {
      params: {},
      query: { group, role, limit: query.limit, cursor: query.cursor },
      body: null,
    });
    if (page.ok) rows.push(...page.value.data.rows);
    return page;
  });
  if (!pages.ok) return pages;
  const written = writeOut(out, format === "csv" ? csvOf(rows) : encodeLdif(rows.map(entryOf)));
  if (!written.ok) return written;
  return ok({ data: { file: out, format, accounts: rows.length }, meta: pages.value.meta });
}

/** "none" is what tells an import that there is none: an empty cell says nothing. */
function csvOf(rows: readonly AccountExportRow[]): string {
  const cells = rows.map((row) => ({
    name: row.name,
    display_name: row.display_name,
    roles: joinList(rolesOf(row)) || "none",
    groups: joinList(row.groups) || "none",
    policy: row.policy,
    enabled: String(row.enabled),
  }));
  return renderCsv(cells, ["name", "display_name", "roles", "groups", "policy", "enabled"]);
}

function rolesOf({ role_assignments: roles }: AccountExportRow): readonly string[] {
  return roles.map(({ name, area, not_before: from, not_after: until }) =>
    writeRole({
      name,
      area,
      notBefore: from === null ? null : Date.parse(from),
      notAfter: until === null ? null : Date.parse(until),
    }),
  );
}

/** As the LDAP directory shows the account, with dates of roles, groups and policy beside. */
function entryOf(row: AccountExportRow): LdifEntry {
  const { name, dn, display_name: displayName, uid_number: uidNumber, groups, policy } = row;
  const shownName = displayName.trim() || name;
  const classes = ["inetOrgPerson", "posixAccount", "gridwardAccount"];
  return {
    dn,
    attributes: [
      ...classes.map((one) => ["objectClass", one] as const),
      ["uid", name],
      ["cn", shownName],
      ["sn", shownName.split(" ").at(-1) ?? name],
      ["displayName", shownName],
      ["uidNumber", String(uidNumber)],
      ["gidNumber", String(uidNumber)],
      ["homeDirectory", `/home/${name}`],
      ["gridwardEnabled", row.enabled ? "TRUE" : "FALSE"],
      ["gridwardPolicy", policy],
      ...groups.map((one) => ["gridwardGroup", one] as const),
      ...rolesOf(row).map((one) => ["gridwardAssignment", joinList([one])] as const),
    ],
  };
}
