import type { TrustAnchors } from "../trust-anchors.ts";
import type { Bytes } from "@gridward/core/base/bytes";
import { unreachable } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import type { Statement } from "@gridward/core/codec/replica/manifest";
import type {
  CarriedCertificate,
  DeviceMessage,
  DeviceSignInAnswer,
  ServerMessage,
} from "@gridward/core/codec/replica/message";
import { decodeServerMessage, encodeMessage } from "@gridward/core/codec/replica/replica-codec";
import { tlsCauses } from "@gridward/core/domain/tls-cause";
import type { PeerTrust, VerifiedPeer } from "@gridward/runtime/link/peer";
import { randomBytes } from "@gridward/runtime/os/random";
import type { LocalReplica } from "./local-replica.ts";
import type { DeviceKey } from "./store.ts";
import { addPiece, finishSnapshot, isWhole, type SnapshotAssembly } from "./snapshot-assembly.ts";
import { verifyAnswer, verifyErase, type Expected } from "./verify-answer.ts";

export interface ConversationParts {
  readonly replica: LocalReplica;
  readonly anchors: Pick<TrustAnchors, "all">;
  readonly systemId: string;
  readonly group: string;
  readonly device: string;
  /** Why no answer is believed now, though the server is verified. */
  readonly objection: () => string | undefined;
  readonly certificates: CertificateDesk;
  readonly observe: (seen: ConversationEvent) => void;
}

/** What a server may ask of the device's certificates (PK6). */
export interface CertificateDesk {
  readonly held: () => readonly CarriedCertificate[];
  /** A new one for a new key; null, or why there is none. */
  readonly renew: () => Promise<string | null>;
}

export type ConversationEvent =
  /** An answer was verified: the server is one to sign in at. */
  | { readonly kind: "answered"; readonly changed: boolean }
  | { readonly kind: "erased"; readonly revision: number }
  /** What came was not taken; the replica is as it was. */
  | { readonly kind: "replica-refused"; readonly reason: string }
  | { readonly kind: "turned-away"; readonly code: string; readonly text: string }
  /** A newer revocation list is held: whoever is connected is to be judged by it. */
  | { readonly kind: "listed" }
  | { readonly kind: "list-refused"; readonly reason: string };

/** What the server said of itself in its last verified answer. */
export type Standing = Pick<Statement, "duty" | "term" | "fresh"> | null;

type SignInMessage = Extract<DeviceMessage, { readonly kind: "sign-in" }>;
type ReportMessage = Extract<DeviceMessage, { readonly kind: "report" }>;

/** The device's end of `gridward-replica/1` with one server. */
export class Conversation {
  readonly #parts: ConversationParts;
  readonly #peer: VerifiedPeer;
  readonly #node: string;
  #nonce: string | null = null;
  #assembly: SnapshotAssembly | null = null;
  /** Comes before the set whose verifiers are made under it, and is kept only with that set. */
  #offeredKey: DeviceKey | null = null;
  #asksAgain = false;
  #standing: Standing = null;
  #isRevoked = false;
  #calls = 0;
  readonly #signIns = new Map<number, (answer: DeviceSignInAnswer | "lost") => void>();
  readonly #reports = new Map<number, (kept: boolean) => void>();

