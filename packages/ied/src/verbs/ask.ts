import { exitCode } from "@gridward/core/api/exit-code";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import { askSecret, readSecretFile } from "@gridward/runtime/os/prompt";
import { costMax, costMin, parseCosts } from "@gridward/core/domain/server-order";
import { askLocal } from "../access/ask-local.ts";
import type { ChangeRequest, LocalAnswer, LocalRequest } from "../access/request.ts";
import { displayTimeoutMax, displayTimeoutMin } from "../authority/sessions.ts";
import { devicePaths, intervalMax, intervalMin, loadConfig, revocationModes } from "../config.ts";
import { failed, parseRefusal, refused, type VerbFailure } from "./failure.ts";
import type { Asked, VerbOutcome } from "./verb.ts";

/** ied login DIR USER [--password-file F|-]; refused: exit 3 with the event. */
export async function login(asked: Asked): Promise<VerbOutcome> {
  const [name] = asked.operands;
  if (name === undefined) return failed("ied.wrong-use", "login DIR USER");
  const password = await readPassword(asked, name);
  if (!password.ok) return password;
  const request = { verb: "login", name, password: password.value.reveal() } as const;
  return asks(asked, request, exitCode.notSignedIn);
}

/** ied logout DIR [USER]: without a name everybody at this device. */
export async function logout(asked: Asked): Promise<VerbOutcome> {
  return asks(asked, { verb: "logout", name: asked.operands[0] ?? null });
}

/** ied check DIR USER RIGHT [OBJECT]: exit 0 allow, 7 refuse. */
export async function check(asked: Asked): Promise<VerbOutcome> {
  const [name, right, object = null] = asked.operands;
  if (name === undefined || right === undefined) {
    return failed("ied.wrong-use", "check DIR USER RIGHT [OBJECT]");
  }
  return asks(asked, { verb: "check", name, right, object }, exitCode.refusedByRule);
}

export async function athstat(asked: Asked): Promise<VerbOutcome> {
  return asks(asked, { verb: "athstat" });
}

/** ied set DIR KEY=VALUE: all that may be set at the device without a sign-in. */
export async function set(asked: Asked): Promise<VerbOutcome> {
  const [, key = "", value = ""] = /^([a-z-]+)=(\S+)$/.exec(asked.operands[0] ?? "") ?? [];
  const change = readChange(key, value);
  return change.ok
    ? asks(asked, { verb: "set", change: change.value })
    : failed("ied.wrong-use", change.error);
}

const minutesKeys = new Map([
  ["replica-interval", { key: "replica_interval", min: intervalMin, max: intervalMax }],
  ["display-timeout", { key: "display_timeout", min: displayTimeoutMin, max: displayTimeoutMax }],
] as const);

function readChange(key: string, value: string): Result<ChangeRequest, string> {
  for (const [name, { key: of, min, max }] of minutesKeys) {
    const minutes = /^\d{1,4}$/.test(value) ? Number(value) : 0;
    if (name === key && minutes >= min && minutes <= max) return ok({ key: of, value: minutes });
  }
  const mode = revocationModes.find((each) => each === value);
  if (key === "revocation" && mode !== undefined) return ok({ key, value: mode });
  if (key === "cost") {
    const costs = parseCosts(value);
    return costs.ok
      ? ok({ key, value: Object.fromEntries(costs.value) })
      : err(`cost=${costs.error}`);
  }
  const minutes = [...minutesKeys].map(([name, { min, max }]) => `${name}=${min}…${max} (minutes)`);
  const modes = `revocation=${revocationModes.join("|")}`;
  return err(`${minutes.join(", ")}, ${modes} or cost=SERVER=${costMin}…${costMax},…`);
}

/** Asks the running device. `refusedExit` where the verb has one exit code for every refusal. */
async function asks(
  asked: Asked,
  request: LocalRequest,
  refusedExit?: number,
): Promise<VerbOutcome> {
  const answer = await askLocal(asked.directory, request, asked.timeout);
  if (answer === "timed out") return failed("ied.timed-out");
  if (answer === "not running") return notRunning(asked);
  return outcomeOf(answer, refusedExit);
}

function notRunning({ directory }: Asked): VerbOutcome {
  const config = loadConfig(devicePaths(directory));
  const isThere = config.ok || config.error.code === "malformed";
  return failed(isThere ? "ied.not-running" : "ied.not-initialised", directory);
}

export function outcomeOf(answer: LocalAnswer, refusedExit?: number): VerbOutcome {
  if (answer.ok) {
    const { data, device, warnings } = answer;
    return ok({ data, meta: { device }, warnings });
  }
  const refusal = refused(parseRefusal(answer.code, answer.detail), refusedExit);
  if (answer.event === null) return refusal;
  const { error, exit } = refusal.error;
  return err({ exit, error: { ...error, event: answer.event } });
}

async function readPassword(
  asked: Asked,
  name: string,
): Promise<Result<Secret<string>, VerbFailure>> {
  if (asked.passwordFile !== undefined) {
    const secret = readSecretFile(asked.passwordFile);
    return secret.ok ? secret : failed("ied.file", `${asked.passwordFile}: ${secret.error}`);
  }
  if (!asked.isInteractive) {
    return failed("ied.wrong-use", "--password-file FILE, as nobody can be asked");
  }
  return ok(await askSecret(`Password of ${name}: `));
}
