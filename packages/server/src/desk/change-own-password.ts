import type { ChangeAnswer } from "@gridward/core/api/route";
import type { RequestId } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import type { Command } from "@gridward/core/domain/command";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { AccountRow, Actor } from "@gridward/core/domain/types";
import type { SignInAttempt } from "../parts.ts";
import type { DeskParts } from "./desk-parts.ts";
import { makeNewPassword, type PasswordParts } from "./new-password.ts";
import { checkTakesChanges, giveOrder } from "./order.ts";

/** A change of one's own password, by whichever door. */
export interface OwnChange {
  readonly account: AccountRow;
  /** Null where it was proved minutes ago, by a code that may be spent. */
  readonly current: Secret<string> | null;
  readonly chosen: Secret<string>;
  readonly actor: Actor;
  readonly requestId: RequestId;
  readonly dryRun?: boolean | undefined;
}

export type OwnChangeParts = PasswordParts & {
  readonly refusals: DeskParts["refusals"];
};

/** The one way: the same proof, the same policy and the same events, whoever carries it (AM3). */
export async function changeOwnPassword(
  parts: OwnChangeParts,
  change: OwnChange,
): Promise<Result<ChangeAnswer, Refusal>> {
  const done = await tryToChange(parts, change);
  const { actor, account } = change;
  const refused = { actor, account: account.name };
  if (!done.ok) parts.refusals.onPasswordRefused({ ...refused, refusal: done.error });
  return done;
}

async function tryToChange(
  parts: OwnChangeParts,
  { account, current, chosen, actor, requestId, dryRun }: OwnChange,
): Promise<Result<ChangeAnswer, Refusal>> {
  const takes = checkTakesChanges(parts.front);
  if (!takes.ok) return takes;
  const { id, name, policy } = account;
  const proved =
    current === null ? ok(null) : await proveCurrent(parts, { account, current, actor });
  if (!proved.ok) return proved;
  const owner = { name, policy, present: account };
  const password = await makeNewPassword(parts, owner, chosen.reveal());
  if (!password.ok) return password;
  const command: Command = { kind: "change-password", id, password: password.value };
  return giveOrder(parts.front, { command, caller: { actor, requestId }, dryRun });
}

/** Whoever finds an open session must not be able to take the account over with it. */
async function proveCurrent(
  { front }: OwnChangeParts,
  {
    account,
    current,
    actor,
  }: {
    readonly account: AccountRow;
    readonly current: Secret<string>;
    readonly actor: Actor;
  },
): Promise<Result<null, Refusal>> {
  const attempt: SignInAttempt = {
    door: actor.door,
    name: account.name,
    password: current,
    isForChange: true,
    mayChange: true,
    source: actor.source,
  };
  const answer = await front.signIn(attempt);
  if (answer.outcome === "accepted") return ok(null);
  const { refusal } = answer;
  // To whoever knew it once it may be said that it has ended; nothing else of why.
  if (answer.outcome === "unavailable" || refusal.code === "password.expired") return err(refusal);
  return err({ code: "credential.rejected", detail: "the present password" });
}
