import { z } from "zod";
import { accountId, type AccountId } from "@gridward/core/base/identity";
import type { FailureCounter } from "@gridward/core/domain/lock-out";
import { openSideFile, type SideFile } from "../os/side-file.ts";

const schema = `CREATE TABLE failures (
  account TEXT PRIMARY KEY, failures INTEGER NOT NULL, since INTEGER NOT NULL, blocked_until INTEGER
) STRICT, WITHOUT ROWID`;

const rowSchema = z.strictObject({
  account: z.string().transform(accountId),
  failures: z.number().int().positive(),
  since: z.number().int(),
  blocked_until: z.number().int().nullable(),
});

/**
 * Failed sign-ins of known accounts, counted by this server (design §7): durable before the answer
 * goes out, so that neither a restart nor a crash gives more tries. Read from memory.
 */
export class FailureCounters {
  readonly #database: SideFile["database"];
  readonly #counters = new Map<AccountId, FailureCounter>();
  /** Changed while there was no room: written with the next change. */
  readonly #unwritten = new Set<AccountId>();

  constructor(path: string) {
    const order = { path, version: 0x4643_01, schema, synchronous: "FULL" } as const;
    this.#database = openSideFile(order).database;
    for (const row of this.#database.prepare("SELECT * FROM failures").iterate()) {
      const parsed = rowSchema.safeParse(row);
      if (!parsed.success) continue; // A damaged row blocks nobody and frees nobody else.
      const { account, failures, since, blocked_until: blockedUntil } = parsed.data;
      this.#counters.set(account, { failures, since, blockedUntil });
    }
  }

  get(account: AccountId): FailureCounter | undefined {
    return this.#counters.get(account);
  }

  set(account: AccountId, counter: FailureCounter): void {
    this.#counters.set(account, counter);
    this.#write(account);
  }

  drop(account: AccountId): void {
    if (this.#counters.delete(account)) this.#write(account);
  }

  entries(): readonly (readonly [AccountId, FailureCounter])[] {
    return [...this.#counters];
  }

  close(): void {
    this.#database.close();
  }

  /** Never throws: with a full disk the counters in memory go on to block. */
  #write(account: AccountId): void {
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

  #writeOne(account: AccountId): void {
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
