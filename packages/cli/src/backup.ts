import { resolve } from "node:path";
import type { Command } from "commander";
import { backupRoutes } from "@gridward/core/api/backup-routes";
import { localRoutes } from "@gridward/core/api/local-routes";
import { callRoute } from "./api-client.ts";
import { addRecoveryKeyVerbs, setUpRecoveryKey } from "./backup-key.ts";
import { previewRestore, restoreBackup, verifyBackup, type RestoreOptions } from "./backup-file.ts";
import { carryOut, localTarget, type Asked, type Cli, type Outcome } from "./cli.ts";
import { failed } from "./failure.ts";
import { order, shown, shownRows } from "./order.ts";

const nothing = { params: {}, query: {}, body: null } as const;

/** gridward backup … */
export function addBackupVerbs(root: Command, cli: Cli): void {
  const backup = root.command("backup").description("copies of the whole database, sealed");
  addRecoveryKeyVerbs(backup, cli);
  backup
    .command("create")
    .description("write a backup of the running server that is asked")
    .option("--out <file>", "where to (with --local DIR); else into its backup directory")
    .action(async ({ out }: { readonly out?: string }, command: Command) =>
      carryOut(cli, command, async (asked) => createBackup(cli, asked, out)),
    );
  backup
    .command("list")
    .description("list the backups in the backup directory of a running server, newest first")
    .action(async (_: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => listBackups(cli, asked)),
    );
  backup
    .command("verify <file>")
    .description("verify a backup without restoring it, with the recovery key or without")
    .option("--key-file <file>", 'recovery key, "-" for standard input')
    .option("--without-key", "verify only what needs no key")
    .action(
      async (
        file: string,
        options: { readonly keyFile?: string; readonly withoutKey?: boolean },
        command: Command,
      ) => carryOut(cli, command, async () => verifyBackup(cli, file, options)),
    );
  backup
    .command("restore <file>")
    .description("put a backup in the place of a stopped server's database, under a new term")
    .requiredOption("--into <dir>", "data directory of that server, or one just initialised")
    .option("--key-file <file>", 'recovery key, "-" for standard input')
    .option("--above <term>", "start above this term, as a device shows it", "0")
    .action(async (file: string, options: RestoreOptions, command: Command) =>
      carryOut(cli, command, async (asked) =>
        asked.dryRun
          ? previewRestore(cli, file, options)
          : restoreBackup({ cli, asked }, file, options),
      ),
    );
}

/** The first backup needs a key: where somebody sits there, it is made now. */
async function createBackup(cli: Cli, asked: Asked, out: string | undefined): Promise<Outcome> {
  if (out !== undefined && asked.local === null) {
    return failed("client.wrong-use", "--out goes with --local DIR: the server writes the file");
  }
  const file = out === undefined ? null : resolve(out);
  const first = await orderBackup(cli, asked, file);
  const isKeyless = !first.ok && first.error.error.code === "backup.no-key";
  if (!isKeyless || !cli.program.isInteractive) return first;
  const key = await setUpRecoveryKey({ cli, asked });
  return key.ok ? orderBackup(cli, asked, file) : key;
}

async function orderBackup(cli: Cli, asked: Asked, file: string | null): Promise<Outcome> {
  if (asked.local === null) {
    return shown(await order({ cli, asked }, backupRoutes.backupCreate, nothing));
  }
  const target = localTarget(asked.local);
  const input = { params: {}, query: {}, body: { file } };
  return shown(await callRoute(target, localRoutes.localBackup, input, asked));
}

const listColumns = ["at", "server", "term", "sequence", "accounts", "recovery_key", "file"];

async function listBackups(cli: Cli, asked: Asked): Promise<Outcome> {
  if (asked.local === null) {
    return shownRows(await order({ cli, asked }, backupRoutes.backupList, nothing), listColumns);
  }
  const target = localTarget(asked.local);
  const listed = await callRoute(target, localRoutes.localBackupList, nothing, asked);
  return shownRows(listed, listColumns);
}
