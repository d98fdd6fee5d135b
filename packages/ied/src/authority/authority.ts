import type { Secret } from "@gridward/core/base/secret";
import type { Instant, Millis } from "@gridward/core/base/time";
import {
  check,
  parseOperation,
  type AccessPointKind,
  type Verdict,
} from "@gridward/core/domain/athchck";
import { athstatOf } from "@gridward/core/domain/athstat";
import { normaliseName } from "@gridward/core/domain/names";
import type { Refusal } from "@gridward/core/domain/refusal";
import {
  relionRights,
  rightsOf,
  type RightLevel,
  type RightName,
} from "@gridward/core/domain/rights";
import { coversArea, isInForce } from "@gridward/core/domain/roles";
import type { SecurityEventNumber } from "@gridward/core/domain/security-event";
import type { PasswordHasher } from "@gridward/runtime/os/argon2";
import type { LocalReplica, ReplicaUse } from "../replica/local-replica.ts";
import type { ServerLine } from "../replica/server-line.ts";
import { askServers, type FinalAnswer } from "./ask-servers.ts";
import { lockOutRule, type Failures } from "./failures.ts";
import { inTurn, type Turns } from "./in-turn.ts";
import { checkAgainstReplica } from "./replica-check.ts";
import type { Reporter } from "./reporter.ts";
import type { Session, Sessions, SignInSource } from "./sessions.ts";

export interface AuthorityParts {
  readonly replica: LocalReplica;
  readonly lines: readonly ServerLine[];
  readonly failures: Failures;
  readonly sessions: Sessions;
  readonly reporter: Reporter;
  readonly hasher: PasswordHasher;
  /** Path of this device in areas of responsibility: the object of a check that names none. */
  readonly area: string;
}

export interface SignInTry {
  readonly name: string;
  readonly password: Secret<string>;
  readonly accessPoint: AccessPointKind;
}

/** What the person is told. The reason behind a refusal stands in the report alone (AM10). */
export type SignInResult =
  | {
      readonly accepted: true;
      readonly session: Session;
      readonly fresh: boolean;
      readonly event: number;
      readonly expiresAt: Instant | null;
    }
  | { readonly accepted: false; readonly event: SecurityEventNumber; readonly refusal: Refusal };

/** ATHSTAT with the counts since the start of the program. */
export interface AuthorityOutputs {
  readonly usrblked: boolean;
  readonly loggedon: boolean;
  readonly accepted: number;
  readonly denied: number;
}

export interface SessionView {
  readonly session: Session;
  /** Of the roles in force that cover this device. */
  readonly rights: ReadonlyMap<RightName, RightLevel>;
  /** Until it is over, if nobody uses it. */
  readonly left: Millis;
}

const loginNameMax = 64;

/** The device's authority: who may come in, and what they may do (DV1, ATHCHCK, ATHSTAT). */
export class Authority {
  readonly #parts: AuthorityParts;
  readonly #turns: Turns = new Map();
  #accepted = 0;
  #denied = 0;

  constructor(parts: AuthorityParts) {
    this.#parts = parts;
  }

  /** One try at a time for a name, so that many at once do not pass the lock-out. */
  async signIn(attempt: SignInTry): Promise<SignInResult> {
    const name = normaliseName(attempt.name).slice(0, loginNameMax);
    const result = await inTurn(this.#turns, name, () => this.#signIn({ ...attempt, name }));
    if (result === "too many waiting") {
      return { accepted: false, event: 1130, refusal: { code: "server.overloaded", detail: name } };
    }
    if (result.accepted) this.#accepted++;
    else this.#denied++;
    return result;
  }

  /** Ends the sessions of one account, or all. How many there were. */
  signOut(name: string | null): number {
    const wanted = name === null ? null : normaliseName(name);
    const ended = this.#parts.sessions.end(
      ({ account }) => wanted === null || account.name === wanted,
    );
    for (const session of ended) this.#noteEnd(session, 1210, "signed out");
    return ended.length;
  }

