import { requestId } from "@gridward/core/base/identity";
import { assert } from "@gridward/core/base/result";
import { blankControl } from "@gridward/core/domain/control-record";
import { decide } from "@gridward/core/domain/decide";
import { termAfterRestore } from "@gridward/core/domain/restore-term";
import { isCertified } from "@gridward/core/domain/pair/turn";
import { singleKey } from "@gridward/core/domain/state";
import { allRows } from "@gridward/core/domain/tables";
import type { Actor } from "@gridward/core/domain/types";
import { sha256 } from "@gridward/runtime/os/hash";
import type { DatabaseCopy } from "@gridward/server/database-copy";
import { Ledger } from "@gridward/server/ledger";
import type { SimServer } from "./sim-server.ts";

/** One committed moment of a database, whole, kept where no fault reaches it. */
export type Backup = DatabaseCopy;

const root: Actor = { kind: "local", id: "root", name: "root", door: "local", source: "" };

/** As the product: of a Main, or of a Standby that it proved; nobody else makes one (BS1). */
export function takeBackup({ process }: SimServer): Backup | undefined {
  const { ledger, pair } = process?.conductor ?? {};
  if (!ledger || !pair) return undefined;
  if (pair.machine.duty !== "main" && !isCertified(pair)) return undefined;
  return ledger.committed.seq === 0 ? undefined : ledger.copy;
}

/**
 * HS12: what the product's program for restoring does while no process runs: the database of the
 * backup, a term of its own with its first entry, and the control record, written last. `above` is
 * the highest term that the operator knows of.
 */
export function restore(
  { disk }: Pick<SimServer, "disk">,
  { state, position, digest, earlier }: Backup,
  { above, incarnation, at }: { above: number; incarnation: string; at: number },
): void {
  const { control, id } = disk;
  const readable = disk.isWhole ? disk.head().term : 0;
  const known = [control.term, control.highest.term, position.term, readable, above];
  const term = termAfterRestore(Math.max(...known));
  const builder = disk.store.build(incarnation);
  builder.rows([...allRows(state)]);
  const built = builder.finish(position, digest, earlier);
  assert(built.ok, "a backup is what it was");
  const ledger = new Ledger(built.value, sha256);
  const { term: backupTerm, seq, hash } = position;
  const command = {
    kind: "restore-system",
    term,
    owner: id,
    backup: { at, term: backupTerm, seq, hash },
    replaced: { term: control.highest.term, seq: control.highest.seq },
    server: null,
    certificates: [],
  } as const;
  const request = requestId(`restore-${incarnation}`);
  const decision = decide(state, { command, actor: root, at, requestId: request });
  assert(decision.ok, "a backup of a system can be restored");
  const content = { at, actor: root, requestId: request, kind: command.kind, ...decision.value };
  ledger.stage(content, { node: id, term, start: 1 });
  ledger.flush();
  ledger.commit(ledger.head.seq);
  ledger.close();
  const { journal } = built.value;
  disk.replace(journal, ledger.state, {
    ...blankControl(id, state.tables.system.get(singleKey)?.id ?? null),
    incarnation,
    term,
    owner: id,
    start: 1,
    highest: ledger.head,
    ackSet: [id],
  });
}
