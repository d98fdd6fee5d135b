import { z } from "zod";
import { accountId, type AccountId } from "@gridward/core/base/identity";
import type { Instant } from "@gridward/core/base/time";
import { openSideFile, type SideFile } from "../os/side-file.ts";

const schema = `CREATE TABLE uses (
  account TEXT NOT NULL, version INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (account, version, at)
) STRICT, WITHOUT ROWID`;

const rowSchema = z.strictObject({
  account: z.string().transform(accountId),
  version: z.number().int(),
  at: z.number().int(),
});

export interface CountedUse {
  readonly account: AccountId;
  /** Of the password. */
  readonly version: number;
  readonly at: Instant;
}

/**
 * Sign-ins after the end of a password that this server let happen (design §7): durable before the
 * answer goes out, and kept until the password is another, whether they are journalled or not.
 */
export class GraceUses {
  readonly #database: SideFile["database"];
  #uses: readonly CountedUse[] = [];
  /** Of changes for which there was no room: written with the next one. */
  #isBehind = false;

  constructor(path: string) {
    const order = { path, version: 0x4755_01, schema, synchronous: "FULL" } as const;
    this.#database = openSideFile(order).database;
    for (const row of this.#database.prepare("SELECT * FROM uses ORDER BY at").iterate()) {
      const parsed = rowSchema.safeParse(row);
      if (parsed.success) this.#uses = [...this.#uses, parsed.data];
    }
  }

  usesOf(account: AccountId, version: number): readonly Instant[] {
    return this.#uses
      .filter((use) => use.account === account && use.version === version)
      .map(({ at }) => at);
  }

  add(use: CountedUse): void {
    this.#uses = [...this.#uses, use];
    this.#write();
  }

  /** The password is another, or the account is gone. */
  drop(account: AccountId): void {
    const kept = this.#uses.filter((use) => use.account !== account);
    if (kept.length === this.#uses.length && !this.#isBehind) return;
    this.#uses = kept;
    this.#write();
  }

  all(): readonly CountedUse[] {
    return this.#uses;
  }

  close(): void {
    this.#database.close();
  }

  /** Never throws: with a full disk those in memory go on to count. There are few, and seldom. */
  #write(): void {
    this.#isBehind = true;
    try {
      this.#database.exec("BEGIN IMMEDIATE; DELETE FROM uses");
      const put = this.#database.prepare("INSERT INTO uses VALUES (?, ?, ?)");
      for (const { account, version, at } of this.#uses) put.run(account, version, at);
      this.#database.exec("COMMIT");
      this.#isBehind = false;
    } catch {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    }
  }
}
