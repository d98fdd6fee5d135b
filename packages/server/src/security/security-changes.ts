import type { NodeId } from "@gridward/core/base/identity";
import { ok, type Result } from "@gridward/core/base/result";
import {
  compareSecurity,
  differenceText,
  type SecurityChange,
  securityChange,
  type SecurityDifference,
  type SecuritySettings,
} from "@gridward/core/base/security-settings";
import { type Instant, type Millis, minute } from "@gridward/core/base/time";
import { type Refusal, refuse } from "@gridward/core/domain/refusal";
import { reasonsToProve } from "@gridward/core/domain/shut-outs";
import type { Actor } from "@gridward/core/domain/types";
import type { Clock } from "@gridward/runtime/os/clock";
import type { SecurityUse } from "./security-use.ts";
import { readSecurity, writeSecurity } from "../own-settings.ts";
import { type Direction, isConflict } from "../pair/direction.ts";
import { dropPending, tryKeepPending } from "./pending-file.ts";
import type { SignInTrial } from "./sign-in-trial.ts";
import type { StandingSettings } from "./standing-settings.ts";

export interface SecurityChangesParts {
  readonly directory: string;
  readonly settings: StandingSettings;
  /** The other servers of the system. */
  readonly partners: () => readonly { readonly id: NodeId; readonly name: string }[];
  readonly directions: (id: NodeId) => { readonly dial: Direction; readonly accept: Direction };
  /** Makes the links to a partner anew. */
  readonly rejudge: (id: NodeId) => Promise<void>;
  /** Closes what is open at the other doors and would not be taken any more. */
  readonly recheck: () => Promise<void>;
  /** Every port shows and demands what stands now, from its next handshake on. */
  readonly refresh: () => void;
  readonly onChange: (use: SecurityUse) => void;
  readonly trial: SignInTrial;
  readonly clock: Clock;
}

export interface SecurityOrder {
  readonly change: SecurityChange;
  /** It stays, whatever it breaks. */
  readonly isConfirmed: boolean;
  /** Judged, and nothing is changed. */
  readonly isTry: boolean;
  readonly actor: Actor;
  /** CS17: why whoever orders it would not come in under it; null: they would. */
  readonly objection: (settings: SecuritySettings) => string | null;
  /**
   * CS17: it came over a port that it may shut, so that a new sign-in must prove that administrators
   * still come in; false: over the door of the machine, which no setting shuts.
   */
  readonly mustProve: boolean;
}

/** A change under which a link is not valid again. */
export interface Unconfirmed {
  /** In words. */
  readonly change: string;
  /** Names of the partners whose link was refused: it goes back by itself. */
  readonly broken: readonly string[];
  /** Names of the partners that were not reached since: alone they take nothing back. */
  readonly silent: readonly string[];
  readonly since: Instant;
  /** Until it goes back, or stays where nobody refused it. */
  readonly left: Millis;
  /** Why it goes back unless an administrator signs in under it; empty: nobody need. */
  readonly signIn: readonly string[];
}

interface Link {
  readonly id: NodeId;
  /** Which directions passed before the change, and must pass again. */
  readonly dial: boolean;
  readonly accept: boolean;
}

interface Pending {
  readonly before: SecurityChange;
  readonly links: readonly Link[];
  readonly since: Instant;
  readonly at: Millis;
  /** A link was found not valid: from then on people are told. */
  readonly isTold: boolean;
  /** Whose link was refused since, and is not valid again: silence afterwards is no excuse. */
  readonly refused: ReadonlySet<NodeId>;
  /** Until an administrator signed in under it, links decide nothing. */
  readonly isOnTrial: boolean;
}

/** A change that nobody confirms has so long to bring its links back. */
export const takenBackAfter: Millis = minute;

/**
 * Where the network alone is silent (T17) nobody refused anything: else whoever cuts the line for a
 * minute would undo a change. It stays after so long.
 */
export const silentAtMost: Millis = 10 * minute;

