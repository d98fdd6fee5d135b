import type { AccountId, Sealed } from "../base/identity.ts";
import { assert } from "../base/result.ts";
import type { Instant } from "../base/time.ts";
import { accountOf, type ClientCertificate } from "./mapping.ts";
import type { CommandOf } from "./decision.ts";
import { staleAgeMax } from "./limits.ts";
import { countFailure, isBlockedAt, type FailureCounter } from "./lock-out.ts";
import { normaliseName } from "./names.ts";
import { passwordEnd } from "./policies.ts";
import type { Refusal, RefusalCode } from "./refusal.ts";
import { rolesInForce } from "./roles.ts";
import type { SecurityEventNumber } from "./security-event.ts";
import type { ServerCondition } from "./server-status.ts";
import { checkSignIn, type Denial, type Proof } from "./sign-in-checks.ts";
import type { SignInAnswer } from "./sign-in-answer.ts";
import type { DirectoryState } from "./state.ts";
import type { AccountRow, Door, PolicyRow } from "./types.ts";

export type { Proof };

/**
 * The one pipeline for every door (design §7), in its two pure halves. Between them the caller does
 * the only thing that takes time: it verifies exactly one password hash, whoever asks.
 *
 *   beginSignIn      may this server answer?  which hash is to be verified?
 *   (caller)         verifies that hash or a dummy of the same cost, and the code if there is one
 *   concludeSignIn   the checks of sign-in-checks.ts, in order; then answer, event, counter, lock
 */
export interface SignInQuestion {
  readonly door: Door;
  /** Login name as typed. */
  readonly name: string;
  /** Network address of the peer. */
  readonly source: string;
  /**
   * Found good by the judge of certificates: who it leads to is asked, without a password. `name`
   * is then whom the peer says it is, or "".
   */
  readonly certificate?: ClientCertificate;
  /** The password came over a connection without TLS (CS7). */
  readonly isClear?: boolean;
}

/** What the caller is to verify. Unknown accounts ask for the same work as known ones (AM10). */
export interface Verification {
  readonly account: AccountId | null;
  /** null: verify the dummy. */
  readonly password: Sealed | null;
  /** Of a one-time code; null where none is pending. */
  readonly code: Sealed | null;
}

export type SignInStart =
  | { readonly kind: "answered"; readonly answer: SignInAnswer }
  | { readonly kind: "verify"; readonly verification: Verification };

export function beginSignIn(
  state: DirectoryState,
  condition: ServerCondition,
  question: SignInQuestion,
): SignInStart {
  const refusal = checkCondition(condition);
  if (refusal !== undefined) {
    return { kind: "answered", answer: { outcome: "unavailable", refusal } };
  }
  const account = findAccount(state, question);
  return {
    kind: "verify",
    verification: {
      account: account?.id ?? null,
      password: account?.password?.verifier ?? null,
      code: account?.code?.verifier ?? null,
    },
  };
}

/** By certificate, or by login name as somebody typed it. */
function findAccount(
  state: DirectoryState,
  { name, certificate }: SignInQuestion,
): AccountRow | undefined {
  const id = certificate
    ? accountOf(state, certificate)
    : state.accountsByName.get(normaliseName(name));
  return id === undefined ? undefined : state.tables.accounts.get(id);
}

function checkCondition(condition: ServerCondition): Refusal | undefined {
  if (!condition.canSignIn) return { code: "server.unavailable", detail: condition.state };
  if (condition.fresh || condition.ageMs <= staleAgeMax) return undefined;
  return { code: "server.unavailable", detail: "its accounts are older than 14 days" };
}

/** The moment of the decision, with the newest state: an account may have changed meanwhile. */
export interface SignInMoment {
  readonly state: DirectoryState;
  readonly condition: ServerCondition;
  /** Failures counted on this server for the account; undefined where there were none. */
  readonly counter: FailureCounter | undefined;
  readonly question: SignInQuestion;
}

export interface SignInOutcome {
  readonly answer: SignInAnswer;
  readonly event: SignInEvent;
  /** What becomes of the account's counter: kept as it is, dropped, or replaced. */
  readonly counter: "keep" | "drop" | FailureCounter;
  /** To be submitted when the limit was reached; the block here holds without it. */
  readonly lock: CommandOf<"lock-account"> | null;
}