  /** Who is signed in under this name, and what that gives here now. Looking is no use of it. */
  session(name: string, isUsed: boolean): SessionView | undefined {
    const { sessions, replica, area } = this.#parts;
    const [wanted, now] = [normaliseName(name), replica.time()];
    const session = isUsed ? sessions.use(wanted, now) : sessions.find(wanted, now);
    if (session === undefined) return undefined;
    const roles = session.roles.filter(
      (each) => isInForce(each, now) && coversArea(each.area, area),
    );
    const rights = rightsOf(roles.map(({ role }) => role));
    return { session, rights, left: session.expiresAt - now };
  }

  setDisplayTimeout(minutes: number): void {
    this.#parts.sessions.setDisplayTimeout(minutes);
  }

  /** ATHCHCK (DV8). The answer and its reason are reported either way. */
  check(
    name: string,
    operation: string,
    object: string | null,
    accessPoint: AccessPointKind,
  ): Verdict {
    const { replica, sessions, reporter, area } = this.#parts;
    const wanted = parseOperation(operation);
    if (!wanted.ok) return { allow: false, refusal: wanted.error };
    const now = replica.time();
    const session = sessions.use(normaliseName(name), now);
    const asked = session === undefined ? null : { ...session, name: session.account.name };
    const verdict = check(
      asked === null ? null : { ...asked, at: now, template: relionRights },
      accessPoint,
      wanted.value,
      object ?? area,
    );
    const reason = verdict.allow
      ? verdict.reason
      : `${verdict.refusal.code}: ${verdict.refusal.detail}`;
    reporter.note({
      event: verdict.allow ? 20220 : 1460,
      account: name.slice(0, loginNameMax),
      accessPoint,
      source: "device",
      reason: `${operation.slice(0, loginNameMax)}: ${reason}`.slice(0, 512),
    });
    return verdict;
  }

  /** ATHSTAT (DV9): blocked here, or locked by the system for an account of this replica. */
  outputs(): AuthorityOutputs {
    const { replica, sessions, failures } = this.#parts;
    const locks = [...replica.members()].map(({ record }) => ({
      failures: 0,
      since: 0,
      blockedUntil: record.lockedUntil,
    }));
    const counters = [...failures.counters(), ...locks];
    const status = athstatOf(sessions.list(), counters, replica.time());
    return { ...status, accepted: this.#accepted, denied: this.#denied };
  }

  /** Ends sessions that nobody used. */
  sweep(): void {
    const now = this.#parts.replica.time();
    const ended = this.#parts.sessions.end(({ expiresAt }) => expiresAt <= now);
    for (const session of ended) this.#noteEnd(session, 1220, "not used");
  }

  /** An account that left the replica, or has another password, has no session any more. */
  endSessionsOf(accounts: ReadonlySet<string>): void {
    const ended = this.#parts.sessions.end(({ account }) => accounts.has(account.id));
    for (const session of ended) this.#noteEnd(session, 1210, "the account was changed");
  }

  async #signIn(attempt: SignInTry): Promise<SignInResult> {
    const { replica, failures, lines } = this.#parts;
    const { name } = attempt;
    if (failures.isBlocked(name, replica.time())) {
      return this.#deny(attempt, "device", 1170, { code: "account.locked", detail: name });
    }
    const answer = await askServers(lines, attempt);
    if (answer !== undefined) return this.#byServer(attempt, answer);
    return this.#byReplica(attempt);
  }

