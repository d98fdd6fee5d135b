import { judgeOrder, type SeenPosition } from "@gridward/ied/replica/order";
import type { SimServer } from "./sim-server.ts";
import type { Surroundings } from "./surroundings.ts";

/** A device that follows the manifests of either server by the product's own order rules. */
export class SimDevice {
  readonly #name: string;
  readonly #world: Surroundings;
  seen: SeenPosition | null = null;

  constructor(name: string, world: Surroundings) {
    this.#name = name;
    this.#world = world;
  }

  start(): void {
    const { schedule, random } = this.#world;
    schedule.after(random.between(500, 3_000), () => {
      const server = this.#world.pair[random.below(this.#world.pair.length)];
      if (server?.isAlive) this.#ask(server);
      this.start();
    });
  }

  /** Is what it holds the Main's last word? */
  isAtHead(main: SimServer): boolean {
    const { ledger } = main.process?.conductor ?? {};
    const { hash, seq } = ledger?.committed ?? {};
    return this.seen?.rev === seq && this.seen?.setDigest === hash;
  }

  #ask(server: SimServer): void {
    const { watcher } = this.#world;
    const { ledger } = server.process?.conductor ?? {};
    const row = ledger?.state.tables.pair.first();
    if (!ledger || !row) return;
    const { seq: rev, hash: setDigest } = ledger.committed;
    watcher.mustBeCommitted(server, rev);
    const offered: SeenPosition = { term: row.term, owner: row.owner, rev, setDigest };
    const verdict = judgeOrder(this.seen, offered);
    if (verdict === "take") this.#take(offered);
    if (verdict === "another content at the same place" || verdict === "a leap of terms") {
      watcher.fail("I9", `${server.id} showed ${this.#name} ${verdict}`);
    }
  }

  /** I25: what a device holds never goes back. */
  #take(offered: SeenPosition): void {
    const before = this.seen;
    const isBack =
      before !== null &&
      (offered.term < before.term || (offered.term === before.term && offered.rev < before.rev));
    if (isBack) this.#world.watcher.fail("I25", `${this.#name} went back to ${offered.rev}`);
    this.seen = offered;
  }
}
