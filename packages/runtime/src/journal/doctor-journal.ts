import type { DatabaseSync } from "node:sqlite";
import { ok, type Result } from "@gridward/core/base/result";
import type { DirectoryState } from "@gridward/core/domain/state";
import { readDatabase } from "../os/read-only-database.ts";
import { findControlFault } from "./control-check.ts";
import type { OpenedControl } from "./control-store.ts";
import { sound, unsoundFor, type Finding } from "./finding.ts";
import type { JournalFault } from "./journal.ts";
import { findBrokenRule, type Neighbours } from "./journal-rules.ts";
import { firstVersion, replay } from "./replay.ts";
import { findFileFault, isSqliteError } from "./sqlite-file.ts";
import { openSqliteJournal, readEntries } from "./sqlite-journal.ts";
import { journalPath } from "./sqlite-store.ts";

export interface JournalExamination {
  readonly findings: readonly Finding[];
  /** The verified state at the head; undefined where the journal is not to be believed. */
  readonly state: DirectoryState | undefined;
}

type FoundControl = Pick<OpenedControl, "record" | "damaged">;

/** Everything in the file of one generation: pages, chain, snapshot, digests, control record. */
export function examineJournal(
  directory: string,
  incarnation: string,
  control: FoundControl,
  isInUse: boolean,
): JournalExamination {
  const path = journalPath(directory, incarnation);
  const read = (database: DatabaseSync): JournalExamination => {
    const fault = findFileFault(database, incarnation) ?? findPageFault(database);
    if (fault !== undefined) return faulty("journal-file", fault);
    return examineContent(database, incarnation, control);
  };
  try {
    return readDatabase(path, isInUse, read);
  } catch (error) {
    if (!isSqliteError(error)) throw error;
    const fault = { code: "journal.unreadable", detail: error.message, seq: null } as const;
    return faulty("journal-file", fault);
  }
}

function examineContent(
  database: DatabaseSync,
  incarnation: string,
  { record, damaged }: FoundControl,
): JournalExamination {
  const file = sound("journal-file", "The journal file is whole.");
  const chain = walkChain(database);
  if (!chain.ok) return faulty("journal-chain", chain.error, [file]);
  const { first, count, digest } = chain.value;
  const findings = [
    file,
    sound("journal-chain", `${count} changes from ${first} on: the chain of hashes is unbroken.`),
  ];
  const opened = openSqliteJournal(database, incarnation, count);
  if (!opened.ok) return faulty("journal-state", opened.error, findings);
  const { state } = opened.value;
  if (digest !== undefined && digest !== opened.value.digest) {
    const detail = "replaying all changes gives another state than the snapshot does";
    const fault = { code: "journal.digest-mismatch", detail, seq: null } as const;
    return faulty("journal-state", fault, findings);
  }
  findings.push(sound("journal-state", `The state has its digest ${opened.value.digest}.`));
  const disagreement = findControlFault(record, opened.value, damaged !== null);
  if (disagreement !== undefined) return faulty("control-agrees", disagreement, findings);
  const says = "The database is as new as the control record, and of the same history.";
  return { findings: [...findings, sound("control-agrees", says)], state };
}

function faulty(
  id: string,
  fault: JournalFault,
  before: readonly Finding[] = [],
): JournalExamination {
  return { findings: [...before, unsoundFor(id, fault)], state: undefined };
}

interface Chain {
  readonly first: number;
  readonly count: number;
  /** Of the state replayed from the very first change; undefined where that is no longer kept. */
  readonly digest: string | undefined;
}

/** All entries that are kept, also those before the snapshot, which opening does not look at. */
function walkChain(database: DatabaseSync): Result<Chain, JournalFault> {
  let earlier: Neighbours["earlier"] | undefined;
  let first = 1;
  let count = 0;
  for (const entry of readEntries(database, 0)) {
    if (!entry.ok) return entry;
    const later = entry.value;
    const fault = earlier && findBrokenRule({ earlier, later });
    if (fault !== undefined) return { ok: false, error: fault };
    if (earlier === undefined) first = later.seq;
    earlier = later;
    count++;
  }
  if (first > 1) return ok({ first, count, digest: undefined });
  const replayed = replay(firstVersion, readEntries(database, 0), 0);
  if (!replayed.ok) return replayed;
  return ok({ first, count, digest: replayed.value.digest });
}

function findPageFault(database: DatabaseSync): JournalFault | undefined {
  const verdict = database.prepare("PRAGMA integrity_check(1)").get()?.["integrity_check"];
  if (verdict === "ok") return undefined;
  return { code: "journal.unreadable", detail: String(verdict), seq: null };
}
