import { err, ok, type Result } from "@gridward/core/base/result";
import { minute, second, type Millis } from "@gridward/core/base/time";
import type {
  CarriedCertificate,
  DeviceMessage,
  ServerMessage,
} from "@gridward/core/codec/replica/message";
import type { Clock } from "@gridward/runtime/os/clock";

/** A device answers what it knows at once; a renewal asks a server, which may be another one. */
const readWithin: Millis = 5 * second;
const renewedWithin: Millis = minute;

/** Questions to one device that wait for an answer; more are refused. */
const waitingMax = 8;

export type CallFault = "device.not-connected" | "device.no-answer";

type Answer = Extract<DeviceMessage, { readonly kind: "certificates" | "renewed" }>;
type Question = Extract<
  ServerMessage,
  { readonly kind: "read-certificates" | "renew-certificate" }
>["kind"];

/** What a server asks of one connected device (PK6). */
export class DeviceCalls {
  readonly #send: (message: ServerMessage) => void;
  readonly #clock: Clock;
  readonly #waiting = new Map<number, (answer: Answer | CallFault) => void>();
  #calls = 0;

  constructor(send: (message: ServerMessage) => void, clock: Clock) {
    this.#send = send;
    this.#clock = clock;
  }

  async readCertificates(): Promise<Result<readonly CarriedCertificate[], CallFault>> {
    const answer = await this.#ask("read-certificates", readWithin);
    if (typeof answer === "string") return err(answer);
    return answer.kind === "certificates" ? ok(answer.held) : err("device.no-answer");
  }

  /** Null, or why the device has not renewed its certificate. */
  async renewCertificate(): Promise<Result<string | null, CallFault>> {
    const answer = await this.#ask("renew-certificate", renewedWithin);
    if (typeof answer === "string") return err(answer);
    return answer.kind === "renewed" ? ok(answer.refused) : err("device.no-answer");
  }

  /** An answer that nobody waits for is passed over. */
  take(answer: Answer): void {
    this.#settle(answer.call, answer);
  }

  /** The device is gone. */
  end(): void {
    for (const call of this.#waiting.keys()) this.#settle(call, "device.not-connected");
  }

  #settle(call: number, answer: Answer | CallFault): void {
    const waits = this.#waiting.get(call);
    this.#waiting.delete(call);
    waits?.(answer);
  }

  async #ask(kind: Question, within: Millis): Promise<Answer | CallFault> {
    if (this.#waiting.size >= waitingMax) return "device.no-answer";
    const call = ++this.#calls;
    const { promise, resolve } = Promise.withResolvers<Answer | CallFault>();
    this.#waiting.set(call, resolve);
    this.#send({ kind, call });
    const done = new AbortController();
    void this.#late(call, within, done.signal);
    const answer = await promise;
    done.abort();
    return answer;
  }

  async #late(call: number, within: Millis, stop: AbortSignal): Promise<void> {
    await this.#clock.sleep(within, stop);
    if (!stop.aborted) this.#settle(call, "device.no-answer");
  }
}