/**
 * CS8, CS11: changes of the security settings of this server. They hold from the next handshake on;
 * links are made anew under them; what breaks a link goes back by itself.
 */
export class SecurityChanges {
  readonly #parts: SecurityChangesParts;
  #pending: Pending | null = null;
  #judging: Promise<void> = Promise.resolve();
  #underWay = 0;

  constructor(parts: SecurityChangesParts) {
    this.#parts = parts;
  }

  /** Answers when every link was tried under the new settings. */
  async set(order: SecurityOrder): Promise<Result<readonly SecurityDifference[], Refusal>> {
    const done = this.begin(order);
    if (done.ok) await this.#judging;
    return done;
  }

  /** The same, answered before the links are tried. Nothing that is refused changes anything. */
  begin(order: SecurityOrder): Result<readonly SecurityDifference[], Refusal> {
    const { settings, onChange } = this.#parts;
    const wanted = { ...settings.now, ...order.change };
    const differences = compareSecurity(settings.now, wanted);
    const done = this.#judge(order, wanted, differences);
    if (order.isTry) return done.ok ? ok(differences) : done;
    const why = this.reasonsToProve(order);
    const words = this.#wordsFor(order, differences, why.length > 0);
    const wasOnTrial = this.#pending?.isOnTrial === true;
    const written = done.ok ? this.#write(order, wanted, why.length > 0) : done;
    const refusal = written.ok ? null : written.error;
    // What is refused was not confirmed, nor is it on trial.
    const change = (written.ok ? words : differenceText(differences)) || "nothing new";
    onChange({ actor: order.actor, change, refusal });
    if (!written.ok) return written;
    this.#apply(wanted);
    this.#try(why, wasOnTrial);
    return ok(differences);
  }

