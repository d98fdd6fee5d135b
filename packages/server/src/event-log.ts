import type { SecurityEventView } from "@gridward/core/api/server-routes";
import { ok, type Result } from "@gridward/core/base/result";
import { type Instant, rfc3339 } from "@gridward/core/base/time";
import type { Entry } from "@gridward/core/domain/entry";
import type { Refusal, RefusalCode } from "@gridward/core/domain/refusal";
import { findSecurityEvent } from "@gridward/core/domain/security-event";
import type { SignInEvent } from "@gridward/core/domain/sign-in";
import type { Actor } from "@gridward/core/domain/types";
import type {
  SecurityEvent,
  SecurityEventContent,
  SecurityEventStore,
} from "@gridward/runtime/observe/security-events";
import type { RefusedPassword, SecurityEvents } from "./desk/desk-parts.ts";
import type { LocalUse } from "./desk/local-use.ts";
import type { RefusedEnrolment, SignInAttempt } from "./parts.ts";
import type { DeviceObservation } from "./replica/replica-parts.ts";
import type { RefusedClient } from "./clients/client-gate.ts";
import { eventOfFact } from "./event-of-fact.ts";
import { type NamedServer, withNames } from "./pair/server-names.ts";
import type { SecurityUse } from "./security/security-use.ts";

export interface PairOrder {
  readonly actor: Actor;
  /** In words, with its reason. */
  readonly order: string;
  readonly refusal: Refusal | null;
}

export interface EventLogParts {
  readonly server: string;
  /** By their names people know them. */
  readonly servers: () => Iterable<NamedServer>;
  readonly now: () => Instant;
  /** Runs it after what is under way. */
  readonly soon: (work: () => void) => void;
}

/** Everything of this server that an auditor must find again, said in events. */
export class EventLog implements SecurityEvents {
  readonly #store: SecurityEventStore;
  readonly #server: string;
  readonly #servers: () => Iterable<NamedServer>;
  readonly #now: () => Instant;
  readonly #soon: (work: () => void) => void;
  /** Of changes that were committed in this turn. */
  #waiting: SecurityEventContent[] = [];

  constructor(store: SecurityEventStore, { server, servers, now, soon }: EventLogParts) {
    this.#store = store;
    this.#server = server;
    this.#servers = servers;
    this.#now = now;
    this.#soon = soon;
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
   * What the journal now holds, as far as the catalogue has a number for it. Kept a turn later, as
   * one write: whoever waits for a change is answered first.
   */
  onEntries(entries: readonly Entry[]): void {
    const contents: SecurityEventContent[] = [];
    for (const { actor, at, facts } of entries) {
      for (const fact of facts) {
        const found = eventOfFact(fact);
        if (!found) continue;
        const { name: subject, door, source, via } = actor;
        const [event, text] = found;
        const about = withNames(text, this.#servers());
        const detail = via === undefined ? about : `${about}, via ${via}`;
        contents.push({ at, event, outcome: "done", subject, door, source, device: null, detail });
      }
    }
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

  onDevice(seen: DeviceObservation, more: number): void {
    const isReport = seen.kind === "reported";
    const { device, kind, ...rest } = seen;
    const says = isReport
      ? `${seen.decided.length} decisions, ${seen.failures.length} counters`
      : `${kind} ${JSON.stringify(rest)}`;
    const event = isReport ? 20040 : 20030;
    const detail = `${says}${othersText(more)}`;
    this.#append({ ...this.#own(event), door: "device", device, detail });
  }

  list({
    search,
    limit,
    cursor,
    actor,
  }: Parameters<SecurityEvents["list"]>[0]): ReturnType<SecurityEvents["list"]> {
    this.#flush();
    const before = cursor === undefined ? undefined : Number.parseInt(cursor, 10);
    const page = this.#store.list({ search, before, limit });
    const { name: subject, door, source } = actor;
    this.#append({ ...this.#own(1370), subject, door, source, detail: search ?? "" });
    const last = page.events.at(-1);
    const isMore = page.events.length === limit && last !== undefined && last.sequence > 1;
    return ok({
      rows: page.events.map((event) => this.#view(event)),
      next: isMore ? String(last.sequence) : null,
      total: page.total,
    });
  }

  #own(event: number): Omit<SecurityEventContent, "at" | "detail"> {
    return { event, outcome: "done", subject: this.#server, door: "", source: "", device: null };
  }

  #append(content: Omit<SecurityEventContent, "at">): void {
    this.#waiting.push({ at: this.#now(), ...content });
    this.#flush();
  }

  #view(event: SecurityEvent): SecurityEventView {
    const { sequence, at, outcome, subject, door, source, device, detail } = event;
    const spec = findSecurityEvent(event.event);
    return {
      sequence,
      at: rfc3339(at),
      event: event.event,
      name: spec?.acronym ?? "EVENTS_LOST",
      outcome,
      severity: spec?.severity ?? "critical",
      subject,
      door,
      source,
      device,
      server: this.#server,
      detail,
    };
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
