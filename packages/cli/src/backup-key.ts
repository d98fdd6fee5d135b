import type { Command } from "commander";
import { backupRoutes } from "@gridward/core/api/backup-routes";
import { localRoutes } from "@gridward/core/api/local-routes";
import { serverRoutes } from "@gridward/core/api/server-routes";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import { askSecret } from "@gridward/runtime/os/prompt";
import {
  freshRecoveryKey,
  openRecoveryKey,
  type RecoveryKey,
} from "@gridward/runtime/os/recovery-key";
import { callRoute } from "./api-client.ts";
import {
  carryOut,
  changeQuery,
  localTarget,
  talk,
  type Asked,
  type Cli,
  type Outcome,
} from "./cli.ts";
import { cannotBeTried, refusalFailure, type CommandFailure } from "./failure.ts";
import { readSecret } from "./input-file.ts";
import { order, shown } from "./order.ts";

interface Desk {
  readonly cli: Cli;
  readonly asked: Asked;
}

/** gridward backup key …: it is made here, and only its public half goes to a server. */
export function addRecoveryKeyVerbs(backup: Command, cli: Cli): void {
  const key = backup.command("key").description("the recovery key, which alone opens backups");
  key
    .command("create")
    .description("make a recovery key and show it once; it counts when it was typed back")
    .action(async (_: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => createKey({ cli, asked })),
    );
  key
    .command("confirm")
    .description("type a recovery key back: backups are sealed to it from now on")
    .option("--key-file <file>", 'recovery key, "-" for standard input')
    .action(async ({ keyFile }: { readonly keyFile?: string }, command: Command) =>
      carryOut(cli, command, async (asked) => confirmKey({ cli, asked }, keyFile)),
    );
}

/** Without anybody to ask, the key is shown and waits for `confirm`; nothing remembers it. */
async function createKey(desk: Desk): Promise<Outcome> {
  if (desk.cli.program.isInteractive) return setUpRecoveryKey(desk);
  const recoveryKey = freshRecoveryKey().reveal();
  const next = "It counts after `gridward backup key confirm --key-file FILE`.";
  return ok({ data: { recovery_key: recoveryKey, counts: false, next }, meta: null });
}

/** Shows a fresh key, has it typed back, and gives its public half to the system. */
export async function setUpRecoveryKey(desk: Desk): Promise<Outcome> {
  const { cli, asked } = desk;
  if (asked.dryRun) return cannotBeTried();
  // Nobody shall write a key down for nothing.
  const reached = await look(desk);
  if (!reached.ok) return reached;
  const spelt = freshRecoveryKey();
  cli.terminal.talk(
    "This recovery key alone opens the backups of this system. It is shown once and kept nowhere.\n" +
      `Write it down and keep it apart from the servers:\n\n    ${spelt.reveal()}\n\n`,
  );
  const typed = await askSecret("Type it back: ");
  const shownKey = openKey(spelt);
  const typedKey = openKey(typed);
  if (!typedKey.ok) return typedKey;
  const isSame = shownKey.ok && shownKey.value.publicKey === typedKey.value.publicKey;
  if (!isSame) return err(refusalFailure({ code: "backup.mistyped-key", detail: "another key" }));
  return registerKey(desk, typedKey.value);
}

async function look({ cli, asked }: Desk): Promise<Outcome> {
  const input = { params: {}, query: {}, body: null };
  if (asked.local === null) {
    return shown(await order({ cli, asked }, serverRoutes.serverStatus, input));
  }
  const target = localTarget(asked.local);
  return shown(await callRoute(target, localRoutes.localStatus, input, asked));
}

async function confirmKey(desk: Desk, file: string | undefined): Promise<Outcome> {
  const opened = await readRecoveryKey(desk.cli, file);
  if (!opened.ok) return opened;
  return registerKey(desk, opened.value.key);
}

async function registerKey({ cli, asked }: Desk, { publicKey }: RecoveryKey): Promise<Outcome> {
  const body = { public_key: publicKey };
  const registered = await register();
  if (registered.ok) talk(cli, asked, `Backups are sealed to the key ${publicKey.slice(0, 8)}…`);
  return registered;

  async function register(): Promise<Outcome> {
    if (asked.local === null) {
      const input = { params: {}, query: changeQuery(asked), body };
      return shown(await order({ cli, asked }, backupRoutes.backupKeySet, input));
    }
    const input = { params: {}, query: {}, body };
    const target = localTarget(asked.local);
    return shown(await callRoute(target, localRoutes.localBackupKey, input, asked));
  }
}

/** The recovery key from a file or a prompt, refused here when it is none or mistyped. */
export async function readRecoveryKey(
  cli: Cli,
  file: string | undefined,
): Promise<Result<{ readonly typed: Secret<string>; readonly key: RecoveryKey }, CommandFailure>> {
  const question = "Recovery key: ";
  const typed = await readSecret(cli.program, { file, question, option: "--key-file" });
  if (!typed.ok) return typed;
  const key = openKey(typed.value);
  return key.ok ? ok({ typed: typed.value, key: key.value }) : key;
}

function openKey(typed: Secret<string>): Result<RecoveryKey, CommandFailure> {
  const opened = openRecoveryKey(typed);
  if (opened.ok) return opened;
  const code = opened.error === "mistyped" ? "backup.mistyped-key" : "backup.bad-key";
  return err(refusalFailure({ code, detail: "" }));
}
