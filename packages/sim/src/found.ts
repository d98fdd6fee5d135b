import type { NodeId } from "@gridward/core/base/identity";
import type { Result } from "@gridward/core/base/result";
import type { Instant, Millis } from "@gridward/core/base/time";
import type { Found } from "@gridward/core/domain/pair/found";
import { findControlFault } from "@gridward/runtime/journal/control-check";
import type { JournalFault, OpenedJournal } from "@gridward/runtime/journal/journal";
import { kindsOf } from "@gridward/server/ledger";
import type { PairState } from "@gridward/core/domain/pair/pair-state";
import type { SimDisk } from "./sim-disk.ts";
import type { Violation } from "./violation.ts";

/** As where nothing is set. */
const suspectAfter = 6_000;

/** As the product's start: neither journal nor control record is believed without the other. */
export function findFault(
  disk: SimDisk,
  opened: Result<OpenedJournal, JournalFault> | undefined,
): JournalFault | undefined {
  if (disk.isBroken) return { code: "journal.chain-broken", detail: "simulated", seq: null };
  if (opened === undefined) return findNameless(disk);
  return opened.ok ? findControlFault(disk.control, opened.value, disk.isDoubtful) : opened.error;
}

/** A slot that is lost may have named what is here. */
function findNameless({ control, isDoubtful, journal }: SimDisk): JournalFault | undefined {
  const mayBeNamed = isDoubtful || control.lostName;
  if (!mayBeNamed || control.incarnation !== null || journal === undefined) return undefined;
  return { code: "journal.unreadable", detail: "no slot names the database", seq: null };
}

/** What the rules are told of a disk at the start. */
export function whatWasFound(
  { id, control, isDoubtful }: SimDisk,
  opened: OpenedJournal | undefined,
  around: {
    readonly partners: readonly NodeId[];
    readonly at: Millis;
    readonly now: Instant;
    readonly fault: JournalFault | undefined;
  },
): Found {
  const { fault } = around;
  const text = fault ? { code: fault.code, text: fault.detail } : null;
  const here = { ...around, self: id, control, isDoubtful, suspectAfter, fault: text };
  if (!opened) {
    const nothing = { head: control.highest, committed: 0, recorded: null };
    return { ...here, ...nothing, kinds: new Map() };
  }
  const { tables } = opened.state;
  const recorded = tables.pair.first() ?? null;
  const { seq: committed } = opened.committed;
  const kinds = kindsOf(tables.servers);
  return { ...here, head: opened.journal.head(), committed, recorded, kinds };
}

/** I6, I7: a whole disk opens, and one whose bits turned does not. */
export function findUnseen(
  { id, control, isBent, isBroken, isDoubtful, isMisnamed }: SimDisk,
  opened: Result<OpenedJournal, JournalFault> | undefined,
  fault: JournalFault | undefined,
): Violation | undefined {
  const isUnnamed = isDoubtful || isMisnamed || control.lostName;
  const isExpected = isBent || isBroken || isUnnamed;
  if (fault && !isExpected) return { rule: "I7", says: `${id}: ${fault.detail}` };
  if (fault || !opened || !isBent) return undefined;
  return { rule: "I6", says: `${id} opened a journal that was bent` };
}

/** R8: nothing vouches for a database that cannot be used. */
export function findVouched(
  { id, control }: SimDisk,
  fault: JournalFault | undefined,
): Violation | undefined {
  if (fault === undefined || control.certificate === null) return undefined;
  return { rule: "R8", says: `${id} started invalid under a certificate` };
}

/** As the product's receiving end: only its Main's first pass, and only where one is awaited. */
export function isAwaited({ control, machine }: PairState, from: NodeId): boolean {
  if (control.owner !== from) return false;
  if (machine.duty === "none") return ["blank", "diverged"].includes(machine.phase);
  return machine.duty === "standby";
}
