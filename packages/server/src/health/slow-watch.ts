import type { NodeId } from "@gridward/core/base/identity";
import type { Result } from "@gridward/core/base/result";
import { minute, rfc3339, second, type Millis } from "@gridward/core/base/time";
import { checkChangeover } from "@gridward/core/domain/pair/orders";
import type { PairState } from "@gridward/core/domain/pair/pair-state";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { Alarm } from "@gridward/core/domain/server-status";
import {
  judgeHandOver,
  noteStandstill,
  noteWrite,
  type Pace,
  paceFrom,
  type Slow,
  slowFor,
  slownessAt,
} from "@gridward/core/domain/slowness";
import type { Clock } from "@gridward/runtime/os/clock";
import type { OtherFrame } from "../pair/partner-wire.ts";
import type { Route } from "../pair/pass-on.ts";
import { encodePaceFrame, isPaceFrame, type PaceFrame, parsePaceFrame } from "./pace-frame.ts";
import { slownessText, slowRemedies, type Standing, standingText } from "./slow-words.ts";

export interface SlowWatchParts {
  /** Standing still for so long is slow. */
  readonly limit: Millis;
  readonly clock: Clock;
  readonly pair: () => PairState;
  readonly nameOf: (server: NodeId) => string;
  /** The longest standstill of the event loop since this was last asked. */
  readonly standstill: () => Millis;
  readonly route: (to: NodeId) => Route;
  /** An orderly changeover, with all its checks, in this server's own name. */
  readonly handOver: (to: string, because: string) => Promise<Result<unknown, Refusal>>;
  /** Told once in each bout what is wrong and what became of the duty (HS19). */
  readonly onSlow: (what: string, standing: string) => void;
}

/** Partners hear it again so often while it is so. */
const tellEvery: Millis = 2 * second;

/** A person must find the alarm some time after what raised it is over. */
const alarmFor: Millis = 10 * minute;

/**
 * Gray failure: a server that answers its heartbeats and is too slow to work. It looks at its own
 * pace, tells its partners, and as Main gives the duty away where somebody can take it.
 */
export class SlowWatch {
  readonly #parts: SlowWatchParts;
  readonly #partners = new Map<NodeId, { readonly frame: PaceFrame; readonly at: Millis }>();
  #pace: Pace;
  #lastDuty: string | undefined;
  #tookDutyAt: Millis | null = null;
  #triedAt: Millis | null = null;
  #toldAt = Number.NEGATIVE_INFINITY;
  #isTrying = false;
  #last: { readonly slow: Slow; readonly at: Millis; readonly standing: Standing } | undefined;

  constructor(parts: SlowWatchParts) {
    this.#parts = parts;
    this.#pace = paceFrom(parts.limit);
  }

  /** The journal made entries durable, and took so long for it. */
  onWrite(took: Millis): void {
    this.#pace = noteWrite(this.#pace, took, this.#parts.clock.monotonic());
  }

  /** Called some times a second, always after the same time. */
  tick(): void {
    const { clock, standstill } = this.#parts;
    const at = clock.monotonic();
    this.#pace = noteStandstill(this.#pace, standstill(), at);
    this.#noteDuty(at);
    const slow = slownessAt(this.#pace, at);
    if (slow === null || this.#isTrying) return;
    this.#tell(slow, at);
    if (this.#parts.pair().machine.duty === "main") this.#judge(slow, at);
    else this.#stand(slow, this.#hasHandedOver(slow) ?? { kind: "standby" });
  }

  /** Undefined: no frame of this conversation; false closes the link. */
  take({ from, json }: Pick<OtherFrame, "from" | "json">): boolean | undefined {
    if (!isPaceFrame(json)) return undefined;
    const frame = parsePaceFrame(json);
    if (!frame.ok) return false;
    this.#partners.set(from, { frame: frame.value, at: this.#parts.clock.monotonic() });
    return true;
  }

  alarms(): readonly Alarm[] {
    const { clock, nameOf } = this.#parts;
    const [at, now] = [clock.monotonic(), clock.now()];
    const alarms: Alarm[] = [];
    if (this.#last && at - this.#last.at <= alarmFor) {
      const { slow, standing } = this.#last;
      alarms.push({
        code: `server.slow-${slow.part}`,
        since: rfc3339(now - (at - slow.since)),
        text: `This server is slow: ${slownessText(slow)}. ${standingText(standing)}`,
        remedy: slowRemedies[slow.part],
      });
    }
    for (const [id, told] of this.#partners) {
      if (at - told.at > alarmFor) continue;
      alarms.push({
        code: "pair.partner-slow",
        since: rfc3339(now - (at - told.at)),
        text: `${nameOf(id)} says that it is slow: ${slownessText(told.frame)}.`,
        remedy: `Run \`gridward server status\` on ${nameOf(id)} and do what it says.`,
      });
    }
    return alarms;
  }

  /** Since when this server is Main by taking the duty over. Founding a system takes it of nobody. */
  #noteDuty(at: Millis): void {
    const { duty } = this.#parts.pair().machine;
    if (duty === "main" && (this.#lastDuty === "standby" || this.#lastDuty === "fenced")) {
      this.#tookDutyAt = at;
    }
    this.#lastDuty = duty;
  }

  #tell({ part, worst }: Slow, at: Millis): void {
    if (at - this.#toldAt < tellEvery) return;
    this.#toldAt = at;
    const frame = encodePaceFrame({ kind: "pace-slow", part, worst });
    for (const id of this.#parts.pair().peers.keys()) void this.#parts.route(id).send(frame);
  }

  #judge(slow: Slow, at: Millis): void {
    const pair = this.#parts.pair();
    // The order itself tries both directions of the link.
    const candidates = [...pair.peers.keys()]
      .filter((id) => checkChangeover(pair, id, true) === undefined)
      .map((id) => ({ id, isSlow: this.#isPartnerSlow(id, at) }));
    const [tookDutyAt, triedAt] = [this.#tookDutyAt, this.#triedAt];
    const judged = judgeHandOver({ slow, tookDutyAt, triedAt, candidates }, at);
    if (judged.kind === "hand-over") void this.#handOver(slow, judged.to.id);
    else if (judged.kind === "stay") {
      const tried = judged.why === "just-tried" ? this.#last?.standing : undefined;
      this.#stand(slow, tried ?? judged);
    }
  }

  /** In this bout. */
  #hasHandedOver({ since }: Slow): Standing | undefined {
    const { slow, standing } = this.#last ?? {};
    return slow?.since === since && standing?.kind === "handed-over" ? standing : undefined;
  }

  #isPartnerSlow(id: NodeId, at: Millis): boolean {
    const told = this.#partners.get(id);
    return told !== undefined && at - told.at <= slowFor;
  }

  async #handOver(slow: Slow, id: NodeId): Promise<void> {
    const { clock, nameOf, handOver } = this.#parts;
    this.#triedAt = clock.monotonic();
    this.#isTrying = true;
    const to = nameOf(id);
    const done = await handOver(to, `it is slow: ${slownessText(slow)}`);
    this.#isTrying = false;
    this.#stand(
      slow,
      done.ok ? { kind: "handed-over", to } : { kind: "refused", code: done.error.code },
    );
  }

  #stand(slow: Slow, standing: Standing): void {
    const isNews =
      this.#last?.slow.since !== slow.since ||
      standingText(this.#last.standing) !== standingText(standing);
    this.#last = { slow, at: this.#parts.clock.monotonic(), standing };
    if (isNews) this.#parts.onSlow(slownessText(slow), standingText(standing));
  }
}