  #wordsFor(
    { isConfirmed }: SecurityOrder,
    differences: readonly SecurityDifference[],
    isTried: boolean,
  ): string {
    const waited = this.#pending && isConfirmed ? this.#wordsOf(this.#pending) : "";
    const confirmed = isConfirmed ? ", confirmed" : "";
    const also = waited === "" ? "" : `, and with it what waited: ${waited}`;
    const tried = isTried ? ", on trial until an administrator signs in under it" : "";
    return `${differenceText(differences)}${confirmed}${also}${tried}`;
  }

  /** CS17: why an administrator must sign in under it; empty: nobody need, or it goes back. */
  reasonsToProve({
    change,
    mustProve,
  }: Pick<SecurityOrder, "change" | "mustProve">): readonly string[] {
    const { now } = this.#parts.settings;
    const wanted = { ...now, ...change };
    if (!mustProve || this.#goesBack(wanted)) return [];
    return reasonsToProve(compareSecurity(now, wanted));
  }

  /** To where it would be taken back by itself: that needs no trial of its own. */
  #goesBack(wanted: SecuritySettings): boolean {
    const pending = this.#pending;
    if (pending?.isOnTrial !== true) return false;
    const before = { ...this.#parts.settings.now, ...pending.before };
    return compareSecurity(wanted, before).length === 0;
  }

  /** One trial at a time: who tries the next would prolong the first. */
  #judge(
    order: SecurityOrder,
    wanted: SecuritySettings,
    differences: readonly SecurityDifference[],
  ): Result<null, Refusal> {
    const objection = order.objection(wanted);
    if (objection !== null) return refuse("security.shuts-you-out", objection);
    const { standing } = this.#parts.trial;
    if (standing !== null && order.mustProve && !this.#goesBack(wanted)) {
      return refuse("security.trial-under-way", standing.change);
    }
    return this.#check(order.change, differences);
  }

  #try(why: readonly string[], wasOnTrial: boolean): void {
    const { trial } = this.#parts;
    const pending = this.#pending;
    if (pending?.isOnTrial !== true) {
      if (wasOnTrial) trial.end();
      return;
    }
    const change = this.#wordsOf(pending);
    if (wasOnTrial) trial.extend(change);
    else {
      trial.begin({
        change,
        why,
        keep: () => this.#endTrial(),
        takeBack: (cause) => this.#pending && this.#takeBack(this.#pending, cause),
      });
    }
  }

  /** From now on it depends on the links alone. */
  #endTrial(): Result<null, Refusal> {
    if (this.#pending === null) return ok(null);
    const rest = { ...this.#pending, isOnTrial: false };
    const isDone = rest.links.length === 0;
    const kept = isDone ? ok(null) : tryKeepPending(this.#parts.directory, rest);
    if (!kept.ok) return kept;
    this.#pending = rest;
    if (isDone) this.#settle(null);
    else this.tick();
    return ok(null);
  }

  /** What was changed last stays, whatever it broke. */
  confirm(actor: Actor): Result<string, Refusal> {
    const pending = this.#pending;
    if (pending === null) return refuse("security.nothing-to-confirm", "");
    const change = this.#wordsOf(pending);
    if (pending.isOnTrial) return refuse("security.sign-in-needed", change);
    this.#settle({ actor, change: `confirmed: ${change}`, refusal: null });
    return ok(change);
  }

  /** Called some times a second. */
  tick(): void {
    if (this.#pending === null || this.#underWay > 0) return;
    const pending = this.#noteRefused(this.#pending);
    this.#pending = pending;
    const age = this.#parts.clock.monotonic() - pending.at;
    if (pending.isOnTrial) return;
    if (pending.links.every((link) => this.#isValid(link))) {
      const change = `kept, the links are valid again: ${this.#wordsOf(pending)}`;
      this.#settle(pending.isTold ? { actor: null, change, refusal: null } : null);
    } else if (pending.refused.size > 0 && age >= takenBackAfter) {
      const who = this.#brokenIn(pending).join(", ");
      this.#takeBack(pending, `the link to ${who} was not valid again`);
    } else if (age >= silentAtMost) {
      const who = this.#silentIn(pending).join(", ");
      const change = `kept, nobody refused it and ${who} was not reached: ${this.#wordsOf(pending)}`;
      this.#settle({ actor: null, change, refusal: null });
    } else if (!pending.isTold) this.#pending = { ...pending, isTold: true };
  }

  get unconfirmed(): Unconfirmed | null {
    const { clock } = this.#parts;
    const pending = this.#pending;
    if (pending?.isTold !== true) return null;
    const broken = this.#brokenIn(pending);
    const most = broken.length > 0 ? takenBackAfter : silentAtMost;
    return {
      change: this.#wordsOf(pending),
      broken,
      silent: this.#silentIn(pending),
      since: pending.since,
      left: Math.max(0, pending.at + most - clock.monotonic()),
      signIn: [],
    };
  }

  /** A hand may have changed the file: what it says there is meant from the next start on. */
  #check(
    change: SecurityChange,
    differences: readonly SecurityDifference[],
  ): Result<null, Refusal> {
    const file = readSecurity(this.#parts.directory);
    if (!file.ok) return file;
    const written = compareSecurity(file.value, { ...file.value, ...change });
    if (differences.length > 0 || written.length > 0) return ok(null);
    return refuse("security.unchanged", Object.keys(change).join(", "));
  }

  /** First what it would go back to, then what shall be: a crash in between changes nothing. */
  #write(order: SecurityOrder, wanted: SecuritySettings, isTried: boolean): Result<null, Refusal> {
    const { directory } = this.#parts;
    const earlier = this.#pending;
    const waits = this.#waiting(order, wanted, isTried);
    const kept = waits ? tryKeepPending(directory, waits) : ok(null);
    if (!kept.ok) return kept;
    const written = writeSecurity(directory, order.change);
    if (!written.ok) {
      if (earlier) tryKeepPending(directory, earlier);
      else dropPending(directory);
      return written;
    }
    if (!waits) dropPending(directory);
    this.#pending = waits;
    return ok(null);
  }

  /** What is to wait from now on; null: nothing need go back. */
  #waiting(order: SecurityOrder, wanted: SecuritySettings, isTried: boolean): Pending | null {
    const { clock, settings } = this.#parts;
    const earlier = order.isConfirmed ? null : this.#pending;
    const before = securityChange(wanted, { ...settings.now, ...earlier?.before });
    const links = order.isConfirmed ? [] : (earlier?.links ?? this.#goodLinks());
    const isOnTrial = isTried || earlier?.isOnTrial === true;
    if (Object.keys(before).length === 0 || !(isOnTrial || links.length > 0)) return null;
    const since = clock.now();
    const at = clock.monotonic();
    return { before, links, since, at, isTold: false, refused: new Set(), isOnTrial };
  }

  #apply(wanted: SecuritySettings): void {
    const { settings, refresh, clock } = this.#parts;
    settings.apply(wanted, clock.now());
    refresh();
    this.relink();
  }

  /** CS8: every link is made anew, as after a change of what this server shows. */
  relink(): void {
    this.#judging = this.#rejudge(this.#judging);
  }

  /** One round after the other. */
  async #rejudge(before: Promise<void>): Promise<void> {
    this.#underWay++;
    const { partners, rejudge, recheck } = this.#parts;
    const rechecked = recheck();
    await before;
    await Promise.all([rechecked, ...partners().map(async ({ id }) => rejudge(id))]);
    this.#underWay--;
    this.tick();
  }

  #settle(use: SecurityUse | null): void {
    dropPending(this.#parts.directory);
    this.#pending = null;
    if (use) this.#parts.onChange(use);
  }

  /** Where the disk does not take it, it holds until the end of this process, and then again. */
  #takeBack(pending: Pending, why: string): void {
    const { directory, settings, onChange } = this.#parts;
    const wanted = { ...settings.now, ...pending.before };
    const words = differenceText(compareSecurity(settings.now, wanted));
    const written = writeSecurity(directory, pending.before);
    if (written.ok) dropPending(directory);
    this.#pending = null;
    const refusal = written.ok ? null : written.error;
    onChange({ actor: null, change: `taken back, ${why}: ${words}`, refusal });
    this.#apply(wanted);
  }

  #goodLinks(): readonly Link[] {
    const { partners, directions } = this.#parts;
    return partners()
      .map(({ id }) => {
        const { dial, accept } = directions(id);
        return { id, dial: dial.verdict === "ok", accept: accept.verdict === "ok" };
      })
      .filter(({ dial, accept }) => dial || accept);
  }

  /** Who left the system meanwhile breaks nothing. */
  #isValid({ id, ...before }: Link): boolean {
    if (!this.#parts.partners().some((partner) => partner.id === id)) return true;
    const { dial, accept } = this.#parts.directions(id);
    const isBack = (was: boolean, now: Direction): boolean => !was || now.verdict === "ok";
    return isBack(before.dial, dial) && isBack(before.accept, accept);
  }

  /** Not reached (T17), or not tried, is no refusal. */
  #noteRefused(pending: Pending): Pending {
    const refused = pending.links.filter((link) => {
      if (this.#isValid(link)) return false;
      const { dial, accept } = this.#parts.directions(link.id);
      const isRefused = (link.dial && isConflict(dial)) || (link.accept && isConflict(accept));
      return isRefused || pending.refused.has(link.id);
    });
    return { ...pending, refused: new Set(refused.map(({ id }) => id)) };
  }

  #brokenIn({ refused }: Pending): readonly string[] {
    return this.#namesOf(({ id }) => refused.has(id));
  }

  #silentIn({ links, refused }: Pending): readonly string[] {
    const silent = links.filter((link) => !refused.has(link.id) && !this.#isValid(link));
    return this.#namesOf(({ id }) => silent.some((link) => link.id === id));
  }

  #namesOf(isMeant: (partner: { readonly id: NodeId }) => boolean): readonly string[] {
    return this.#parts
      .partners()
      .filter(isMeant)
      .map(({ name }) => name);
  }

  #wordsOf({ before }: Pending): string {
    const { now } = this.#parts.settings;
    return differenceText(compareSecurity({ ...now, ...before }, now));
  }
}
