import type { ChangeAnswer } from "@gridward/core/api/route";
import { requestId, type RequestId } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import { utf8 } from "@gridward/core/base/bytes";
import type { Command } from "@gridward/core/domain/command";
import { decide, findAnswer } from "@gridward/core/domain/decide";
import type { Refusal } from "@gridward/core/domain/refusal";
import { askerOf } from "@gridward/core/domain/tables";
import { sha256 } from "@gridward/runtime/os/hash";
import type { SystemKey } from "@gridward/runtime/os/seal";
import { spellCrockford } from "../crockford.ts";
import type { FrontEndParts } from "../parts.ts";
import type { Caller } from "./caller.ts";

/** A command with who gives it, and whether it is only tried. */
export interface Order {
  readonly command: Command;
  readonly caller: Pick<Caller, "actor" | "requestId">;
  readonly dryRun: boolean | undefined;
}

/**
 * Submits a command, or judges it as it would be judged now and changes nothing. What a request
 * answered before, it answers again.
 */
export async function giveOrder(
  front: FrontEndParts,
  { command, caller, dryRun }: Order,
): Promise<Result<ChangeAnswer, Refusal>> {
  const { actor, requestId: id } = caller;
  if (dryRun === true) {
    const decision = decide(front.state(), { command, actor, at: front.now(), requestId: id });
    return decision.ok ? ok({ sequence: null, id: null, dry_run: true }) : decision;
  }
  const receipt = await front.submit({ command, actor, requestId: id });
  if (!receipt.ok) return receipt;
  const { seq, answer } = receipt.value;
  return ok({ sequence: seq, id: answer.id ?? null, dry_run: false });
}

/**
 * The Main makes changes and a fresh Standby passes them on to it; said before a password is hashed
 * for nothing.
 */
export function checkTakesChanges(front: Pick<FrontEndParts, "condition">): Result<null, Refusal> {
  const { duty, fresh } = front.condition();
  return duty === "standby" && fresh ? ok(null) : checkMain(front);
}

/** What only the Main does itself: a join code names the server that made it. */
export function checkMain(front: Pick<FrontEndParts, "condition">): Result<null, Refusal> {
  const { duty, state } = front.condition();
  if (duty === "main" || duty === "lone") return ok(null);
  const code = duty === "standby" || duty === "fenced" ? "pair.not-main" : "server.unavailable";
  return err({ code, detail: state });
}

/** A request that needs two commands gives the second one an id of its own, the same at a retry. */
export function followUp(id: RequestId, step: string): RequestId {
  return requestId(spellCrockford(sha256(utf8(`${id} ${step}`))));
}

/**
 * What this request answered when it came first, if it came before: what it was checked for need
 * not hold any more (a deleted account is not found).
 */
export function repeatedAnswer(front: FrontEndParts, caller: Caller): ChangeAnswer | undefined {
  const row = findAnswer(front.state(), caller.requestId);
  if (row?.by !== askerOf(caller.actor)) return undefined; // The writer refuses a foreign id.
  return { sequence: row.seq, id: row.answer.id ?? null, dry_run: false };
}

/** A blank server has no system and so no key. */
export function systemKeyOf(systemKey: () => SystemKey | null): Result<SystemKey, Refusal> {
  const key = systemKey();
  return key === null ? err({ code: "system.blank", detail: "" }) : ok(key);
}
