import type { Instant } from "@gridward/core/base/time";
import type { RefusalCode } from "@gridward/core/domain/refusal";
import type { SignInOutcome } from "@gridward/core/domain/sign-in";
import type { Actor } from "@gridward/core/domain/types";
import type { Clock } from "@gridward/runtime/os/clock";
import { freshRequestId } from "@gridward/runtime/os/random";
import type { OwnIdentity } from "./own-identity.ts";
import type { FrontEndParts } from "./parts.ts";

/**
 * What was counted here holds here already; the entry tells the others. On a Standby it waits until
 * there is a Main that takes it, or until it would be over anyway (design §7).
 */
export async function submitCounted(
  {
    identity,
    clock,
    stop,
    submit,
  }: {
    readonly identity: OwnIdentity;
    readonly clock: Clock;
    readonly stop: AbortSignal;
    readonly submit: FrontEndParts["submit"];
  },
  command: NonNullable<SignInOutcome["lock"] | SignInOutcome["grace"]>,
): Promise<void> {
  const { node: id, name } = identity;
  const actor: Actor = { kind: "server", id, name, door: "pair", source: "" };
  const requestId = freshRequestId();
  while (!isPast(command, clock.now()) && !stop.aborted) {
    const done = await submit({ command, actor, requestId });
    if (done.ok || !isOfTheMoment(done.error.code)) return;
    await clock.sleep(retryMs, stop);
  }
}

function isPast(
  command: NonNullable<SignInOutcome["lock"] | SignInOutcome["grace"]>,
  now: Instant,
): boolean {
  return command.kind === "lock-account" && command.until <= now;
}

const retryMs = 5_000;

/** Refusals that say nothing of what was ordered, only of this server and this moment. */
export function isOfTheMoment(code: RefusalCode): boolean {
  return /^(?:pair|disk|server)\./.test(code);
}
