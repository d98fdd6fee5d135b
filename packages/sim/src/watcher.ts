import type { Bytes } from "@gridward/core/base/bytes";
import type { NodeId, RequestId } from "@gridward/core/base/identity";
import type { ControlRecord } from "@gridward/core/domain/control-record";
import { digestOf } from "@gridward/core/domain/digest";
import type { Entry } from "@gridward/core/domain/entry";
import type { PairMessage } from "@gridward/core/domain/pair/message";
import type { Machine } from "@gridward/core/domain/pair/pair-state";
import { isKnownMove, moveOf } from "@gridward/core/domain/pair/transitions";
import { findControlFault } from "@gridward/runtime/journal/control-check";
import type { OpenedJournal } from "@gridward/runtime/journal/journal";
import { sha256 } from "@gridward/runtime/os/hash";
import { findBrokenAuthority, findPermanentClaim, type WatchedWitness } from "./authority.ts";
import { findBadCertificate, findBadPromotion } from "./certificates.ts";
import { findUnsafeCopies, tellsOfCopy } from "./copies.ts";
import { type Acknowledged, findUntrue, type Taken } from "./ending.ts";
import { carriesRows, type SimFrame } from "./frame.ts";
import { Journals } from "./journals.ts";
import { findBrokenPromise, findUnnoticedDrop } from "./promises.ts";
import type { Backup } from "./restore.ts";
import { leavesBehind, noteRestored, type Restored } from "./restored.ts";
import type { Violation } from "./violation.ts";
import type { SimDisk } from "./sim-disk.ts";
import type { Process } from "./sim-process.ts";
import type { SimServer } from "./sim-server.ts";
import { Visibility } from "./visibility.ts";

