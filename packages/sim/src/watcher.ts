import type { NodeId } from "@gridward/core/base/identity";
import type { ControlRecord } from "@gridward/core/domain/control-record";
import type { Entry } from "@gridward/core/domain/entry";
import type { SimServer } from "./sim-server.ts";

/** One change that a client was told is done. */
export interface Acknowledged {
  readonly request: string;
  readonly seq: number;
  readonly by: NodeId;
  readonly term: number;
}

export interface Violation {
  readonly rule: string;
  readonly says: string;
}

/** Everything known from outside, and the invariants held against it at every write (research §5.1). */
export class Watcher {
  readonly violations: Violation[] = [];
  readonly acknowledged = new Map<string, Acknowledged>();
  /** Requests that were answered "no": they must never take effect. */
  readonly refused = new Set<string>();
  /** Who acknowledged in a term. */
  readonly #ackers = new Map<number, NodeId>();
  #servers: readonly SimServer[] = [];
  readonly #heads = new Map<
    NodeId,
    { readonly incarnation: string | null; readonly seq: number }
  >();
  /** Set while an operator forces a promotion: I3 then asks only for a consistent database. */
  isForced = false;
  /** True once an operator promoted or forced: exposed changes may then be set aside (I1). */
  hadManualAct = false;

  watch(servers: readonly SimServer[]): void {
    this.#servers = servers;
  }

  fail(rule: string, says: string): void {
    this.violations.push({ rule, says });
  }

  /** A client was told "done" (R1, I2, I16). */
  onAcknowledged(server: SimServer, change: Omit<Acknowledged, "by" | "term">): void {
    const { term, owner, ackSet } = server.control;
    this.acknowledged.set(change.request, { ...change, by: server.id, term });
    if (owner !== server.id)
      this.fail("I16", `${server.id} acknowledged without owning term ${term}`);
    const other = this.#ackers.get(term);
    if (other !== undefined && other !== server.id) {
      this.fail("I2", `${other} and ${server.id} acknowledged in term ${term}`);
    }
    this.#ackers.set(term, server.id);
    for (const member of ackSet) this.#mustHold(member, change.request, "I1");
  }

  /** Entries became visible on a server: they are durable wherever the Main's set says (I10). */
  onVisible(server: SimServer, seq: number): void {
    if (server.control.owner !== server.id) return;
    const hash = server.process?.conductor.ledger?.history.hashAt(seq);
    for (const member of server.control.ackSet) {
      const found = this.#find(member);
      if (found && hash !== undefined && hashOnDisk(found, seq) !== hash) {
        this.fail(
          "I10",
          `change ${seq} is visible on ${server.id} and not on the disk of ${member}`,
        );
      }
    }
  }

  onControl(server: SimServer, before: ControlRecord, after: ControlRecord): void {
    if (after.term < before.term) this.fail("I8", `${server.id} forgot term ${before.term}`);
    const takesTerm = after.owner === server.id && after.term > before.term && before.term > 0;
    if (takesTerm) this.#checkPromotion(server, before);
    const certifies = after.certificate?.complete === true && before.certificate?.complete !== true;
    if (certifies) this.#checkComplete(server, after);
    if (after.certificate !== null) this.#checkCertified(server, after);
  }

  /** I3, I5: who becomes Main was certified for the database it has, unless a person forced it. */
  #checkPromotion(server: SimServer, before: ControlRecord): void {
    if (before.incarnation === null) this.fail("I5", `${server.id} became Main with no database`);
    if (this.isForced) return;
    const { certificate, incarnation } = before;
    if (!certificate?.complete || certificate.incarnation !== incarnation) {
      this.fail("I3", `${server.id} became Main without a certificate`);
    }
  }

  /** What is certified complete holds every acknowledged change of the present history. */
  #checkComplete(server: SimServer, after: ControlRecord): void {
    const by = after.certificate?.certifiedBy;
    for (const change of this.acknowledged.values()) {
      if (change.term !== after.term || change.by !== by) continue;
      this.#mustHold(server.id, change.request, "I6");
    }
  }

  /** I6: a certificate never stands over a database that its digest does not prove. */
  #checkCertified(server: SimServer, { certificate, incarnation }: ControlRecord): void {
    if (!certificate || certificate.incarnation !== incarnation || incarnation === null) return;
    const found = hashOnDisk(server, certificate.position.seq);
    if (found !== undefined && found !== certificate.position.hash) {
      this.fail("I6", `the certificate of ${server.id} names another history`);
    }
  }

  onAppended(server: SimServer): void {
    const { incarnation } = server.control;
    const seq = server.journal?.head().seq ?? 0;
    const before = this.#heads.get(server.id);
    if (before && before.incarnation === incarnation && seq < before.seq) {
      this.fail("I8", `the head of ${server.id} went from ${before.seq} to ${seq}`);
    }
    this.#heads.set(server.id, { incarnation, seq });
  }

  /** R10, I15: what is cut was written to a file before, and nobody was told that it is done. */
  onTruncate(server: SimServer, after: number): void {
    this.#heads.delete(server.id);
    const lost = entriesOnDisk(server).filter(({ seq }) => seq > after);
    const kept = new Set(server.tails.flat().map(({ hash }) => hash));
    for (const { hash, seq, requestId } of lost) {
      if (!kept.has(hash)) this.fail("I15", `change ${seq} of ${server.id} was cut without a file`);
      const change = this.acknowledged.get(requestId);
      if (change && change.by === server.id) {
        this.fail("I1", `acknowledged change ${seq} of ${server.id} was cut`);
      }
    }
  }

  /** After the healed end: what was said is true. */
  checkEnd(main: SimServer): void {
    const entries = entriesOnDisk(main);
    const requests = new Map<string, number>();
    for (const { requestId } of entries)
      requests.set(requestId, (requests.get(requestId) ?? 0) + 1);
    for (const [request, count] of requests) {
      if (count > 1) this.fail("I11", `${request} took effect ${count} times`);
    }
    for (const request of this.refused) {
      if (main.requests.has(request)) this.fail("I12", `${request} was refused and took effect`);
    }
    for (const { request, by } of this.acknowledged.values()) {
      if (main.requests.has(request) || this.#isSetAside(by, request)) continue;
      this.fail("I1", `${request}, acknowledged by ${by}, is nowhere`);
    }
  }

  #isSetAside(by: NodeId, request: string): boolean {
    if (!this.hadManualAct) return false;
    return this.#servers.some(
      (server) =>
        server.id === by && server.lostDisks.flat().some(({ requestId }) => requestId === request),
    );
  }

  #find(id: NodeId): SimServer | undefined {
    return this.#servers.find((server) => server.id === id);
  }

  #mustHold(id: NodeId, request: string, rule: string): void {
    const server = this.#find(id);
    if (server && !server.requests.has(request)) {
      this.fail(rule, `${request} is acknowledged and not on the disk of ${id}`);
    }
  }
}

export function entriesOnDisk(server: SimServer): readonly Entry[] {
  const { journal } = server;
  return journal ? journal.read(journal.first(), 1_000_000) : [];
}

function hashOnDisk(server: SimServer, seq: number): string | undefined {
  return server.journal?.hashAt(seq);
}
