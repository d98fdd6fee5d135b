import type { NodeId } from "@gridward/core/base/identity";
import type { GenerationBuilder } from "@gridward/runtime/journal/journal";
import type { Conductor } from "./conductor.ts";
import { FirstPassReceiver, parseFirstPass } from "./first-pass.ts";

/** One frame of a first pass, and where it came from. */
export interface FirstPassFrame {
  readonly from: NodeId;
  /** The connection that brought it: a first pass goes over one from its beginning to its end. */
  readonly link: object;
  readonly text: string;
  readonly bytes: number;
}

/** The receiving end of a first pass: only our Main's, and only of one connection at a time. */
export class CopyFromMain {
  readonly #conductor: Conductor;
  readonly #receiver: FirstPassReceiver;
  #link: object | undefined;

  constructor(conductor: Conductor, build: () => GenerationBuilder) {
    this.#conductor = conductor;
    this.#receiver = new FirstPassReceiver(build);
  }

  /** False: not a piece, or the whole was not the Main's state; the link is closed. */
  take({ from, link, text, bytes }: FirstPassFrame): boolean {
    if (!this.#isAwaitedFrom(from)) return true; // Not for us to copy: neither kept nor believed.
    const piece = parseFirstPass(text);
    if (!piece.ok) return false;
    if (piece.value.kind === "first-pass-begin") this.#link = link;
    else if (this.#link !== link) return true; // Of an earlier connection, behind a new beginning.
    const conductor = this.#conductor;
    const news = this.#receiver.take(piece.value, bytes);
    switch (news.kind) {
      case "begun":
        conductor.feed({ kind: "snapshot-begun", bytesTotal: null });
        return true;
      case "progress": {
        const { bytesDone, bytesTotal } = news;
        conductor.feed({ kind: "snapshot-progress", bytesDone, bytesTotal });
        return true;
      }
      case "ready":
        conductor.generationReady(news.opened, news.position);
        return true;
      case "failed":
        conductor.feed({ kind: "snapshot-failed" });
        return false;
    }
  }

  /** A connection ended; if it carried the first pass, that has failed. */
  onClosed(link: object): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    if (this.#receiver.abandon()) this.#conductor.feed({ kind: "snapshot-failed" });
  }

  #isAwaitedFrom(from: NodeId): boolean {
    const { control, machine } = this.#conductor.pair;
    if (control.owner !== from) return false;
    if (machine.duty === "none") return ["blank", "diverged"].includes(machine.phase);
    return machine.duty === "standby";
  }
}
