import type { Result } from "@gridward/core/base/result";
import { type Instant, type Millis, minute } from "@gridward/core/base/time";
import { ok } from "@gridward/core/base/result";
import { type Refusal, refuse } from "@gridward/core/domain/refusal";
import type { Actor } from "@gridward/core/domain/types";
import type { Clock } from "@gridward/runtime/os/clock";
import type { SecurityUse } from "./security-use.ts";

/** A change that holds already, and goes back unless somebody signs in under it. */
export interface OnTrial {
  /** In words. */
  readonly change: string;
  /** Why administrators might not come in under it. */
  readonly why: readonly string[];
  readonly keep: () => Result<null, Refusal>;
  readonly takeBack: (why: string) => void;
}

export interface StandingTrial extends Pick<OnTrial, "change" | "why"> {
  readonly since: Instant;
  /** Until it goes back. */
  readonly left: Millis;
}

/** Who says that administrators come in: a session, on a connection. */
export interface TrialProof {
  readonly session: string;
  /** What `count` was when the connection began; null: it is none of a port. */
  readonly begunUnder: number | null;
}

export interface SignInTrialParts {
  readonly onChange: (use: SecurityUse) => void;
  readonly clock: Clock;
}

/** Time to sign in, a password typed by hand among it. */
export const trialLasts: Millis = minute;

/** Sign-ins of administrators that are remembered, the last ones: one of them is enough. */
const signInsMost = 100;

interface Standing extends OnTrial {
  readonly since: Instant;
  readonly at: Millis;
}

/**
 * CS17: the one change of this server that may shut administrators out and waits for the proof that
 * it does not: a sign-in of one of them, on a connection that began under it.
 */
export class SignInTrial {
  readonly #parts: SignInTrialParts;
  #standing: Standing | null = null;
  #count = 0;
  #signIns: readonly string[] = [];

  constructor(parts: SignInTrialParts) {
    this.#parts = parts;
  }

  /** Goes up with each change that is tried: what a connection began under is known by it. */
  get count(): number {
    return this.#count;
  }

  get standing(): StandingTrial | null {
    if (this.#standing === null) return null;
    const { change, why, since, at } = this.#standing;
    const left = Math.max(0, at + trialLasts - this.#parts.clock.monotonic());
    return { change, why, since, left };
  }

  /** To be called when the ports are as they shall be. */
  begin(order: OnTrial): void {
    const { clock } = this.#parts;
    this.#standing = { ...order, since: clock.now(), at: clock.monotonic() };
    this.#restart();
  }

  /** Something else changed meanwhile, which is tried with it in the time that is left. */
  extend(change: string): void {
    if (this.#standing === null) return;
    this.#standing = { ...this.#standing, change };
    this.#restart();
  }

  /** Nothing is left of the change. */
  end(): void {
    this.#standing = null;
  }

  /** To be called for each sign-in here of who may undo the change. */
  noteSignIn({ session, begunUnder }: TrialProof): void {
    if (this.#standing === null || begunUnder !== this.#count) return;
    this.#signIns = [...this.#signIns, session].slice(-signInsMost);
  }

  /** By who signed in under it; null where none stands, else what is kept from now on. */
  pass({ session, begunUnder }: TrialProof, actor: Actor): Result<string | null, Refusal> {
    if (this.#standing === null) return ok(null);
    const isProved = begunUnder === this.#count && this.#signIns.includes(session);
    if (!isProved) return refuse("security.sign-in-needed", this.#standing.change);
    return this.keep(actor, "an administrator signed in under it");
  }

  /** Without a proof: for whoever needs no port to come in. */
  keep(actor: Actor, why: string): Result<string | null, Refusal> {
    const standing = this.#standing;
    if (standing === null) return ok(null);
    const kept = standing.keep();
    const change = `kept, ${why}: ${standing.change}`;
    this.#parts.onChange({ actor, change, refusal: kept.ok ? null : kept.error });
    if (!kept.ok) return kept;
    this.#standing = null;
    return ok(standing.change);
  }

  /** Called some times a second. */
  tick(): void {
    const standing = this.#standing;
    if (standing === null) return;
    if (this.#parts.clock.monotonic() - standing.at < trialLasts) return;
    this.#standing = null;
    standing.takeBack("no administrator signed in under it");
  }

  #restart(): void {
    this.#count++;
    this.#signIns = [];
  }
}
