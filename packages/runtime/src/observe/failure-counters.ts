import { z } from "zod";
import type { FailureCounter } from "@gridward/core/domain/lock-out";
import { openSideFile, type SideFile } from "../os/side-file.ts";

const schema = `CREATE TABLE failures (
  account TEXT PRIMARY KEY, failures INTEGER NOT NULL, since INTEGER NOT NULL, blocked_until INTEGER
) STRICT, WITHOUT ROWID`;

const rowSchema = z.strictObject({
  account: z.string(),
  failures: z.number().int().positive(),
  since: z.number().int(),
  blocked_until: z.number().int().nullable(),
});

export interface CounterOrder<Key extends string> {
  readonly path: string;
  /** Brands what was written. */
  readonly key: (text: string) => Key;
  /** So many are kept; the one that failed longest ago is forgotten first. */
  readonly most?: number;
}

/**
 * Failed sign-ins of known accounts, or from one address, counted by this server (design §7):
 * durable before the answer goes out, so that neither a restart nor a crash gives more tries. Read
 * from memory.
 */
export class FailureCounters<Key extends string> {
  readonly #database: SideFile["database"];
  readonly #counters = new Map<Key, FailureCounter>();
  /** Changed while there was no room: written with the next change. */
  readonly #unwritten = new Set<Key>();

  readonly #most: number;

  constructor({ path, key, most = Number.POSITIVE_INFINITY }: CounterOrder<Key>) {
    this.#most = most;
    const order = { path, version: 0x4643_01, schema, synchronous: "FULL" } as const;
    this.#database = openSideFile(order).database;
    for (const row of this.#database.prepare("SELECT * FROM failures ORDER BY since").iterate()) {
      const parsed = rowSchema.safeParse(row);
      if (!parsed.success) continue; // A damaged row blocks nobody and frees nobody else.
      const { account, failures, since, blocked_until: blockedUntil } = parsed.data;
      this.#counters.set(key(account), { failures, since, blockedUntil });
    }
  }

  get(account: Key): FailureCounter | undefined {
    return this.#counters.get(account);
  }

  set(account: Key, counter: FailureCounter): void {
    this.#counters.delete(account); // The newest is the last of them.
    this.#counters.set(account, counter);
    if (this.#counters.size > this.#most) this.#forgetOldest();
    this.#write(account);
  }

  drop(account: Key): void {
    if (this.#counters.delete(account)) this.#write(account);
  }

  entries(): readonly (readonly [Key, FailureCounter])[] {
    return [...this.#counters];
  }

  close(): void {
    this.#database.close();
  }

  #forgetOldest(): void {
    for (const oldest of this.#counters.keys()) {
      this.#counters.delete(oldest);
      this.#unwritten.add(oldest);
      return;
    }
  }

  /** Never throws: with a full disk the counters in memory go on to block. */
  #write(account: Key): void {
    this.#unwritten.add(account);
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      for (const each of this.#unwritten) this.#writeOne(each);
      this.#database.exec("COMMIT");
      this.#unwritten.clear();
    } catch {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    }
  }

  #writeOne(account: Key): void {
    const counter = this.#counters.get(account);
    if (counter === undefined) {
      this.#database.prepare("DELETE FROM failures WHERE account = ?").run(account);
      return;
    }
    const { failures, since, blockedUntil } = counter;
    const put = "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?)";
    this.#database.prepare(put).run(account, failures, since, blockedUntil);
  }
}
