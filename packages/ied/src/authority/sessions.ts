import { hour, minute, type Instant, type Millis } from "@gridward/core/base/time";
import type { RoleAssignment } from "@gridward/core/domain/types";
import { freshId } from "@gridward/runtime/os/random";

/** Who let somebody in. */
export type SignInSource = "main" | "standby" | "replica";

export interface Session {
  readonly id: string;
  readonly account: { readonly id: string; readonly name: string; readonly displayName: string };
  readonly roles: readonly RoleAssignment[];
  readonly mustChange: boolean;
  readonly source: SignInSource;
  readonly accessPoint: string;
  readonly openedAt: Instant;
  readonly usedAt: Instant;
  /** After this without use, or after the longest life, it is over. */
  readonly expiresAt: Instant;
}

/** A panel that nobody touches signs off after this; minutes (the original's display time-out). */
export const displayTimeoutMin = 1;
export const displayTimeoutMax = 60;
export const displayTimeoutDefault = 10;

const lifeMax: Millis = 12 * hour;

/** Sessions at one device; a second sign-in of the same account takes the place of the first. */
const sessionsMax = 64;

/** Who is signed in at this device. Sessions do not survive a restart. */
export class Sessions {
  readonly #sessions = new Map<string, Session>();
  #idleMax: Millis;

  /** `displayTimeout` in minutes. */
  constructor(displayTimeout: number) {
    this.#idleMax = displayTimeout * minute;
  }

  /** In minutes; holds for a session from its next use on. */
  setDisplayTimeout(minutes: number): void {
    this.#idleMax = minutes * minute;
  }

  open(content: Omit<Session, "id" | "openedAt" | "usedAt" | "expiresAt">, now: Instant): Session {
    const session: Session = {
      ...content,
      id: freshId(),
      openedAt: now,
      usedAt: now,
      expiresAt: now + this.#idleMax,
    };
    this.#sessions.delete(content.account.name);
    if (this.#sessions.size >= sessionsMax) this.#dropLeastUsed();
    this.#sessions.set(content.account.name, session);
    return session;
  }

  /** The session of an account, used now; undefined when there is none any more. */
  use(name: string, now: Instant): Session | undefined {
    const session = this.find(name, now);
    if (session === undefined) return undefined;
    const expiresAt = Math.min(now + this.#idleMax, session.openedAt + lifeMax);
    const used: Session = { ...session, usedAt: now, expiresAt };
    this.#sessions.set(name, used);
    return used;
  }

  /** As it stands, not used by being looked at. */
  find(name: string, now: Instant): Session | undefined {
    const session = this.#sessions.get(name);
    return session === undefined || session.expiresAt <= now ? undefined : session;
  }

  list(): readonly Session[] {
    return [...this.#sessions.values()];
  }

  /** Ends those for which `isOver` holds and gives them. */
  end(isOver: (session: Session) => boolean): readonly Session[] {
    const ended = this.list().filter(isOver);
    for (const { account } of ended) this.#sessions.delete(account.name);
    return ended;
  }

  #dropLeastUsed(): void {
    const [least] = this.list().toSorted((left, right) => left.usedAt - right.usedAt);
    if (least !== undefined) this.#sessions.delete(least.account.name);
  }
}
