import type { Result } from "@gridward/core/base/result";
import { type Instant, rfc3339 } from "@gridward/core/base/time";
import type { DeviceId } from "@gridward/core/base/identity";
import type { Reported } from "@gridward/core/codec/replica/message";
import type { Entry } from "@gridward/core/domain/entry";
import { eventsOfFact } from "@gridward/core/domain/event-of-fact";
import type { Refusal, RefusalCode } from "@gridward/core/domain/refusal";
import { findSecurityEvent, type SecurityEventNumber } from "@gridward/core/domain/security-event";
import type { SignInEvent } from "@gridward/core/domain/sign-in";
import { emptyState, type DirectoryState } from "@gridward/core/domain/state";
import type { Actor } from "@gridward/core/domain/types";
import type { SecurityEventContent } from "@gridward/runtime/observe/kept-event";
import type { SecurityEventStore } from "@gridward/runtime/observe/security-events";
import { EventReader } from "./event-reader.ts";
import type { LocalUse } from "./desk/local-use.ts";
import type { RefusedEnrolment, SignInAttempt } from "./parts.ts";
import type { DeviceObservation } from "./replica/replica-parts.ts";
import type { RefusedClient } from "./clients/client-gate.ts";
import type { SecurityUse } from "./security/security-use.ts";

export interface PairOrder {
  readonly actor: Actor;
  /** In words, with its reason. */
  readonly order: string;
  readonly refusal: Refusal | null;
}

export interface EventLogParts {
  readonly server: string;
  readonly now: () => Instant;
  /** Runs it after what is under way. */
  readonly soon: (work: () => void) => void;
  /** As it is committed here: for names of what events only number. */
  readonly state: () => DirectoryState;
}

/** Somebody who is signed in asked for what was refused. */
export interface RefusedOrder {
  readonly actor: Actor;
  readonly event: SecurityEventNumber;
  /** Which order, in the words of the interface. */
  readonly order: string;
  readonly refusal: Refusal;
}

/** A new password that was not taken (2220, 2233, 2235). */
export interface RefusedPassword {
  readonly actor: Actor;
  /** Whose it would have been. */
  readonly account: string;
  readonly refusal: Refusal;
}

/** Everything of this server that an auditor must find again, said in events. */
export class EventLog {
  /** For who may read it. */
  readonly reader: EventReader;
  readonly #store: SecurityEventStore;
  readonly #server: string;
  readonly #now: () => Instant;
  readonly #soon: (work: () => void) => void;
  readonly #state: () => DirectoryState;
  /** Before the entries that come next: what they take away has its name there alone. */
  #before: DirectoryState = emptyState;
  /** Of changes that were committed in this turn. */
  #waiting: SecurityEventContent[] = [];

  constructor(store: SecurityEventStore, { server, now, soon, state }: EventLogParts) {
    this.#store = store;
    this.#server = server;
    this.#now = now;
    this.#soon = soon;
    this.#state = state;
    this.reader = new EventReader({
      store,
      server,
      now,
      soon,
      settle: () => this.#flush(),
      record: (content) => this.#append({ ...this.#own(1370), ...content }),
    });
  }