/** Everything known from outside, and the invariants held against it at every write (research §5.1). */
export class Watcher {
  readonly violations: Violation[] = [];
  readonly acknowledged = new Map<string, Acknowledged>();
  /** Ways that machines of the pair went from one phase to another: "from > to". */
  readonly moves = new Set<string>();
  /** Requests that were answered "no": they must never take effect. */
  readonly #refused = new Set<string>();
  /** Set while an operator forces a promotion: I3 then asks only for a consistent database. */
  isForced = false;
  /** The permanent Standby of the run, if there is one. */
  permanent: NodeId | undefined;
  #servers: readonly SimServer[] = [];
  /** Who acknowledged in a term. */
  readonly #ackers = new Map<number, NodeId>();
  /** Who took each term, in order. */
  readonly taken: Taken[] = [];
  readonly restored: Restored[] = [];
  /** Terms whose owner a person made go on alone although its partner might succeed it. */
  readonly #forcedAlone = new Set<number>();
  /** Hand-overs whose target said that it does not take the term: "owner term". */
  readonly #declined = new Set<string>();
  #witness: WatchedWitness = {
    record: null,
    mayGive: () => false,
    noteOffer: () => {},
    hasSettled: () => false,
  };
  readonly #visibility = new Visibility((id) => this.#diskOf(id));
  /** Of rows in the states that were proved: rows never change. */
  readonly #rowHashes = new WeakMap<object, Bytes>();
  readonly #journals = new Journals((id) => this.#find(id));
  /** In which term a journal told first of a second copy that changes waited for. */
  #copiedIn = Number.POSITIVE_INFINITY;
  /** Standbys that a Main has recorded and admitted: "main>standby term". */
  readonly #admitted = new Set<string>();
  /** Processes that told a Main the digest of their state. */
  readonly #provers = new WeakSet<Process>();

  watch(servers: readonly SimServer[], witness: WatchedWitness): void {
    this.#servers = servers;
    this.#witness = witness;
  }

  onForcedAlone({ control }: SimDisk): void {
    this.#forcedAlone.add(control.term);
  }

  fail(rule: string, says: string): void {
    this.violations.push({ rule, says });
  }

  /** The system as it was before the run. */
  onGiven(entries: readonly Entry[]): void {
    this.#visibility.onGiven(entries);
  }

  onFounded(disk: SimDisk): void {
    this.#visibility.onFounded(disk);
  }

  /** HS12: a person put a backup in the place of a database, under a term of its own. */
  onRestored(server: SimServer, backup: Backup): void {
    const { disk, id } = server;
    this.restored.push(noteRestored(server, backup, this.#servers));
    this.taken.push({ term: disk.control.term, by: id, isExcused: false });
    this.onFounded(disk);
    this.#journals.noteWritten(disk.entries());
  }

  /** A client was told "done" (R1, I2, I11, I16, I17). */
  onAnswered(server: SimServer, request: string, seq: number): void {
    const own = server.disk.isBent ? undefined : server.disk.entryAt(seq);
    // After first passes a change may live on in the states alone, and its entry on no disk.
    const entry = own ?? this.#journals.entryOf(request, seq);
    if (entry?.requestId !== request) {
      return this.fail("I11", `${request} was answered ${seq}, which is another change`);
    }
    const before = this.acknowledged.get(request);
    if (before === undefined) return this.#onFirstAnswer(server, entry);
    if (before.hash === entry.hash) return;
    // Only a change that an operator's act left behind may be made again.
    const isLeftBehind = this.restored.some((each) => leavesBehind(each, before, entry.term));
    if (!isLeftBehind && this.#journals.isBefore(before, entry)) {
      return this.fail("I11", `${request} was answered ${before.seq} and ${seq}`);
    }
    this.#onFirstAnswer(server, entry);
  }

  /** A client was told "no" at its only try: the change is nowhere, and never will be (I12). */
  onRefused(request: string): void {
    this.#refused.add(request);
    for (const { id, disk } of this.#servers) {
      if (disk.requests.has(request)) {
        this.fail("I12", `${request} was refused and is on the disk of ${id}`);
      }
    }
  }

  #onFirstAnswer(server: SimServer, { requestId, seq, hash }: Entry): void {
    const { id, process, disk } = server;
    // An answer that was under way when the slot was lost was given by what that slot said.
    const { term, owner, ackSet } = disk.countedFor(seq);
    this.acknowledged.set(requestId, {
      request: requestId,
      seq,
      hash,
      by: id,
      term,
      holders: ackSet,
    });
    if (owner !== id) this.fail("I16", `${id} acknowledged without owning term ${term}`);
    this.#checkAcker(id, term, process);
    this.#checkCopies(server);
    for (const member of ackSet) {
      const other = this.#diskOf(member);
      const isThere = other?.requests.has(requestId) === true;
      if (other && !isThere && !other.hadOnce(requestId, seq, hash)) {
        this.fail("I1", `${requestId} is acknowledged and not on the disk of ${member}`);
      }
    }
  }

  #checkCopies({ id, disk, process }: SimServer): void {
    const { control } = disk;
    if (process === undefined || control.owner !== id) return;
    const { unrecorded, machine } = process.conductor.pair;
    const isStopped = machine.duty === "main" && machine.phase === "read-only";
    // I14: what was written before its disk was full is confirmed; the reason is due when it has room.
    if (unrecorded && isStopped && machine.code === "disk.full") return;
    const at = {
      control,
      recorded: process.conductor.ledger?.prepared.tables.pair.first(),
      hadPartner: this.#copiedIn <= control.term,
      isForced: this.#forcedAlone.has(control.term),
      others: this.#servers.flatMap((each) => (each.id === id ? [] : this.#rightsOf(each.id))),
      witness: this.#witness,
      controlOf: (each: NodeId) => this.#rightsOf(each)[0],
    };
    this.#found(findUnsafeCopies(at));
  }

  /** What a server may succeed by: a record of which a slot is lost gives no right (R17). */
  #rightsOf(id: NodeId): readonly ControlRecord[] {
    const disk = this.#diskOf(id);
    return disk === undefined || disk.isDoubtful ? [] : [disk.control];
  }

  /** Who acknowledges in a term is the only one, and was told of nothing against it. */
  #checkAcker(id: NodeId, term: number, process: Process | undefined): void {
    if ((process?.heardTerm ?? 0) > term) {
      this.fail("I16", `${id} acknowledged in term ${term} and was told of a higher one`);
    }
    if (process?.disputed.has(term)) {
      this.fail("I17", `${id} acknowledged in term ${term}, which has two owners`);
    }
    const other = this.#ackers.get(term);
    if (other !== undefined && other !== id && !this.#isTakenTwice(term)) {
      this.fail("I2", `${other} and ${id} acknowledged in term ${term}`);
    }
    this.#ackers.set(term, id);
  }

  /** Two operators promoted two servers that could not hear each other. */
  #isTakenTwice(term: number): boolean {
    const taken = this.taken.filter((each) => each.term === term);
    return new Set(taken.map(({ by }) => by)).size > 1 && taken.some(({ isExcused }) => isExcused);
  }

  onVisible(server: Pick<SimServer, "id" | "disk">, seq: number): void {
    this.#found(this.#visibility.findEarly(server, seq));
  }

  onRead(server: SimServer, request: RequestId): void {
    this.#found(this.#visibility.findUncommitted(server, request));
  }

  mustBeCommitted(server: SimServer, seq: number): void {
    this.#found(this.#visibility.findPrepared(server, seq));
  }

  /** A generation was found whole at a start, or was verified after a first pass (I7). */
  onOpened({ id }: SimDisk, { journal, state, digest }: OpenedJournal): void {
    if (digestOf(state, sha256, this.#rowHashes) === digest) return;
    this.fail("I7", `${id} took ${journal.incarnation}, whose state has another digest`);
  }

  /** No crash makes a database look older than its control record, or another's (HS11). */
  onStarted(disk: SimDisk, opened: OpenedJournal): void {
    this.onOpened(disk, opened);
    const fault = findControlFault(disk.control, opened, disk.isDoubtful);
    if (fault) this.fail("I7", `${disk.id} would not start: ${fault.detail}`);
  }

  onControl(disk: SimDisk, before: ControlRecord, after: ControlRecord): void {
    const { id } = disk;
    if (after.term < before.term) this.fail("I8", `${id} forgot term ${before.term}`);
    this.#found(findPermanentClaim(after, this.permanent));
    const takesTerm = after.owner === id && after.term > before.term;
    if (takesTerm && !this.#isRemembered(disk, after)) this.#onTaken(before, after);
    else if (!takesTerm) this.#checkAuthority(before, after);
    const isWider = after.ackSet.some((member) => !before.ackSet.includes(member));
    // Who lost a slot counts everybody, and admits nobody (R17).
    const isAdmitting = isWider && !takesTerm && !disk.isDoubtful;
    if (after.owner === id && isAdmitting) this.#checkWidening(disk, before, after);
    const isAdmittedBy = (by: string): boolean => this.#admitted.has(`${by}>${id} ${after.term}`);
    this.#found(findBadCertificate(disk, before, after, isAdmittedBy));
  }

  #onTaken(before: ControlRecord, after: ControlRecord): void {
    if (before.term > 0) this.#found(findBadPromotion(before, this.isForced));
    const { understanding } = this.#find(after.nodeId)?.process ?? {};
    // It had asked before a person made its Main go on alone: the witness gave it the term (R9).
    const hadAsked = before.candidacy !== null && this.#forcedAlone.has(before.term);
    if (!this.isForced && !hadAsked) this.#found(understanding?.findBadSuccession(before));
    this.#checkAuthority(before, after);
    const isExcused = this.isForced || before.mode === "manual";
    this.taken.push({ term: after.term, by: after.nodeId, isExcused });
  }

  /** R17: journal or witness told it of a term that it had taken before a slot was lost. */
  #isRemembered({ wasDoubtful }: SimDisk, { nodeId, term }: ControlRecord): boolean {
    if (!wasDoubtful) return false;
    return this.taken.some((taken) => taken.term === term && taken.by === nodeId);
  }

  #checkAuthority(before: ControlRecord, after: ControlRecord): void {
    if (before.handover === null && after.handover !== null) this.#witness.noteOffer(after.nodeId);
    if (this.isForced) return;
    const controlOf = (id: NodeId): ControlRecord | undefined => this.#rightsOf(id)[0];
    const isDeclined = this.#declined.has(`${before.nodeId} ${before.handover?.term ?? 0}`);
    const witness = this.#witness;
    this.#found(findBrokenAuthority({ before, after, witness, isDeclined, controlOf }));
  }

  #found(violation: Violation | undefined): void {
    if (violation) this.violations.push(violation);
  }

  /** R3: who is added holds everything, and its state is the Main's. */
  #checkWidening(disk: SimDisk, before: ControlRecord, after: ControlRecord): void {
    const head = disk.head();
    for (const member of after.ackSet) {
      if (before.ackSet.includes(member)) continue;
      const server = this.#find(member);
      if (!server) continue;
      const { disk: theirs } = server;
      // Its bits turned since it proved it, or a person put a backup in its place.
      const hadIt = theirs.hadOnce(disk.entryAt(head.seq)?.requestId, head.seq, head.hash);
      if (theirs.hashAt(head.seq) !== head.hash && !hadIt) {
        this.fail("R3", `${member} was added and does not hold change ${head.seq}`);
      }
      // The process that proved its state may have ended since; another one proves again (R13).
      const hasProved = server.process !== undefined && this.#provers.has(server.process);
      if (hasProved && server.process?.isBent === true) {
        this.fail("R3", `${member} was added with another state`);
      }
    }
  }

  onAppended(disk: SimDisk, entries: readonly Entry[]): void {
    const telling = entries.filter(tellsOfCopy).map(({ term }) => term);
    this.#copiedIn = Math.min(this.#copiedIn, ...telling);
    this.violations.push(...this.#journals.findMisgrown(disk, entries));
  }

  onTruncate(disk: SimDisk, after: number): void {
    this.violations.push(...this.#journals.findLost(disk, after, this.acknowledged));
  }

  /** A server says something: what it promises must be on its disk (R1, R2, I19). */
  onSent({ id, disk, process }: SimServer, to: NodeId, frame: SimFrame): void {
    const other = this.#diskOf(to);
    if (other && other.control.systemId !== disk.control.systemId && carriesRows(frame)) {
      this.fail("I19", `${id} sent ${frame.kind} to ${to}, of another system`);
    }
    this.#found(process?.understanding.findMixedWord(to, frame));
    if (frame.kind !== "pair") return;
    const broken = findBrokenPromise(disk, to, frame.message);
    if (broken) this.fail(broken.rule, `${id} to ${to}: ${broken.says}`);
    this.#noteSaid(id, to, frame.message);
    if (frame.message.kind === "proof" && process) this.#provers.add(process);
    if (frame.message.kind === "ack" && process) {
      this.#found(findUnnoticedDrop(id, process.conductor, other?.control));
    }
  }

  #noteSaid(id: NodeId, to: NodeId, message: PairMessage): void {
    // What was declined before is another offer.
    if (message.kind === "handover") this.#declined.delete(`${id} ${message.term}`);
    const isWord = message.kind === (to === this.permanent ? "prove" : "admit");
    if (isWord) this.#admitted.add(`${id}>${to} ${message.term}`);
  }

  /** SM5: a machine moves only as the table of moves says. */
  onMoved(id: NodeId, from: Machine | null, to: Machine): void {
    if (from === to) return;
    const move = moveOf(from, to);
    this.moves.add(move);
    if (!isKnownMove(from, to)) this.fail("SM5", `${id} went ${move}, which no table knows`);
  }

  /** A server is told something: from now on it knows (I16, I17). */
  onHeard(server: SimServer, process: Process, from: NodeId, message: PairMessage): void {
    process.understanding.onHeard(server.disk.control, from, message);
    if (message.kind === "handover-refused" && message.round === process.conductor.pair.offers) {
      this.#declined.add(`${server.id} ${message.term}`);
    }
    if (message.kind !== "hello" && message.kind !== "heartbeat") return;
    const { control } = process.conductor.pair;
    const isOther = this.#diskOf(from)?.control.systemId !== control.systemId;
    if (isOther || message.owner === null) return;
    process.heardTerm = Math.max(process.heardTerm, message.term);
    const isDisputed = control.owner === server.id && message.owner !== server.id;
    if (message.term === control.term && isDisputed) process.disputed.add(message.term);
  }

  checkAllEqual(servers: readonly SimServer[]): void {
    for (const [index, left] of servers.entries()) {
      for (const right of servers.slice(index + 1)) this.checkEqual(left, right);
    }
  }

  /** I9: equal places have equal states. */
  checkEqual(left: SimServer, right: SimServer): void {
    if (!left.process || !right.process || left.process.isBent || right.process.isBent) return;
    const [ours, theirs] = [left.process.conductor.ledger, right.process.conductor.ledger];
    if (!ours || !theirs || ours.head.hash !== theirs.head.hash) return;
    if (ours.digest !== theirs.digest) {
      this.fail("I9", `${left.id} and ${right.id} hold ${ours.head.seq} with different states`);
    }
  }

  /** After the healed end: what was said is true. */
  checkEnd(main: SimServer): void {
    const known = {
      servers: this.#servers,
      refused: this.#refused,
      acknowledged: this.acknowledged,
      taken: this.taken,
      forcedAlone: this.#forcedAlone,
      restored: this.restored,
    };
    this.violations.push(...findUntrue(main, known));
  }

  #find(id: NodeId): SimServer | undefined {
    return this.#servers.find((server) => server.id === id);
  }

  #diskOf(id: NodeId): SimDisk | undefined {
    return this.#find(id)?.disk;
  }
}
