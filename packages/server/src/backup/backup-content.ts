import type { Bytes } from "@gridward/core/base/bytes";
import { ok, type Result } from "@gridward/core/base/result";
import { version } from "@gridward/core/base/version";
import { Secret } from "@gridward/core/base/secret";
import type { Instant } from "@gridward/core/base/time";
import type { BackupHeader } from "@gridward/core/codec/backup/header";
import type { BackupRecord } from "@gridward/core/codec/backup/record";
import { digestAfter, emptyDigest } from "@gridward/core/domain/digest";
import type { Entry, Position } from "@gridward/core/domain/entry";
import { entryHash } from "@gridward/core/domain/entry-hash";
import { parseEntry } from "@gridward/core/domain/parse-entry";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import { emptyState, singleKey } from "@gridward/core/domain/state";
import { allRows, tableNames } from "@gridward/core/domain/tables";
import type { RowChange } from "@gridward/core/domain/types";
import type { BackupOrder } from "@gridward/runtime/backup/write-backup";
import { isRowChange } from "@gridward/runtime/journal/snapshot-rows";
import { sha256 } from "@gridward/runtime/os/hash";
import { systemKey, type SystemKey } from "@gridward/runtime/os/seal";
import { pairingKeyText } from "@gridward/runtime/trust/x509/keys";
import { type DatabaseCopy, termsMost } from "../database-copy.ts";
import type { OwnIdentity } from "../own-identity.ts";

/** One moment of a database: everything in it is immutable, so changes go on meanwhile. */
export interface Moment extends DatabaseCopy {
  /** The entry at the position; undefined where a first pass brought only the state. */
  readonly entry: Entry | undefined;
}

/** What a backup of this moment is made of; refused while there is no recovery key. */
export function backupOf(
  moment: Moment,
  identity: OwnIdentity,
  at: Instant,
): Result<BackupOrder, Refusal> {
  const { state, position, digest } = moment;
  const system = state.tables.system.get(singleKey);
  if (system === undefined || identity.systemKey === null) return refuse("system.blank", "");
  if (system.recovery === null) return refuse("backup.no-key", "");
  const rows = tableNames.reduce((sum, name) => sum + state.tables[name].size, 0);
  const pairingKey = pairingKeyText(identity.pairingKey);
  const header: BackupOrder["header"] = {
    format: 2,
    version,
    systemId: system.id,
    site: system.site,
    server: { id: identity.node, name: identity.name, pairingKey },
    position,
    digest,
    at,
    accounts: state.tables.accounts.size,
    rows,
    recoveryKey: system.recovery.publicKey,
  };
  const records = recordsOf(moment, identity.systemKey);
  return ok({ header, pairingKey: identity.pairingKey, records });
}

function* recordsOf(
  { state, earlier, entry }: Moment,
  key: SystemKey,
): Generator<BackupRecord, void, undefined> {
  const bytes = Buffer.from(key.bytes.reveal());
  yield { kind: "system-key", key: bytes.toString("base64url") };
  for (const place of earlier) yield { kind: "term-end", place };
  if (entry !== undefined) yield { kind: "entry", entry };
  for (const { table, key: rowKey, row } of allRows(state)) {
    if (row !== null) yield { kind: "row", table, key: rowKey, row: { ...row } };
  }
}

/** What a backup holds beside the rows. */
export interface BackupFrame {
  readonly systemKey: SystemKey;
  /** Ends of the terms before that of its place, oldest first. */
  readonly earlier: readonly Position[];
}

/**
 * Judges the content of a backup while it is read: nothing but what the header states, proved by
 * its digest. Holds no row.
 */
export class ContentCheck {
  readonly #take: (rows: readonly RowChange[]) => void;
  #digest = emptyDigest;
  #rows = 0;
  #key: SystemKey | undefined;
  #entry: Entry | undefined;
  readonly #earlier: Position[] = [];
  #isSound = true;

  constructor(take: (rows: readonly RowChange[]) => void) {
    this.#take = take;
  }

  onRecords(records: readonly BackupRecord[]): void {
    const rows: RowChange[] = [];
    for (const record of records) {
      switch (record.kind) {
        case "system-key":
          this.#isSound &&= this.#key === undefined;
          this.#key = keyFrom(record.key);
          break;
        case "term-end":
          this.#isSound &&= this.#earlier.length < termsMost;
          if (this.#isSound) this.#earlier.push(record.place);
          break;
        case "entry":
          this.#takeEntry(record.entry);
          break;
        case "row": {
          const { table, key, row } = record;
          const change = { table, key, row };
          if (isRowChange(change)) rows.push(change);
          else this.#isSound = false;
          break;
        }
      }
    }
    this.#digest = digestAfter(this.#digest, emptyState, rows, sha256);
    this.#rows += rows.length;
    if (rows.length > 0 && this.#isSound) this.#take(rows);
  }

  /** After the last record: what is no row, if everything is as the header says. */
  finish(header: BackupHeader): Result<BackupFrame, Refusal> {
    const { position, digest, rows } = header;
    const isPlace =
      this.#entry === undefined ||
      (this.#entry.seq === position.seq && this.#entry.hash === position.hash);
    const isStated = this.#digest === digest && this.#rows === rows;
    const isWhole = this.#isSound && isStated && isPlace && isAscending(this.#earlier, position);
    if (!isWhole || this.#key === undefined) {
      return refuse("backup.damaged", "its content does not have the digest that it states");
    }
    return ok({ systemKey: this.#key, earlier: this.#earlier });
  }

  #takeEntry(json: unknown): void {
    const entry = parseEntry(json);
    if (!entry.ok || entryHash(entry.value, sha256) !== entry.value.hash) this.#isSound = false;
    else this.#entry = entry.value;
  }
}

function isAscending(earlier: readonly Position[], last: Position): boolean {
  return earlier.every(({ term, seq }, index) => {
    const next = earlier[index + 1] ?? last;
    return term < next.term && seq <= next.seq;
  });
}

function keyFrom(text: string): SystemKey {
  return systemKey(new Secret<Bytes>(new Uint8Array(Buffer.from(text, "base64url"))));
}
