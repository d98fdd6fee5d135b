import {
  sourceKey,
  type AccountId,
  type Sealed,
  type SourceKey,
} from "@gridward/core/base/identity";
import { ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import type { FailureCounter } from "@gridward/core/domain/lock-out";
import { preparePassword } from "@gridward/core/domain/password";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { ServerCondition } from "@gridward/core/domain/server-status";
import {
  beginSignIn,
  concludeSignIn,
  type Proof,
  type SignInEvent,
  type SignInOutcome,
  type Verification,
} from "@gridward/core/domain/sign-in";
import type { SignInAnswer } from "@gridward/core/domain/sign-in-answer";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { GraceUse } from "@gridward/core/domain/types";
import { sourceGroup } from "@gridward/runtime/os/source-group";
import type { PasswordHasher } from "@gridward/runtime/os/argon2";
import type { SystemKey } from "@gridward/runtime/os/seal";
import { matchesCode } from "./one-time-code.ts";
import type { SignInAttempt } from "./parts.ts";
import { openPassword } from "./sealed-password.ts";

export interface SignInParts {
  readonly state: () => DirectoryState;
  readonly condition: () => ServerCondition;
  readonly hasher: PasswordHasher;
  readonly systemKey: () => SystemKey | null;
  /** Failures counted on this server, durable. */
  readonly counters: {
    readonly get: (account: AccountId) => FailureCounter | undefined;
    readonly set: (account: AccountId, counter: FailureCounter) => void;
    readonly drop: (account: AccountId) => void;
  };
  /** Of addresses, by policy; absent where none are counted. */
  readonly sources?: {
    readonly get: (source: SourceKey) => FailureCounter | undefined;
    readonly set: (source: SourceKey, counter: FailureCounter) => void;
  };
  /** Sign-ins after the end of a password, durable; absent where the server counts none. */
  readonly grace?: {
    readonly usesOf: (account: AccountId, version: number) => readonly GraceUse[];
    readonly use: (command: NonNullable<SignInOutcome["grace"]>) => void;
  };
  readonly record: (event: SignInEvent, attempt: SignInAttempt) => void;
  /** Submits the lock to the Main, now or as soon as there is one. */
  readonly lock: (command: NonNullable<SignInOutcome["lock"]>) => void;
}

/**
 * The one way to sign in, behind every door. What is decided is in core/domain/sign-in.ts; here is
 * only what that may not do itself: open the sealed verifier, hash, count, record.
 */
export function openSignIn(parts: SignInParts): (attempt: SignInAttempt) => Promise<SignInAnswer> {
  return async (attempt) => {
    const { device: _, password, ...question } = attempt;
    const start = beginSignIn(parts.state(), parts.condition(), question);
    if (start.kind === "answered") return start.answer;
    const proof = await prove(parts, start.verification, password);
    if (typeof proof !== "string") return { outcome: "unavailable", refusal: proof };
    const { account } = start.verification;
    const state = parts.state();
    const counted = account === null ? undefined : countsOf(parts, state, { account, attempt });
    const moment = { state, condition: parts.condition(), ...(counted ?? noCounts), question };
    const outcome = concludeSignIn(start.verification, proof, moment);
    settle(parts, account, outcome, { attempt, source: counted?.source ?? null });
    return outcome.answer;
  };
}

const noCounts = { counter: undefined, sourceCounter: undefined, graceUsed: [] };

/** All that is counted on this server for a sign-in of a known account. */
function countsOf(
  { counters, sources, grace }: SignInParts,
  state: DirectoryState,
  { account, attempt }: { readonly account: AccountId; readonly attempt: SignInAttempt },
) {
  const row = state.tables.accounts.get(account);
  const source = row === undefined ? null : sourceKey(row.policy, sourceGroup(attempt.source));
  const version = row?.password?.version ?? 0;
  return {
    source,
    counter: counters.get(account),
    sourceCounter: source === null ? undefined : sources?.get(source),
    graceUsed: grace?.usesOf(account, version) ?? [],
  };
}

/**
 * Exactly one hash for whoever asks: of the account's verifier, or of nobody's (AM10). A server that
 * cannot open what is sealed knows nothing of a password: a refusal of its own would count as a
 * failure and in the end lock everybody out, here and on the Main.
 */
async function prove(
  parts: SignInParts,
  verification: Verification,
  typed: Secret<string> | null,
): Promise<Proof | Refusal> {
  // Without a password there is nothing to hash: its certificate was judged before.
  if (typed === null) return "certificate";
  const key = parts.systemKey();
  if (key === null) return { code: "server.unavailable", detail: "its system key is missing" };
  const { password: sealed } = verification;
  const opened = sealed === null ? ok(parts.hasher.dummy) : openVerifier(key, sealed);
  const prepared = preparePassword(typed.reveal());
  const password = new Secret(prepared.ok ? prepared.value : "");
  const verified = await parts.hasher.verify(
    opened.ok ? opened.value : parts.hasher.dummy,
    password,
  );
  if (!verified.ok) return { code: "server.overloaded", detail: "too many sign-ins at once" };
  if (!opened.ok) return { code: "server.unavailable", detail: `a verifier is ${opened.error}` };
  if (prepared.ok && verified.value && verification.password !== null) return "password";
  return proveByCode(key, verification, typed);
}

function proveByCode(key: SystemKey, { code }: Verification, typed: Secret<string>): Proof {
  if (code === null) return "none";
  return matchesCode(key, "first sign-in", { verifier: code, typed }) ? "code" : "none";
}

function openVerifier(key: SystemKey, sealed: Sealed): Result<string, string> {
  const opened = openPassword(key, sealed);
  return opened.ok ? ok(opened.value.reveal()) : opened;
}

function settle(
  parts: SignInParts,
  account: AccountId | null,
  outcome: SignInOutcome,
  { attempt, source }: { readonly attempt: SignInAttempt; readonly source: SourceKey | null },
): void {
  if (account !== null) {
    if (outcome.counter === "drop") parts.counters.drop(account);
    else if (outcome.counter !== "keep") parts.counters.set(account, outcome.counter);
  }
  const { sourceCounter, grace } = outcome;
  if (source !== null && sourceCounter !== "keep") parts.sources?.set(source, sourceCounter);
  if (grace !== null) parts.grace?.use(grace);
  parts.record(outcome.event, attempt);
  if (outcome.lock) parts.lock(outcome.lock);
}