/** What goes to the event store, also where the peer hears "unavailable". */
export interface SignInEvent {
  readonly event: SecurityEventNumber;
  readonly at: Instant;
  readonly account: AccountId | null;
  readonly question: SignInQuestion;
  /** False: decided without contact to the Main. */
  readonly fresh: boolean;
  readonly reason: RefusalCode | null;
}

export function concludeSignIn(
  verification: Verification,
  claimed: Proof,
  moment: SignInMoment,
): SignInOutcome {
  const { state, condition, counter, question } = moment;
  const { certificate, name, isClear = false } = question;
  const account =
    verification.account === null ? undefined : state.tables.accounts.get(verification.account);
  if (account === undefined) {
    return refused(moment, null, {
      event: 1120,
      refusal: { code: "credential.unknown-account", detail: name.slice(0, 64) },
    });
  }
  const policy = state.tables.policies.get(account.policy);
  assert(policy !== undefined, `the account ${account.id} has the policy ${account.policy}`);
  const proof = stillGood(verification, claimed, { account, moment });
  const { at } = condition;
  const claimedName = certificate === undefined || name === "" ? null : name;
  const denial = checkSignIn({
    door: question.door,
    account,
    policy,
    proof,
    counter,
    at,
    claimed: claimedName,
    isClear,
  });
  if (denial === undefined) return accepted(moment, account, policy, proof);
  const outcome = refused(moment, account.id, denial);
  return denial.isFailure === true ? counted(outcome, account, policy, moment) : outcome;
}

/** A credential that was replaced while its hash was being verified proves nothing any more. */
function stillGood(
  verification: Verification,
  claimed: Proof,
  { account, moment }: { readonly account: AccountRow; readonly moment: SignInMoment },
): Proof {
  const { certificate } = moment.question;
  switch (claimed) {
    case "certificate":
      return certificate && accountOf(moment.state, certificate) === account.id ? claimed : "none";
    case "none":
      return "none";
    case "password":
      return account.password?.verifier === verification.password ? "password" : "none";
    case "code":
      return account.code?.verifier === verification.code ? "code" : "none";
  }
}

function accepted(
  { condition, question: asked }: SignInMoment,
  account: AccountRow,
  policy: PolicyRow,
  proof: Proof,
): SignInOutcome {
  const { at, fresh } = condition;
  const question = { ...asked, name: asked.name === "" ? account.name : asked.name };
  const isCertified = proof === "certificate";
  const mustChange = !isCertified && (proof === "code" || account.password?.mustChange === true);
  const event = mustChange ? 1115 : 1110;
  return {
    answer: {
      outcome: "accepted",
      account,
      roles: rolesInForce(account, at),
      fresh,
      mustChange,
      expiresAt: isCertified ? null : passwordEnd(account, policy),
      event,
    },
    event: { event, at, account: account.id, question, fresh, reason: null },
    counter: "drop",
    lock: null,
  };
}

/** A Standby that lost its Main may be wrong when it refuses, so it says nothing (design §7). */
function refused(
  { condition, question }: SignInMoment,
  account: AccountId | null,
  { event, refusal }: Denial,
): SignInOutcome {
  const { at, fresh } = condition;
  const reason = refusal.code;
  return {
    answer: fresh
      ? { outcome: "refused", refusal, event }
      : { outcome: "unavailable", refusal: { code: "server.not-fresh", detail: "" } },
    event: { event, at, account, question, fresh, reason },
    counter: "keep",
    lock: null,
  };
}

/** DV13: at the limit this server blocks by itself at once and has the others told. */
function counted(
  outcome: SignInOutcome,
  account: AccountRow,
  policy: PolicyRow,
  { condition, counter }: SignInMoment,
): SignInOutcome {
  const next = countFailure(counter, policy, condition.at);
  const until = next.blockedUntil;
  if (until === null || !isBlockedAt(next, condition.at)) return { ...outcome, counter: next };
  const { answer } = outcome;
  return {
    answer: answer.outcome === "refused" ? { ...answer, event: 1170 } : answer,
    event: { ...outcome.event, event: 1170 },
    counter: next,
    lock: { kind: "lock-account", id: account.id, until },
  };
}
