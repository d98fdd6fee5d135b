import { exitCode } from "@gridward/core/api/exit-code";
import { err } from "@gridward/core/base/result";
import { refusalSpec, type Refusal } from "@gridward/core/domain/refusal";
import type { Failure } from "@gridward/runtime/os/output";

/** Why a verb was not carried out, with its exit code. */
export interface VerbFailure {
  readonly error: Failure;
  readonly exit: number;
}

/** What only these verbs can run into; everything else comes from the table of refusals. */
const verbFailures = {
  "witness.wrong-use": {
    exit: exitCode.wrongUse,
    message: "The command is not complete or not understood.",
    remedy: "Run `gridward witness --help`.",
  },
  "witness.not-initialised": {
    exit: exitCode.notFound,
    message: "There is no witness in this directory.",
    remedy: "Run `gridward witness init DIR` first.",
  },
  "witness.already-running": {
    exit: exitCode.alreadySo,
    message: "A witness already runs on this directory.",
    remedy: "Stop it first.",
  },
  "witness.unsupported": {
    exit: exitCode.fault,
    message: "The register was written by a later release.",
    remedy: "Run that release; an older one must not guess what the register means.",
  },
  "witness.disk": {
    exit: exitCode.fault,
    message: "The register could not be written, so the witness ended.",
    remedy: "Repair the disk and start it again: what was answered before is kept.",
  },
} as const;

export function failed(
  code: keyof typeof verbFailures,
  where: string | null = null,
): { readonly ok: false; readonly error: VerbFailure } {
  const { exit, message, remedy } = verbFailures[code];
  return err({ exit, error: { code, message, remedy, where, next: [], id: null } });
}

export function refused({ code, detail }: Refusal): {
  readonly ok: false;
  readonly error: VerbFailure;
} {
  if (code === "config.not-initialised") return failed("witness.not-initialised", detail);
  const { says, remedy, exit } = refusalSpec(code);
  const where = detail === "" ? null : detail;
  return err({ exit, error: { code, message: says, remedy, where, next: [], id: null } });
}
