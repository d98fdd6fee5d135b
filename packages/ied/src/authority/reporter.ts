import { reportedMax } from "@gridward/core/codec/replica/limits";
import type { Reported } from "@gridward/core/codec/replica/message";
import type { LocalReplica } from "../replica/local-replica.ts";
import type { ServerLine } from "../replica/server-line.ts";
import type { Failures } from "./failures.ts";
import type { ReportQueue } from "./report-queue.ts";

export interface ReporterParts {
  readonly replica: LocalReplica;
  readonly lines: readonly ServerLine[];
  readonly failures: Failures;
  readonly queue: ReportQueue;
}

/** Keeps what the device decided by itself and hands it up as soon as a server answers (DV13). */
export class Reporter {
  readonly #parts: ReporterParts;
  #isHandingUp = false;

  constructor(parts: ReporterParts) {
    this.#parts = parts;
  }

  note(content: Omit<Reported, "number" | "at">): void {
    this.#parts.queue.add({ ...content, at: this.#parts.replica.time() });
    void this.handUp();
  }

  /** Sends all that is waiting to the first server that takes it; the rest waits for the next. */
  async handUp(): Promise<void> {
    if (this.#isHandingUp) return;
    this.#isHandingUp = true;
    while (await this.#handUpBatch());
    this.#isHandingUp = false;
  }

  /** True when something was handed up and there may be more. */
  async #handUpBatch(): Promise<boolean> {
    const { queue, failures, lines } = this.#parts;
    const decided = queue.batch();
    const blocked = failures.unreported(reportedMax);
    if (decided.length === 0 && blocked.length === 0) return false;
    for (const line of lines) {
      if (!(await line.report({ decided, failures: blocked }))) continue;
      const last = decided.at(-1);
      if (last !== undefined) queue.forgetUpTo(last.number);
      failures.markReported(blocked);
      return true;
    }
    return false;
  }
}