  #byServer(attempt: SignInTry, answer: FinalAnswer): SignInResult {
    const source = answer.duty;
    if (answer.outcome === "refused") {
      const code = answer.event === 1150 ? "password.expired" : "credential.rejected";
      return this.#deny(attempt, source, knownEvent(answer.event), { code, detail: attempt.name });
    }
    const { account, roles, mustChange, fresh, event, expiresAt } = answer;
    const granted = { account, roles, mustChange, source };
    return this.#admit(attempt, granted, { fresh, event, expiresAt });
  }

  async #byReplica(attempt: SignInTry): Promise<SignInResult> {
    const { replica, hasher } = this.#parts;
    const use = replica.use();
    if (use !== "good") return this.#deny(attempt, "device", 3810, unusable(use));
    const checked = await checkAgainstReplica(replica, hasher, attempt.name, attempt.password);
    if (!checked.ok) {
      return this.#deny(attempt, "device", 3810, { code: "server.overloaded", detail: "" });
    }
    const answer = checked.value;
    if (!answer.accepted) return this.#deny(attempt, "replica", answer.event, answer.refusal);
    const { id, name, displayName, roles, mustChange, expiresAt } = answer.record;
    const granted = { account: { id, name, displayName }, roles, mustChange };
    this.#report(attempt, "replica", 1110, "accepted from the replica");
    return this.#admit(
      attempt,
      { ...granted, source: "replica" },
      { fresh: false, event: 1110, expiresAt },
    );
  }

  #admit(
    attempt: SignInTry,
    granted: Pick<Session, "account" | "roles" | "mustChange" | "source">,
    told: { readonly fresh: boolean; readonly event: number; readonly expiresAt: Instant | null },
  ): SignInResult {
    const { failures, sessions, replica } = this.#parts;
    failures.forget(attempt.name);
    const { accessPoint } = attempt;
    const session = sessions.open({ ...granted, accessPoint }, replica.time());
    return { accepted: true, session, ...told };
  }

  /** Counts, reports, and tells the person no more than a stranger may know. */
  #deny(
    attempt: SignInTry,
    source: SignInSource | "device",
    event: SecurityEventNumber,
    refusal: Refusal,
  ): SignInResult {
    const { replica, failures } = this.#parts;
    const isBlockedHere = refusal.code === "account.locked" && source === "device";
    // A lock by the servers counts like a wrong password, as for a name that nobody has.
    const isGuess = event !== 1150 && event !== 3810 && !isBlockedHere;
    const rule = lockOutRule(Array.from(replica.members(), ({ record }) => record));
    const isNowBlocked = isGuess && failures.count(attempt.name, rule, replica.time());
    const isBlocked = isBlockedHere || isNowBlocked;
    this.#report(attempt, source, isBlocked ? 1170 : event, `${refusal.code} ${refusal.detail}`);
    if (isBlocked) return { accepted: false, event: 1170, refusal: rejected(attempt) };
    // A lock that others caused would tell that the account exists.
    const isTold = event === 1150 || event === 3810;
    return isTold
      ? { accepted: false, event, refusal }
      : { accepted: false, event: 1130, refusal: rejected(attempt) };
  }

  #report(
    attempt: SignInTry,
    source: SignInSource | "device",
    event: SecurityEventNumber,
    reason: string,
  ): void {
    // What a server decided stands in its own record.
    if (source === "main" || source === "standby") return;
    const { name: account, accessPoint } = attempt;
    this.#parts.reporter.note({ event, account, accessPoint, source, reason });
  }

  #noteEnd(session: Session, event: SecurityEventNumber, reason: string): void {
    const { account, accessPoint, source } = session;
    this.#parts.reporter.note({ event, account: account.name, accessPoint, source, reason });
  }
}

function rejected({ name }: SignInTry): Refusal {
  return { code: "credential.rejected", detail: name };
}

function knownEvent(event: number): SecurityEventNumber {
  if (event === 1120 || event === 1150 || event === 1170) return event;
  return 1130;
}

function unusable(use: Exclude<ReplicaUse, "good">): Refusal {
  switch (use) {
    case "off":
      return { code: "device.replication-off", detail: "" };
    case "none":
      return { code: "device.no-replica", detail: "" };
    case "damaged":
      return { code: "device.store-damaged", detail: "" };
    case "too old":
      return { code: "device.replica-too-old", detail: "" };
    case "revoked":
      return { code: "device.lost", detail: "" };
  }
}
