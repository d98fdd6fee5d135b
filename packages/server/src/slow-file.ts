import { utf8 } from "@gridward/core/base/bytes";
import { minute, type Instant, type Millis } from "@gridward/core/base/time";
import type { Clock } from "@gridward/runtime/os/clock";
import { errorCode, writeFileAtomic } from "@gridward/runtime/os/files";

/** What strangers make us write must not wear the disk. */
const writtenEvery: Millis = minute;

export interface SlowFileParts {
  readonly path: string;
  /** What is in it, in words. */
  readonly what: string;
  readonly text: () => string;
  readonly clock: Pick<Clock, "now">;
  readonly note: (text: string) => void;
}

/**
 * A memory beside the journal that is written once a minute at most, and when the server ends in
 * order. Nobody is turned away because it could not be written.
 */
export class SlowFile {
  readonly #parts: SlowFileParts;
  #writtenAt: Instant = 0;
  #isWritten = true;

  constructor(parts: SlowFileParts) {
    this.#parts = parts;
  }

  changed(): void {
    this.#isWritten = false;
    const since = Math.abs(this.#parts.clock.now() - this.#writtenAt);
    if (since >= writtenEvery) this.close();
  }

  /** Nothing waits to be written when it returns. */
  close(): void {
    if (this.#isWritten) return;
    const { path, what, text, clock, note } = this.#parts;
    this.#writtenAt = clock.now();
    try {
      writeFileAtomic(path, utf8(text()));
      this.#isWritten = true;
    } catch (error) {
      if (errorCode(error) === "") throw error;
      note(`the list of ${what} was not written: ${errorCode(error)}`);
    }
  }
}
