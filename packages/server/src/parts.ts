import type { Setting } from "@gridward/core/codec/server-settings";
import type { Secret } from "@gridward/core/base/secret";
import type { RequestId } from "@gridward/core/base/identity";
import type { Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import type { ArbitrationMode } from "@gridward/core/domain/arbitration-mode";
import type { ChangeOrder } from "@gridward/core/domain/command";
import type { ClientCertificate } from "@gridward/core/domain/mapping";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { ServerCondition, ServerStatus } from "@gridward/core/domain/server-status";
import type { SignInAnswer } from "@gridward/core/domain/sign-in-answer";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { Actor, CommandAnswer, Door } from "@gridward/core/domain/types";

/** A try to sign in, as every front end hands it to the one pipeline. */
export interface SignInAttempt {
  readonly door: Door;
  /** Login name as typed; the pipeline normalises it. Beside a certificate, "" for its account. */
  readonly name: string;
  readonly password: Secret<string> | null;
  /** Found good by the judge of certificates; then there is no password. */
  readonly certificate?: ClientCertificate;
  /** The password came over a connection without TLS (CS7). */
  readonly isClear?: boolean;
  /** Network address of the peer. */
  readonly source: string;
  /** At a door where few can: the peer can be told of a must-change, and change the password. */
  readonly mayChange?: boolean;
  /** By who is signed in already, to change the password. */
  readonly isForChange?: boolean;
  /** Device on whose behalf it is made, for the door "device", and its access point. */
  readonly device?: string;
  readonly accessPoint?: string;
}

/** An enrolment that came to nothing: nobody proved to be that device, so the name is only said. */
export interface RefusedEnrolment {
  readonly name: string;
  readonly source: string;
  readonly refusal: Refusal;
}

/** What a command ended in: its sequence number and its answer. */
export interface Receipt {
  readonly seq: number;
  readonly answer: CommandAnswer;
}

/**
 * What a front end is given: views to read, one way to sign in, one way to write. Front ends
 * never see the journal, the pair or one another.
 */
export interface FrontEndParts {
  /** The committed state; a new value after each commit, so it may be kept as a cache key. */
  readonly state: () => DirectoryState;
  readonly condition: () => ServerCondition;
  readonly status: () => ServerStatus;
  readonly signIn: (attempt: SignInAttempt) => Promise<SignInAnswer>;
  /**
   * Done when durable on every member of the ack set. A Standby passes it on to its Main; refused
   * `pair.not-main` where that cannot be reached.
   */
  readonly submit: (order: ChangeOrder) => Promise<Result<Receipt, Refusal>>;
  readonly now: () => Instant;
}

/** What one server is set to. */
export interface ServerSettings {
  readonly server: string;
  readonly settings: readonly Setting[] | null;
}

/** What an operator may order of this server, over HTTPS or the local socket. */
export interface OperatorParts {
  /** On a blank server only. Answers with the first administrator's one-time code. */
  readonly createSystem: (order: {
    readonly base: string;
    readonly site: string;
    readonly administrator: string;
    readonly actor: Actor;
  }) => Promise<Result<{ readonly systemId: string; readonly code: Secret<string> }, Refusal>>;
  /** On the Main: a single-use code for a Standby of that name, 15 minutes, 5 tries. */
  readonly invite: (order: {
    readonly name: string;
    /** It will never be promoted (HS14). */
    readonly isPermanent: boolean;
    readonly actor: Actor;
    readonly requestId: RequestId;
  }) => Promise<Result<{ readonly code: Secret<string>; readonly expiresAt: Instant }, Refusal>>;
  /** On a blank server: joins the system that the code names. */
  readonly join: (code: Secret<string>) => Promise<Result<{ readonly systemId: string }, Refusal>>;
  /** HS16: the settings of all servers, as their files say them; null where one does not answer. */
  readonly compareSettings: () => Promise<readonly ServerSettings[]>;
  /** Gives a partner the value that a setting has here. */
  readonly copySetting: (order: {
    readonly key: string;
    readonly to: string;
    readonly actor: Actor;
  }) => Promise<Result<Setting, Refusal>>;
  readonly changeover: (order: {
    readonly to: string;
    readonly actor: Actor;
    /** Why, where a server orders it itself. */
    readonly because?: string;
  }) => Promise<Result<{ readonly ms: number }, Refusal>>;
  readonly promote: (order: {
    readonly force: boolean;
    readonly reason: string;
    readonly actor: Actor;
  }) => Promise<Result<{ readonly ms: number; readonly term: number }, Refusal>>;
  /** On a Standby: leaves the ack set in an orderly way, or comes back (HS18). */
  readonly setMaintenance: (order: {
    readonly isOn: boolean;
    readonly actor: Actor;
  }) => Promise<Result<null, Refusal>>;
  /** On the Main: who moves the duty of Main when a server is silent (HS7). */
  readonly setMode: (order: {
    readonly mode: ArbitrationMode;
    readonly isTry: boolean;
    readonly actor: Actor;
  }) => Promise<Result<{ readonly ms: number }, Refusal>>;
  /** On the Main: fills the register of the witness that the code names, and names it (HS7). */
  readonly addWitness: (order: {
    readonly code: Secret<string>;
    readonly allowSameHost: boolean;
    readonly actor: Actor;
    readonly requestId: RequestId;
  }) => Promise<Result<{ readonly seq: number | null; readonly address: string }, Refusal>>;
}