  constructor(parts: ConversationParts, peer: VerifiedPeer) {
    this.#parts = parts;
    this.#peer = peer;
    this.#node = peer.name.kind === "server" ? peer.name.node : "";
    peer.onFrame((frame) => this.#take(frame));
    void this.#endWith(peer.closed);
    const { replica, group } = parts;
    const { position, replication } = replica.seen;
    this.#send({
      kind: "hello",
      nonce: this.#freshNonce(),
      holds: replica.holding(),
      lists: replica.lists.numbers(),
      group,
      seen: position === null ? null : { term: position.term, owner: position.owner },
      keyVersion: replica.deviceKey?.version ?? 0,
      replicationRevision: replication.revision,
    });
  }

  /** null until the first answer was verified, and again when one was not. */
  get standing(): Standing {
    return this.#standing;
  }

  get isRevoked(): boolean {
    return this.#isRevoked;
  }

  /** Nobody waits for an answer to a sign-in or a report. */
  get isIdle(): boolean {
    return this.#signIns.size === 0 && this.#reports.size === 0;
  }

  get closed(): Promise<string> {
    return this.#peer.closed;
  }

  close(reason: string): void {
    this.#peer.close(reason);
  }

  /** Ends where the server would not be taken any more. */
  judgeAgain(trust: PeerTrust): void {
    const cause = this.#peer.judgeAgain(trust);
    if (cause !== null) this.close(`${cause} ${tlsCauses[cause].title}`);
  }

  /** Asks what stands now. While an answer is on its way, once more after it. */
  pull(): void {
    if (this.#nonce !== null) {
      this.#asksAgain = true;
      return;
    }
    this.#asksAgain = false;
    const { replica } = this.#parts;
    const lists = replica.lists.numbers();
    this.#send({ kind: "pull", nonce: this.#freshNonce(), holds: replica.holding(), lists });
  }

  /** "lost" when the link ends first. */
  async signIn(
    attempt: Pick<SignInMessage, "name" | "accessPoint"> & { readonly password: Secret<string> },
  ): Promise<DeviceSignInAnswer | "lost"> {
    const call = ++this.#calls;
    const { name, accessPoint } = attempt;
    const { promise, resolve } = Promise.withResolvers<DeviceSignInAnswer | "lost">();
    this.#signIns.set(call, resolve);
    this.#send({ kind: "sign-in", call, name, accessPoint, password: attempt.password.reveal() });
    return promise;
  }

  /** False when the link ended before the server had it. */
  async report(content: Pick<ReportMessage, "decided" | "failures">): Promise<boolean> {
    const call = ++this.#calls;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#reports.set(call, resolve);
    this.#send({ kind: "report", call, ...content });
    return promise;
  }

  #take(frame: Bytes): void {
    const decoded = decodeServerMessage(frame);
    if (!decoded.ok) return this.close(decoded.error.detail);
    const message = decoded.value;
    switch (message.kind) {
      case "key": {
        const key = new Uint8Array(Buffer.from(message.key, "base64url"));
        this.#offeredKey = { version: message.version, key: new Secret<Bytes>(key) };
        return undefined;
      }
      case "list":
        return this.#takeList(message);
      case "current":
      case "snapshot":
      case "piece":
      case "erase":
        return this.#takeAnswer(message);
      case "notice":
        return this.pull();
      case "refused":
        return this.#takeRefusal(message);
      case "sign-in-answer":
        this.#signIns.get(message.call)?.(message);
        this.#signIns.delete(message.call);
        return undefined;
      case "report-kept":
        this.#reports.get(message.call)?.(true);
        this.#reports.delete(message.call);
        return undefined;
      case "read-certificates": {
        const held = this.#parts.certificates.held();
        return this.#send({ kind: "certificates", call: message.call, held });
      }
      case "renew-certificate":
        void this.#renew(message.call);
        return undefined;
    }
    return unreachable(message);
  }

  async #renew(call: number): Promise<void> {
    const refused = await this.#parts.certificates.renew();
    this.#send({ kind: "renewed", call, refused: refused?.slice(0, 512) ?? null });
  }

  /** One that is older than what was seen is passed over: its server stands behind. */
  #takeList({ encoded }: Extract<ServerMessage, { readonly kind: "list" }>): void {
    const { replica, observe } = this.#parts;
    const taken = replica.lists.take(Buffer.from(encoded, "base64"));
    if (!taken.ok) observe({ kind: "list-refused", reason: taken.error });
    else if (taken.value === "new") observe({ kind: "listed" });
  }

  #takeAnswer(
    message: Extract<ServerMessage, { readonly kind: "current" | "snapshot" | "piece" | "erase" }>,
  ): void {
    if (this.#nonce === null) return this.close("an answer without a question");
    const objection = this.#parts.objection();
    if (objection !== undefined) return this.#refuse(objection);
    const expected = this.#expected(this.#nonce);
    switch (message.kind) {
      case "current": {
        const verified = verifyAnswer(expected, message.statement, message.manifest);
        if (!verified.ok) return this.#refuse(verified.error);
        const { replica } = this.#parts;
        const confirmed = replica.confirm(message.manifest, message.statement.body);
        return confirmed.ok
          ? this.#settle(message.statement.body, false)
          : this.#refuse(confirmed.error, message.statement.body);
      }
      case "snapshot": {
        const verified = verifyAnswer(expected, message.statement, message.manifest);
        if (!verified.ok) return this.#refuse(verified.error);
        const manifestHash = verified.value;
        this.#assembly = { head: message, manifestHash, pieces: 0, records: [] };
        return this.#finishIfWhole();
      }
      case "piece": {
        if (this.#assembly === null) return this.close("a piece without a head");
        const added = addPiece(this.#assembly, message);
        if (!added.ok) return this.#refuse(added.error);
        this.#assembly = added.value;
        return this.#finishIfWhole();
      }
      case "erase":
        return this.#takeErase(message, expected);
    }
    return unreachable(message);
  }

  #finishIfWhole(): void {
    const assembly = this.#assembly;
    if (assembly === null || !isWhole(assembly)) return;
    this.#assembly = null;
    const { replica, device } = this.#parts;
    const said = assembly.head.statement.body;
    const key = this.#offeredKey ?? replica.deviceKey;
    if (key === undefined) return this.#refuse("no device key was delivered");
    const set = finishSnapshot(assembly, device, key.key);
    if (!set.ok) return this.#refuse(set.error);
    const taken = replica.take(set.value, said, key);
    if (!taken.ok) return this.#refuse(taken.error, said);
    const holds = replica.holding();
    if (holds !== null) this.#send({ kind: "applied", ...holds });
    this.#settle(said, true);
  }

  #takeErase(
    message: Extract<ServerMessage, { readonly kind: "erase" }>,
    expected: Expected,
  ): void {
    const verified = verifyErase(expected, message.order);
    if (!verified.ok) return this.#refuse(verified.error);
    const erased = this.#parts.replica.erase(verified.value);
    if (!erased.ok) return this.#refuse(erased.error);
    const { duty, term, fresh } = message.order.body;
    this.#standing = { duty, term, fresh };
    this.#parts.observe({ kind: "erased", revision: verified.value });
    this.#next();
  }

  #settle(said: Statement, changed: boolean): void {
    const { duty, term, fresh } = said;
    this.#standing = { duty, term, fresh };
    this.#parts.observe({ kind: "answered", changed });
    this.#next();
  }

  /**
   * `said` is there when the answer was genuine and only stands behind what was seen: the server
   * may still judge sign-ins, as a Standby some milliseconds behind does.
   */
  #refuse(reason: string, said?: Statement): void {
    this.#assembly = null;
    const isBehind = reason === "older revision" && said !== undefined;
    this.#standing = isBehind ? { duty: said.duty, term: said.term, fresh: said.fresh } : null;
    this.#parts.observe({ kind: "replica-refused", reason });
    if (this.#standing === null) return this.close(`its replica is refused: ${reason}`);
    return this.#next();
  }

  #takeRefusal({ code, text }: Extract<ServerMessage, { readonly kind: "refused" }>): void {
    if (code === "revoked") {
      this.#isRevoked = true;
      this.#parts.replica.revoke();
    }
    this.#standing = null;
    this.#parts.observe({ kind: "turned-away", code, text });
    this.close(text);
  }

  #next(): void {
    this.#nonce = null;
    if (this.#asksAgain) this.pull();
  }

  async #endWith(closed: Promise<string>): Promise<void> {
    await closed;
    this.#standing = null;
    for (const resolve of this.#signIns.values()) resolve("lost");
    for (const resolve of this.#reports.values()) resolve(false);
    this.#signIns.clear();
    this.#reports.clear();
  }

  #expected(nonce: string): Expected {
    const { anchors, systemId, group, device, replica } = this.#parts;
    const asked = { anchors, systemId, group, device, nonce, node: this.#node };
    return { ...asked, at: replica.time(), lists: replica.lists.lists };
  }

  #freshNonce(): string {
    this.#nonce = Buffer.from(randomBytes(32)).toString("base64url");
    return this.#nonce;
  }

  #send(message: DeviceMessage): void {
    // Questions are few and small; a dead link is told by `closed`.
    void this.#peer.send(encodeMessage(message));
  }
}
