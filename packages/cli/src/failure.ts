import { exitCode } from "@gridward/core/api/exit-code";
import type { ApiError } from "@gridward/core/api/envelope";
import { err } from "@gridward/core/base/result";
import { isRefusalCode, refusalSpec, type Refusal } from "@gridward/core/domain/refusal";
import type { Failure } from "@gridward/runtime/os/output";

/** Why a command was not carried out, with its exit code. */
export interface CommandFailure {
  readonly error: Failure;
  readonly exit: number;
}

/** What only a client can run into; everything else comes from the table of refusals. */
const clientFailures = {
  "client.wrong-use": {
    exit: exitCode.wrongUse,
    message: "The command is not complete or not understood.",
    remedy: "Run it with --help.",
  },
  "client.no-server": {
    exit: exitCode.noServer,
    message: "No server can be reached.",
    remedy: "Check address and network, or name another server with --server URL.",
  },
  "client.only-standby": {
    exit: exitCode.onlyStandby,
    message: "Only a Standby answers, and the Main it names cannot be reached.",
    remedy: "Run `gridward pair status`; promote the Standby if the Main is lost for good.",
  },
  "client.timed-out": {
    exit: exitCode.timedOut,
    message: "The answer did not come in time.",
    remedy: "Look whether the change was made before you repeat the command.",
  },
  "client.not-signed-in": {
    exit: exitCode.notSignedIn,
    message: "Nobody is signed in here.",
    remedy: "Run `gridward login USER --server URL`.",
  },
  "client.not-ours": {
    exit: exitCode.fault,
    message: "The answer does not come from a Gridward server of a version that is understood.",
    remedy: "Check the address; update this program if the server is newer.",
  },
  "client.untrusted-server": {
    exit: exitCode.noServer,
    message: "The server's certificate is not trusted, so nothing was sent.",
    remedy:
      "Name its CA with --ca FILE (DIR/certificates/authority.pem on the server), or compare the " +
      "fingerprint with the one `gridward server status DIR` shows there and give --fingerprint.",
  },
  "client.only-by-former": {
    exit: exitCode.refusedByRule,
    message:
      "Without the former authority this program would not believe a server, so it is not given up.",
    remedy:
      "Run `gridward security certificates list --server URL` of that server, and take away what " +
      "the former authority issued. Where another authority is meant, name it with --ca FILE.",
  },
  "client.file": {
    exit: exitCode.wrongUse,
    message: "The file cannot be used.",
    remedy: "Check its name and who may read it.",
  },
  "client.new-file": {
    exit: exitCode.wrongUse,
    message: "No new file can be made there, so nothing was done.",
    remedy: "Name a file that does not exist yet, in a directory in which you may write.",
  },
  "client.not-owner": {
    exit: exitCode.notAllowed,
    message: "The data directory belongs to another user.",
    remedy: "Run it as the user under whom the server runs, or sign in and name --server URL.",
  },
  "client.not-confirmed": {
    exit: exitCode.wrongUse,
    message: "The command was not confirmed, so nothing was done.",
    remedy: "Repeat it with --yes.",
  },
  "client.wait-over": {
    exit: exitCode.timedOut,
    message: "The server did not reach the state in time.",
    remedy: "Run `gridward server status DIR` to see what it waits for.",
  },
} as const;

export type ClientFailureCode = keyof typeof clientFailures;

export function clientFailure(
  code: ClientFailureCode,
  where: string | null = null,
  next: readonly string[] = [],
): CommandFailure {
  const { exit, message, remedy } = clientFailures[code];
  return { exit, error: { code, message, remedy, where, next, id: null } };
}

export function failed(
  code: ClientFailureCode,
  where: string | null = null,
): { readonly ok: false; readonly error: CommandFailure } {
  return err(clientFailure(code, where));
}

/** What nobody can judge without doing it: `--dry-run` changes nothing, whatever the verb. */
export function cannotBeTried(): ReturnType<typeof failed> {
  return failed("client.wrong-use", "--dry-run: it cannot be only tried");
}

/** A refusal of our own code, on this side of the wire. */
export function refusalFailure({ code, detail }: Refusal): CommandFailure {
  const { exit, says, remedy } = refusalSpec(code);
  const where = detail === "" ? null : detail;
  return { exit, error: { code, message: says, remedy, where, next: [], id: null } };
}

/** What a server said. A newer one may know codes that we do not: then the status decides. */
export function answerFailure(error: ApiError, status: number): CommandFailure {
  if (isRefusalCode(error.code)) {
    const { exit, remedy } = refusalSpec(error.code);
    return { exit, error: { ...error, remedy } };
  }
  const remedy = "Look up the id in the log of the server.";
  return { exit: exitOf(status), error: { ...error, remedy } };
}

function exitOf(status: number): number {
  if (status === 401) return exitCode.notSignedIn;
  if (status === 403) return exitCode.notAllowed;
  if (status === 404) return exitCode.notFound;
  if (status === 409) return exitCode.alreadySo;
  if (status === 422) return exitCode.refusedByRule;
  return status < 500 ? exitCode.wrongUse : exitCode.fault;
}
