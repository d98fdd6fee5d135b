import { join } from "node:path";
import * as z from "zod";
import { parseJsonBytes } from "@gridward/core/base/json";
import { err, ok, type Result } from "@gridward/core/base/result";
import { day, rfc3339, type Instant, type Millis } from "@gridward/core/base/time";
import { type Refusal, refuse } from "@gridward/core/domain/refusal";
import type { Alarm } from "@gridward/core/domain/server-status";
import type { Actor } from "@gridward/core/domain/types";
import type { Clock } from "@gridward/runtime/os/clock";
import { readFileBounded } from "@gridward/runtime/os/files";
import type { SecurityUse } from "../security/security-use.ts";
import { SlowFile } from "../slow-file.ts";

/** CS14: whose certificate is good and who is nobody yet, as this server saw it. */
const waitingShape = z.strictObject({
  /** SHA-256 of its certificate. */
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  kind: z.enum(["client", "device"]),
  /** Of a device, as its certificate names it; of a client "". */
  id: z.string().max(64),
  /** The certificate in one line. */
  text: z.string().max(4_096),
  names: z.array(z.string().max(512)).max(64).readonly(),
  /** DER in base64; only of a device. */
  certificate: z.string().max(16_384).nullable(),
  door: z.enum(["https", "ldap", "link"]),
  source: z.string().max(64),
  first: z.int(),
  last: z.int(),
  tries: z.int(),
  /** When; null: it waits. */
  rejected: z.int().nullable(),
});

export type WaitingPeer = z.infer<typeof waitingShape>;
export type OfferedPeer = Omit<WaitingPeer, "first" | "last" | "tries" | "rejected">;

const waitingMost = 100;
const rejectedMost = 100;
/** Who does not come again for so long is forgotten; a rejection holds for longer, tries or none. */
const waitingFor: Millis = 14 * day;
const rejectedFor: Millis = 90 * day;

const fileShape = z.strictObject({
  v: z.literal(1),
  peers: z.array(waitingShape).max(waitingMost + rejectedMost),
});
const fileBytesMost = 8 * 1024 * 1024;
const shortestPrefix = 8;

export interface ApprovalsParts {
  readonly directory: string;
  readonly clock: Pick<Clock, "now">;
  readonly note: (text: string) => void;
  /** It is known by now, or never will be: whatever the place where that was decided. */
  readonly isSettled: (peer: WaitingPeer) => boolean;
  /** A rejection is no entry of the journal: it is told as an event of this server. */
  readonly onRejected: (use: SecurityUse) => void;
}

/**
 * Peers that wait until somebody approves or rejects them. Only whom the judge found good is
 * offered here, and nobody pushes anybody out: where the list is full, who is new is turned away.
 */
export class Approvals {
  readonly #parts: ApprovalsParts;
  readonly #peers: Map<string, WaitingPeer>;
  readonly #file: SlowFile;
  #turnedAway = 0;

  constructor(parts: ApprovalsParts) {
    this.#parts = parts;
    const path = join(parts.directory, "approvals.json");
    this.#peers = new Map(readPeers(path).map((peer) => [peer.fingerprint, peer]));
    this.#file = new SlowFile({
      ...parts,
      path,
      what: "peers that wait for approval",
      text: () => JSON.stringify({ v: 1, peers: this.peers }),
    });
  }

  offer(peer: OfferedPeer): void {
    const at = this.#parts.clock.now();
    this.#forget(at);
    for (const one of this.#peers.values()) {
      if (this.#parts.isSettled(one)) this.#peers.delete(one.fingerprint);
    }
    const before = this.#peers.get(peer.fingerprint);
    if (before === undefined && this.#waiting().length >= waitingMost) {
      this.#turnedAway++;
      return;
    }
    this.#peers.set(peer.fingerprint, {
      ...peer,
      names: peer.names.slice(0, 64).map((name) => name.slice(0, 512)),
      text: peer.text.slice(0, 4_096),
      first: before?.first ?? at,
      last: at,
      tries: (before?.tries ?? 0) + 1,
      rejected: before?.rejected ?? null,
    });
    this.#file.changed();
  }

  /** Those that wait and those that were rejected, the latest first. */
  get peers(): readonly WaitingPeer[] {
    this.#forget(this.#parts.clock.now());
    const order = ({ last, fingerprint }: WaitingPeer) => `${last} ${fingerprint}`;
    return [...this.#peers.values()]
      .filter((peer) => !this.#parts.isSettled(peer))
      .toSorted((left, right) => (order(left) < order(right) ? 1 : -1));
  }

  /** Peers that found the list full, since this server started. */
  get turnedAway(): number {
    return this.#turnedAway;
  }

  /** By its fingerprint as tools print it, or the beginning of it. */
  find(typed: string): Result<WaitingPeer, Refusal> {
    const prefix = plainFingerprint(typed);
    const found =
      prefix.length < shortestPrefix
        ? []
        : this.peers.filter(({ fingerprint }) => fingerprint.startsWith(prefix));
    const [first, second] = found;
    if (first === undefined) return refuse("approval.not-found", typed.slice(0, 96));
    return second === undefined ? ok(first) : err({ code: "approval.ambiguous", detail: prefix });
  }

  reject({ fingerprint, kind }: WaitingPeer, actor: Actor): void {
    const peer = this.#peers.get(fingerprint);
    if (peer === undefined) return;
    this.#peers.set(fingerprint, { ...peer, rejected: this.#parts.clock.now() });
    const rejected = this.peers.filter((one) => one.rejected !== null);
    for (const { fingerprint: oldest } of rejected.slice(rejectedMost)) this.#peers.delete(oldest);
    this.#file.changed();
    this.#file.close();
    const change = `the unknown ${kind} ${fingerprint} was rejected`;
    this.#parts.onRejected({ actor, change, refusal: null });
  }

  /** It is known by now. */
  settle({ fingerprint }: WaitingPeer): void {
    if (this.#peers.delete(fingerprint)) this.#file.changed();
    this.#file.close();
  }

  alarms(): readonly Alarm[] {
    const waiting = this.#waiting();
    const first = Math.min(...waiting.map((peer) => peer.first));
    if (waiting.length === 0) return [];
    const full = waiting.length >= waitingMost ? "; no more are taken in" : "";
    return [
      {
        code: "security.approvals",
        since: rfc3339(first),
        text: `${waiting.length} peers with good certificates are unknown and wait for approval${full}.`,
        remedy: "Run `gridward security approvals list`, compare fingerprints, approve or reject.",
      },
    ];
  }

  close(): void {
    this.#file.close();
  }

  #waiting(): readonly WaitingPeer[] {
    return this.peers.filter(({ rejected }) => rejected === null);
  }

  #forget(at: Instant): void {
    for (const peer of this.#peers.values()) {
      if (at > endOf(peer)) this.#peers.delete(peer.fingerprint);
    }
  }
}

/** When a peer is forgotten. */
export function endOf({ last, rejected }: Pick<WaitingPeer, "last" | "rejected">): Instant {
  return rejected === null ? last + waitingFor : rejected + rejectedFor;
}

/** As tools print it, in the form in which it is compared. */
export function plainFingerprint(typed: string): string {
  return typed.replaceAll(/[\s:]/g, "").toLowerCase();
}

/** A file that nobody wrote so is none: whoever still waits comes again. */
function readPeers(path: string): readonly WaitingPeer[] {
  const bytes = readFileBounded(path, fileBytesMost);
  const parsed = bytes.ok ? fileShape.safeParse(parseJsonBytes(bytes.value)) : undefined;
  return parsed?.data?.peers ?? [];
}
