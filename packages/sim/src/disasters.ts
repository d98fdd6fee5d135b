import type { Backup } from "./restore.ts";
import { restore, takeBackup } from "./restore.ts";
import type { SimServer } from "./sim-server.ts";
import type { Surroundings } from "./surroundings.ts";

/** How many backups are kept. */
const keptMost = 3;

/** How long after a fire somebody starts the servers again. */
const fireMs = 2_000;

/** Backups, databases that are all lost at once, and who brings a backup back. */
export class Disasters {
  readonly #world: Surroundings;
  #backups: readonly Backup[] = [];

  constructor(world: Surroundings) {
    this.#world = world;
  }

  start(): void {
    const { schedule, rare } = this.#world;
    if (rare.backupEvery === 0) return;
    this.#takeLater();
    if (rare.fireAt > 0) schedule.after(rare.fireAt, () => this.#burn());
    if (rare.restoreAt > 0) schedule.after(rare.restoreAt, () => this.#restoreSomewhere());
  }

  #takeLater(): void {
    const { schedule, rare, pair } = this.#world;
    schedule.after(rare.dice.between(0.2, 1.8) * rare.backupEvery, () => {
      const server = pair[rare.dice.below(pair.length)];
      const backup = server && takeBackup(server);
      if (backup) this.#backups = [...this.#backups, backup].slice(-keptMost);
      if (!this.#world.isCalm) this.#takeLater();
    });
  }

  /** No database is left: nobody can heal it but a backup. */
  #burn(): void {
    const { isCalm, pair, rare, schedule } = this.#world;
    if (isCalm || this.#backups.length === 0) return;
    for (const server of pair) {
      server.crash();
      if (rare.dice.chance(0.3)) server.disk.wipe();
      else server.disk.isBroken = true;
      schedule.after(rare.dice.between(50, fireMs), () => {
        if (!server.process) server.start();
      });
    }
  }

  /** On a server whose database is lost; sometimes by somebody who only wants to go back. */
  #restoreSomewhere(): void {
    const { isCalm, pair, rare } = this.#world;
    if (isCalm) return;
    const servers = this.#restorable(pair);
    const lost = servers.filter(({ disk }) => !disk.isWhole);
    const isNeedless = lost.length === 0 && rare.dice.chance(rare.needless);
    const from = isNeedless ? servers : lost;
    const server = from[rare.dice.below(Math.max(1, from.length))];
    if (server) this.restoreOn(server);
  }

  /** Where no database is left that could be promoted: a careful operator brings a backup back. */
  restoreLast(): void {
    const servers = this.#restorable(this.#world.pair);
    const [server] = servers;
    if (server && servers.every(({ disk }) => !disk.isWhole)) this.restoreOn(server);
  }

  /** Whoever restores remembers, or looks up, which terms there were. */
  restoreOn(server: SimServer): void {
    const { rare, pair, watcher, now } = this.#world;
    const backup = this.#backups[rare.dice.below(Math.max(1, this.#backups.length))];
    if (backup === undefined) return;
    server.crash();
    const taken = watcher.taken.filter(({ by }) => pair.some(({ id }) => id === by));
    const seen = [...pair.map(({ disk }) => disk.control), ...taken];
    const above = Math.max(...seen.map(({ term }) => term));
    const incarnation = `${server.id}-${this.#world.fresh()}`;
    restore(server, backup, { above, incarnation, at: Math.floor(now) });
    watcher.onRestored(server, backup);
    server.start();
  }

  /** No backup is restored into a permanent Standby (BS11). */
  #restorable(servers: readonly SimServer[]): readonly SimServer[] {
    return servers.filter(({ id }) => id !== this.#world.watcher.permanent);
  }
}
