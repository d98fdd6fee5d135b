import type { AccountId, Sealed } from "../base/identity.ts";
import { assert } from "../base/result.ts";
import type { Instant } from "../base/time.ts";
import { accountOf, type ClientCertificate } from "./mapping.ts";
import type { CommandOf } from "./decision.ts";
import { staleAgeMax } from "./limits.ts";
import { countFailure, isBlockedAt, type FailureCounter } from "./lock-out.ts";
import { normaliseName } from "./names.ts";
import { graceLeft, nextUse } from "./grace.ts";
import { endsSoon, passwordEnd } from "./policies.ts";
import type { Refusal, RefusalCode } from "./refusal.ts";
import { rolesInForce } from "./roles.ts";
import type { SecurityEventNumber } from "./security-event.ts";
import type { ServerCondition } from "./server-status.ts";
import {
  addressDoors,
  checkSignIn,
  isOver,
  type Attempt,
  type Denial,
  type Proof,
} from "./sign-in-checks.ts";
import type { SignInAnswer } from "./sign-in-answer.ts";
import type { DirectoryState } from "./state.ts";
import type { AccountRow, Door, GraceUse, PolicyRow } from "./types.ts";

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
  /** At a door where few can: this peer can be told of a must-change, and change the password. */
  readonly mayChange?: boolean;
  /** By who is signed in already, to change the password. */
  readonly isForChange?: boolean;
  /** Access point of the device, for the door "device". */
  readonly accessPoint?: string;
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
  /** Failures counted on this server from the source, against accounts of the account's policy. */
  readonly sourceCounter?: FailureCounter | undefined;
  /** Sign-ins after the end of the account's present password, counted on this server. */
  readonly graceUsed?: readonly GraceUse[];
  readonly question: SignInQuestion;
}

export interface SignInOutcome {
  readonly answer: SignInAnswer;
  readonly event: SignInEvent;
  /** What becomes of the account's counter: kept as it is, dropped, or replaced. */
  readonly counter: "keep" | "drop" | FailureCounter;
  /** The same of the source; a success of one account says nothing of tries at others. */
  readonly sourceCounter: "keep" | FailureCounter;
  /** To be submitted when the limit was reached; the block here holds without it. */
  readonly lock: CommandOf<"lock-account"> | null;
  /** To be counted here and then submitted: the password had ended. */
  readonly grace: CommandOf<"use-grace"> | null;
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
  const { state, question } = moment;
  const account =
    verification.account === null ? undefined : state.tables.accounts.get(verification.account);
  if (account === undefined) {
    return refused(moment, null, {
      event: 1120,
      refusal: { code: "credential.unknown-account", detail: question.name.slice(0, 64) },
    });
  }
  const policy = state.tables.policies.get(account.policy);
  assert(policy !== undefined, `the account ${account.id} has the policy ${account.policy}`);
  const proof = stillGood(verification, claimed, { account, moment });
  const attempt = attemptOf(moment, { account, policy, proof });
  const denial = checkSignIn(attempt);
  if (denial === undefined) return accepted(moment, attempt);
  const outcome = refused(moment, account.id, denial);
  return denial.isFailure === true ? counted(outcome, attempt, moment) : outcome;
}

function attemptOf(
  { condition, counter, sourceCounter, graceUsed = [], question }: SignInMoment,
  of: Pick<Attempt, "account" | "policy" | "proof">,
): Attempt {
  const { certificate, name, isClear = false, mayChange = false, isForChange = false } = question;
  return {
    ...of,
    door: question.door,
    counter,
    sourceCounter,
    graceLeft: graceLeft(of.account, of.policy, graceUsed),
    at: condition.at,
    claimed: certificate === undefined || name === "" ? null : name,
    isClear,
    // Over a connection without TLS nobody sends a new password.
    mayChange: mayChange && !isClear,
    isForChange,
    accessPoint: question.accessPoint ?? null,
  };
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

function accepted(moment: SignInMoment, attempt: Attempt): SignInOutcome {
  const { condition, question: asked } = moment;
  const { at, fresh } = condition;
  const { account, proof } = attempt;
  const question = { ...asked, name: asked.name === "" ? account.name : asked.name };
  const isLate = isOver(attempt);
  const isSet = proof === "password" && account.password?.mustChange === true;
  const mustChange = isLate || isSet || proof === "code";
  const event = mustChange ? 1115 : 1110;
  const grace = isLate && !attempt.isForChange ? useOf(moment, account) : null;
  return {
    answer: {
      outcome: "accepted",
      account,
      roles: rolesInForce(account, at),
      fresh,
      mustChange,
      ...endOf(attempt, grace === null ? 0 : 1),
      event,
    },
    event: { event, at, account: account.id, question, fresh, reason: null },
    counter: "drop",
    sourceCounter: "keep",
    lock: null,
    grace,
  };
}

/** What a person is told of the end of the password; by certificate there is nothing to tell. */
function endOf(attempt: Attempt, used: number) {
  const { account, policy, proof, at } = attempt;
  if (proof === "certificate") return { expiresAt: null, warns: false, graceLeft: null };
  const isLate = isOver(attempt);
  return {
    expiresAt: passwordEnd(account, policy),
    warns: isLate || endsSoon(account, policy, at),
    graceLeft: isLate ? attempt.graceLeft - used : null,
  };
}

function useOf(
  { condition, graceUsed = [] }: SignInMoment,
  { id, password }: AccountRow,
): CommandOf<"use-grace"> | null {
  if (password === null) return null;
  const use = nextUse(condition.node, condition.at, graceUsed);
  return { kind: "use-grace", id, version: password.version, use };
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
    sourceCounter: "keep",
    lock: null,
    grace: null,
  };
}

/** DV13: at the limit this server blocks by itself at once and has the others told. */
function counted(
  refusal: SignInOutcome,
  { account, policy }: Attempt,
  { condition, counter, sourceCounter, question }: SignInMoment,
): SignInOutcome {
  const next = countFailure(counter, policy, condition.at);
  const ofSource = countSource(sourceCounter, policy, { question, condition });
  const outcome: SignInOutcome = { ...refusal, counter: next, sourceCounter: ofSource };
  const isSourceBlocked = ofSource !== "keep" && isBlockedAt(ofSource, condition.at);
  const until = isBlockedAt(next, condition.at) ? next.blockedUntil : null;
  if (until === null && !isSourceBlocked) return outcome;
  const { answer } = outcome;
  return {
    ...outcome,
    answer: answer.outcome === "refused" ? { ...answer, event: 1170 } : answer,
    event: { ...outcome.event, event: 1170 },
    lock: until === null ? null : { kind: "lock-account", id: account.id, until },
  };
}

/** Whoever guesses at many accounts reaches the limit of none: the address has one of its own. */
function countSource(
  counter: FailureCounter | undefined,
  { sourceAttempts, window, lockFor }: PolicyRow,
  { question, condition }: Pick<SignInMoment, "question" | "condition">,
): "keep" | FailureCounter {
  const isCounted = addressDoors.includes(question.door) && question.source !== "";
  if (sourceAttempts === 0 || !isCounted) return "keep";
  return countFailure(counter, { attempts: sourceAttempts, window, lockFor }, condition.at);
}
