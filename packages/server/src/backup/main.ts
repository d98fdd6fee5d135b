import { resolve } from "node:path";
import { z } from "zod";
import { err, ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import { systemClock } from "@gridward/runtime/os/clock";
import { processTerminal } from "@gridward/runtime/os/output";
import { readSecretFile } from "@gridward/runtime/os/prompt";
import { endWith, thisProgram } from "@gridward/runtime/os/program";
import { openRecoveryKey, type RecoveryKey } from "@gridward/runtime/os/recovery-key";
import { accountText, systemAccount } from "@gridward/runtime/os/system-account";
import { prepareRestore } from "./prepare-restore.ts";
import { previewRestore } from "./preview-restore.ts";
import { restore } from "./restore.ts";
import { verifyBackup } from "./verify-backup.ts";

// `gridward backup verify` and `backup restore` ask this program: what to do in one JSON word, the
// recovery key, if there is one, on standard input.
const program = thisProgram();
const orderShape = z.discriminatedUnion("verb", [
  z.strictObject({ verb: z.literal("verify"), file: z.string(), hasKey: z.boolean() }),
  z.strictObject({
    verb: z.enum(["preview", "restore"]),
    file: z.string(),
    directory: z.string(),
    above: z.int().min(0).max(1_000_000_000),
  }),
]);
const order = orderShape.parse(JSON.parse(program.words[0] ?? "null"));
const answer = await carryOut();
const said = answer.ok ? { done: answer.value } : { refused: answer.error };
processTerminal().data(`${JSON.stringify(said)}\n`);
endWith(answer.ok ? 0 : 1);

async function carryOut(): Promise<Result<object, Refusal>> {
  const now = systemClock().now();
  if (order.verb === "verify" && !order.hasKey) return verifyBackup(order.file, null, now);
  const recovery = readKey();
  if (!recovery.ok) return recovery;
  if (order.verb === "verify") return verifyBackup(order.file, recovery.value, now);
  const { file, above } = order;
  const user = accountText(systemAccount());
  const directory = resolve(order.directory);
  const wanted = { file, directory, recovery: recovery.value, above, user, now };
  if (order.verb === "preview") {
    const prepared = await prepareRestore(wanted);
    return prepared.ok ? ok(previewRestore(prepared.value, wanted)) : prepared;
  }
  const restored = await restore(wanted);
  if (!restored.ok) return restored;
  const { prepared, replaced, seq } = restored.value;
  return ok({ ...previewRestore(prepared, wanted), restored_to: seq, replaced });
}

function readKey(): Result<RecoveryKey, Refusal> {
  const typed = readSecretFile("-");
  const opened = openRecoveryKey(typed.ok ? typed.value : new Secret(""));
  if (opened.ok) return opened;
  return opened.error === "mistyped"
    ? refuse("backup.mistyped-key", "")
    : err({ code: "backup.bad-key", detail: "" });
}
