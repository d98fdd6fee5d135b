import { exitCode } from "@gridward/core/api/exit-code";
import { err } from "@gridward/core/base/result";
import { isRefusalCode, refusalSpec, type Refusal } from "@gridward/core/domain/refusal";
import type { Failure } from "@gridward/runtime/os/output";

/** Why a verb was not carried out, with its exit code. */
export interface VerbFailure {
  readonly error: Failure & { readonly event?: number };
  readonly exit: number;
}

/** What only these verbs can run into; everything else comes from the table of refusals. */
const verbFailures = {
  "ied.wrong-use": {
    exit: exitCode.wrongUse,
    message: "The command is not complete or not understood.",
    remedy: "Run `gridward ied --help`.",
  },
  "ied.no-terminal": {
    exit: exitCode.wrongUse,
    message: "The panel needs a terminal with a keyboard.",
    remedy: "Run it in one; for scripts there are the other verbs of `gridward ied --help`.",
  },
  "ied.file": {
    exit: exitCode.wrongUse,
    message: "The file cannot be used.",
    remedy: "Check its name and who may read it.",
  },
  "ied.not-initialised": {
    exit: exitCode.notFound,
    message: "There is no device in this directory.",
    remedy: "Run `gridward ied init DIR --package FILE` first.",
  },
  "ied.damaged": {
    exit: exitCode.fault,
    message: "A file of the device is damaged.",
    remedy: "Initialise it again in an empty directory, with a new package.",
  },
  "ied.not-running": {
    exit: exitCode.noServer,
    message: "The device is not running.",
    remedy: "Run `gridward ied run DIR`.",
  },
  "ied.already-running": {
    exit: exitCode.alreadySo,
    message: "A device already runs on this directory.",
    remedy: "Stop it first.",
  },
  "ied.timed-out": {
    exit: exitCode.timedOut,
    message: "The device did not answer in time.",
    remedy: "Run `gridward ied status DIR`.",
  },
  "ied.wait-over": {
    exit: exitCode.timedOut,
    message: "The device did not reach the state in time.",
    remedy: "Run `gridward ied status DIR` to see what it waits for.",
  },
} as const;

export type VerbFailureCode = keyof typeof verbFailures;

export function failed(
  code: VerbFailureCode,
  where: string | null = null,
): { readonly ok: false; readonly error: VerbFailure } {
  const { exit, message, remedy } = verbFailures[code];
  return err({ exit, error: { code, message, remedy, where, next: [], id: null } });
}

/** `exit` where the verb has its own code: a refused sign-in is always 3, a refused check 7. */
export function refused(
  { code, detail }: Refusal,
  exit?: number,
): { readonly ok: false; readonly error: VerbFailure } {
  const { says, remedy, exit: own } = refusalSpec(code);
  const where = detail === "" ? null : detail;
  return err({
    exit: exit ?? own,
    error: { code, message: says, remedy, where, next: [], id: null },
  });
}

/** A refusal that came over the socket, as text. */
export function parseRefusal(code: string, detail: string): Refusal {
  return isRefusalCode(code) ? { code, detail } : { code: "request.malformed", detail: code };
}
