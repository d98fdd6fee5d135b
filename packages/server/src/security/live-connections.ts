import type { SecuritySettings } from "@gridward/core/base/security-settings";
import { hour, type Millis, second } from "@gridward/core/base/time";
import type { DirectoryState } from "@gridward/core/domain/state";
import { type Clock, runSoon } from "@gridward/runtime/os/clock";
import { connectionAgeMax } from "@gridward/runtime/link/limits";
import type { DoorName } from "../health/doors.ts";
import type { SecurityUse } from "./security-use.ts";

/**
 * Where an open connection came in; "ldap" is without TLS. Links to other servers are made in both
 * directions.
 */
export type LiveDoor = DoorName | "ldap" | "partners";

/** An open connection whose handshake is done, as its door puts it down. */
export interface LiveConnection {
  readonly door: LiveDoor;
  /** Why it would not be taken now, under these settings, in words for its peer; null: it would. */
  readonly judge: (settings: SecuritySettings) => string | null;
  readonly close: (reason: string) => void;
}

/** Where connections are put down, and taken away when they have ended. */
export interface LiveRegister {
  enter(connection: LiveConnection): () => void;
}

/** How many open connections would be closed, by door. */
export type CutCount = Readonly<Record<LiveDoor, number>>;

export interface LiveParts {
  readonly settings: () => SecuritySettings;
  readonly clock: Clock;
  readonly stop: AbortSignal;
  readonly onClosed: (use: SecurityUse) => void;
}

/** CS16: even if nothing that we know of changed: a certificate ends by time alone. */
const recheckEvery: Millis = hour;

/**
 * Many commits in a row cost one look. It comes after that of the conversations themselves: they
 * know kinder words, and a device that is revoked must hear that it is (replica-parts.ts).
 */
const recheckAfter: Millis = second;

const ageLookEvery: Millis = second;

/** Connections judged before everybody else has a turn: a chain costs milliseconds. */
const atOnce = 4;

const doorTexts: Readonly<Record<LiveDoor, string>> = {
  https: "at HTTPS",
  ldaps: "at LDAPS",
  ldap: "at LDAP without TLS",
  devices: "of devices",
  partners: "to other servers",
};

/** CS8, CS16: what is open is judged again, and ends when it would not be taken any more. */
export class LiveConnections implements LiveRegister {
  readonly #parts: LiveParts;
  readonly #open = new Map<LiveConnection, Millis>();
  #isDue = false;
  #checkedAt: Millis;
  #agedAt: Millis;
  #seen: readonly unknown[] = [];

  constructor(parts: LiveParts) {
    this.#parts = parts;
    this.#checkedAt = parts.clock.monotonic();
    this.#agedAt = this.#checkedAt;
  }

  /** Its handshake may have begun under settings of before. */
  enter(connection: LiveConnection): () => void {
    const reason = connection.judge(this.#parts.settings());
    if (reason !== null) connection.close(reason);
    this.#open.set(connection, this.#parts.clock.monotonic());
    return () => void this.#open.delete(connection);
  }

  get size(): number {
    return this.#open.size;
  }

  /** CS8: how many would be closed if these settings stood, partners among them. */
  async countCut(proposed: SecuritySettings): Promise<CutCount> {
    const count = { https: 0, ldaps: 0, ldap: 0, devices: 0, partners: 0 };
    await this.#each(({ door, judge }) => {
      if (judge(proposed) !== null) count[door]++;
    });
    return count;
  }

  /**
   * Closes what would not be taken any more. After a change of settings partners are left to
   * those who make their links anew: over them the other end is asked what it thinks.
   */
  async recheck(why: "settings" | "trust"): Promise<void> {
    const { settings, onClosed } = this.#parts;
    if (why === "trust") this.#checkedAt = this.#parts.clock.monotonic();
    const closed = new Map<string, number>();
    await this.#each(({ door, judge, close }) => {
      if (why === "settings" && door === "partners") return;
      const reason = judge(settings());
      if (reason === null) return;
      close(reason);
      const text = `${doorTexts[door]}: ${reason}`;
      closed.set(text, (closed.get(text) ?? 0) + 1);
    });
    for (const [text, count] of closed) {
      onClosed({ actor: null, change: `closed ${countText(count)} ${text}`, refusal: null });
    }
  }

  /** To be called after every commit: lists, devices and accounts decide about what is open. */
  follow({ tables }: DirectoryState): void {
    const { crls, certificates, devices, accounts, servers, mappings } = tables;
    const { legacyPeers, authorities } = tables;
    const people = [accounts, mappings, legacyPeers];
    const seen = [...people, crls, certificates, devices, servers, authorities];
    if (seen.every((table, index) => table === this.#seen[index])) return;
    this.#seen = seen;
    void this.#recheckSoon();
  }

  /** Called some times a second. */
  tick(): void {
    const { clock } = this.#parts;
    const at = clock.monotonic();
    if (at - this.#checkedAt >= recheckEvery) {
      this.#checkedAt = at;
      void this.recheck("trust");
    }
    if (at - this.#agedAt < ageLookEvery) return;
    this.#agedAt = at;
    for (const [{ close }, since] of this.#open) {
      if (at - since >= connectionAgeMax) close("the connection is a day old");
    }
  }

  async #recheckSoon(): Promise<void> {
    if (this.#isDue || this.#open.size === 0) return;
    this.#isDue = true;
    const { clock, stop } = this.#parts;
    await clock.sleep(recheckAfter, stop);
    this.#isDue = false;
    if (!stop.aborted) await this.recheck("trust");
  }

  /** One after the other; what ends meanwhile is left out. */
  async #each(look: (connection: LiveConnection) => void): Promise<void> {
    let count = 0;
    for (const connection of this.#open.keys()) {
      look(connection);
      if (++count % atOnce === 0) await new Promise<void>((go) => runSoon(go));
    }
  }
}

function countText(count: number): string {
  return count === 1 ? "1 connection" : `${count} connections`;
}