  onSignIn({ event, question, fresh, reason }: SignInEvent, attempt: SignInAttempt): void {
    const by = question.certificate ? `, by certificate ${question.certificate.fingerprint}` : "";
    const clear = question.isClear === true ? ", in clear text" : "";
    this.#append({
      event,
      outcome: event === 1110 || event === 1115 ? "accepted" : "refused",
      subject: question.name,
      door: question.door,
      source: question.source,
      device: attempt.device ?? null,
      detail: `${reason ?? "ok"}${by}${clear}${fresh ? "" : ", without contact to the Main"}`,
    });
  }

  /**
   * What the journal now holds, in the numbers of the catalogue. Kept a turn later, as one write:
   * whoever waits for a change is answered first.
   */
  onEntries(entries: readonly Entry[]): void {
    const states = { before: this.#before, after: this.#state() };
    this.#before = states.after;
    const contents = entries.flatMap(({ actor, at, facts }) => {
      const { name: subject, door, source, via } = actor;
      const by = { at, outcome: "done", subject, door, source, device: null } as const;
      return facts
        .flatMap((fact) => eventsOfFact(fact, states))
        .map(([event, about]) => ({
          ...by,
          event,
          detail: via === undefined ? about : `${about}, via ${via}`,
        }));
    });
    if (contents.length === 0) return;
    if (this.#waiting.length === 0) this.#soon(() => this.#flush());
    this.#waiting.push(...contents);
  }

  close(): void {
    this.#flush();
    this.#store.close();
  }

  /** Nothing waits to be kept when it returns. */
  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#store.append(waiting);
  }

  onState(state: string, cause: string): void {
    this.#before = this.#state();
    this.#append({ ...this.#own(20010), detail: cause === "" ? state : `${state}: ${cause}` });
  }

  onLocalUse({ path, user, refusal }: LocalUse): void {
    const outcome = refusal === null ? "done" : "refused";
    const detail = refusal === null ? path : `${path}: ${refusal.code}`;
    this.#append({ ...this.#own(20020), outcome, subject: user, door: "local", detail });
  }

  /** Who ordered what of the pair, why, and whether it was done (HS19). */
  onPairOrder({ actor, order, refusal }: PairOrder): void {
    const outcome = refusal === null ? "done" : "refused";
    const detail = refusal === null ? order : `${order}: ${refusal.code}`;
    const { name: subject, door, source } = actor;
    this.#append({ ...this.#own(20050), outcome, subject, door, source, detail });
  }

  /** Written or not, by whom ever it was ordered (HS12). */
  onBackup(outcome: Result<{ readonly file: string; readonly sequence: number }, Refusal>): void {
    const detail = outcome.ok
      ? `up to change ${outcome.value.sequence}: ${outcome.value.file}`
      : `${outcome.error.code}: ${outcome.error.detail}`;
    this.#append({ ...this.#own(20060), outcome: outcome.ok ? "done" : "refused", detail });
  }

  /** Connection Security of this server: who changed what (CS8, CS11); null: it did so itself. */
  onSecurity({ actor, change, refusal }: SecurityUse): void {
    const { name: subject, door, source } = actor ?? { name: this.#server, door: "", source: "" };
    const outcome = refusal === null ? "done" : "refused";
    const detail = refusal === null ? change : `${change}: ${refusal.code}`;
    this.#append({ ...this.#own(20080), outcome, subject, door, source, detail });
  }

  /** A certificate, a trust anchor or a revocation list ends soon, or has ended (CS12). */
  onExpiry(detail: string): void {
    this.#append({ ...this.#own(20100), detail });
  }

  /** By whom and whose, and which rule it breaks; with the numbers of the original. */
  onPasswordRefused({ actor, account, refusal }: RefusedPassword): void {
    const { name: subject, door, source } = actor;
    const event = passwordEvent(refusal.code);
    const detail = `${account}: ${refusal.code}`;
    this.#append({ ...this.#own(event), outcome: "refused", subject, door, source, detail });
  }

  onEnrolmentRefused({ name, source, refusal }: RefusedEnrolment, more: number): void {
    const detail = `${refusal.code}: ${refusal.detail}${othersText(more)}`;
    const claimed = { outcome: "refused", subject: name, door: "https", source, detail } as const;
    this.#append({ ...this.#own(20070), ...claimed });
  }

  /** CS6: what the peer heard, and the facts that it did not; `more` came since the last of these. */
  onClientRefused({ door, source, refusal, facts, client }: RefusedClient, more: number): void {
    const detail = `${refusal.code}: ${facts}${othersText(more)}`;
    const subject = client?.fingerprint ?? "";
    this.#append({ ...this.#own(20110), outcome: "refused", subject, door, source, detail });
  }

  /** AM7: who asked for more than they may, or for what could not be; `more` came since. */
  onRefusedOrder({ actor, event, order, refusal }: RefusedOrder, more: number): void {
    const { name: subject, door, source } = actor;
    const detail = `${order}: ${refusal.code}${othersText(more)}`;
    this.#append({ ...this.#own(event), outcome: "refused", subject, door, source, detail });
  }

  onDevice(seen: DeviceObservation, more: number): void {
    const isReport = seen.kind === "reported";
    const { device, kind, ...rest } = seen;
    const says = isReport
      ? `${seen.decided.length} decisions, ${seen.failures.length} counters`
      : `${kind} ${JSON.stringify(rest)}`;
    const event = isReport ? 20040 : 20030;
    const detail = `${says}${othersText(more)}`;
    const name = this.#deviceName(device);
    this.#append({ ...this.#own(event), door: "device", device: name, detail });
  }

  /** What a device decided by itself, under the number that it gave, with its time in words. */
  onDecision(device: DeviceId, { event, ...decided }: Reported, more: number): void {
    const { account, accessPoint, source, reason, at, number } = decided;
    const said = `${reason}; report ${number} at ${rfc3339(at)}, by ${source}${othersText(more)}`;
    this.#append({
      event,
      outcome: outcomeOf(event),
      subject: account,
      door: accessPoint,
      source: "",
      device: this.#deviceName(device),
      detail: said,
    });
  }

  #deviceName(id: DeviceId): string {
    return this.#state().tables.devices.get(id)?.name ?? id;
  }

  #own(event: SecurityEventNumber): Omit<SecurityEventContent, "at" | "detail"> {
    return { event, outcome: "done", subject: this.#server, door: "", source: "", device: null };
  }

  #append(content: Omit<SecurityEventContent, "at">): void {
    this.#waiting.push({ at: this.#now(), ...content });
    this.#flush();
  }
}

function passwordEvent(code: RefusalCode): 2220 | 2233 | 2235 {
  if (code === "password.too-short") return 2233;
  // That the present one has ended is no word on the new one.
  return code.startsWith("password.") && code !== "password.expired" ? 2235 : 2220;
}

/** Of those that came too fast to be told one by one (tell-bounded.ts). */
function othersText(more: number): string {
  return more > 0 ? `, and ${more} more since the last of these` : "";
}

/** What the numbers of the catalogue say of themselves; a report has no outcome of its own. */
function outcomeOf(event: number): SecurityEventContent["outcome"] {
  if (event === 1110 || event === 1115) return "accepted";
  const gsal = findSecurityEvent(event)?.gsal;
  return gsal === "AuthFail" || gsal === "AcsCtlFail" ? "refused" : "done";
}
