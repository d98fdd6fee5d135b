import type { Bytes } from "@gridward/core/base/bytes";
import type { AccountId, NodeId } from "@gridward/core/base/identity";
import type { FailureCounter } from "@gridward/core/domain/lock-out";
import type { ServerCondition } from "@gridward/core/domain/server-status";
import type { PasswordHasher } from "@gridward/runtime/os/argon2";
import { unseal, type SystemKey } from "@gridward/runtime/os/seal";
import type { LinkOutcome, VerifiedPeer } from "@gridward/runtime/link/peer";
import type { ReplicaSigner } from "@gridward/runtime/replica/signature";
import type { Command } from "@gridward/core/domain/command";
import type { Committed, DeviceObservation } from "@gridward/server/replica/replica-parts";
import { serveReplica, type ReplicaServer } from "@gridward/server/replica/serve-replica";
import { openPassword } from "@gridward/server/sealed-password";
import { openSignIn } from "@gridward/server/sign-in";
import { linkPair, type PairEnds } from "./link-pair.ts";
import type { ManualClock } from "./manual-clock.ts";

export const replicaKeyPurpose = "replica key of the system";

export interface TestServerParts {
  readonly node: NodeId;
  readonly signer: ReplicaSigner;
  readonly key: SystemKey;
  readonly hasher: PasswordHasher;
  readonly clock: ManualClock;
  readonly committed: () => Committed;
  readonly submit: (command: Command) => void;
}

/** The replica front end and the sign-in pipeline of one server, with a plug to pull. */
export class TestServer {
  readonly parts: TestServerParts;
  readonly seen: DeviceObservation[] = [];
  condition: Pick<ServerCondition, "duty" | "fresh" | "canSignIn">;
  /** Stands still at this state while it is set, as a Standby without its Main does. */
  frozen: Committed | null = null;
  /** Every frame that went to a device. */
  readonly sent: Bytes[] = [];
  readonly #counters = new Map<AccountId, FailureCounter>();
  #isUp = true;
  #serving: ReplicaServer;

  constructor(parts: TestServerParts, duty: "main" | "standby") {
    this.parts = parts;
    this.condition = { duty, fresh: true, canSignIn: true };
    this.#serving = this.#serve();
  }

  /** One dial of a device, as the link port would end it. */
  dial(ends: Omit<PairEnds, "server">): LinkOutcome {
    if (!this.#isUp) return unreachable;
    const server = { kind: "server", node: this.parts.node } as const;
    const [atDevice, atServer] = linkPair({ ...ends, server });
    const send = atServer.send.bind(atServer);
    this.#serving.accept({
      ...atServer,
      send: async (frame) => {
        this.sent.push(frame);
        await send(frame);
      },
    });
    return { outcome: "verified", peer: atDevice };
  }

  /** Takes a link that a test made itself. */
  accept(peer: VerifiedPeer): void {
    this.#serving.accept(peer);
  }

  kill(): void {
    this.#isUp = false;
    this.#serving.stop();
  }

  start(): void {
    this.#isUp = true;
    this.#serving = this.#serve();
  }

  forgetFailures(accounts: readonly AccountId[]): void {
    for (const account of accounts) this.#counters.delete(account);
  }

  changed(): void {
    this.#serving.changed();
  }

  #committed(): Committed {
    return this.frozen ?? this.parts.committed();
  }

  #condition(): ServerCondition {
    const { node, clock } = this.parts;
    const { duty, fresh, canSignIn } = this.condition;
    const state = duty === "main" ? "main-protected" : "standby-valid";
    return { node, duty, state, canSignIn, fresh, ageMs: 0, at: clock.now() };
  }

  #serve(): ReplicaServer {
    const { signer, clock, key } = this.parts;
    return serveReplica({
      committed: () => this.#committed(),
      condition: () => this.#condition(),
      signIn: this.#openSignIn(),
      openReplicaKey: (text) => unseal(key, replicaKeyPurpose, text),
      openVerifier: (text) => openPassword(key, text),
      signer: () => signer,
      observe: (seen) => this.seen.push(seen),
      limit: { most: 64, onTurnedAway: () => {} },
      clock,
    });
  }

  #openSignIn(): ReturnType<typeof openSignIn> {
    return openSignIn({
      state: () => this.#committed().state,
      condition: () => this.#condition(),
      hasher: this.parts.hasher,
      systemKey: () => this.parts.key,
      counters: {
        get: (account) => this.#counters.get(account),
        set: (account, counter) => void this.#counters.set(account, counter),
        drop: (account) => void this.#counters.delete(account),
      },
      record: () => undefined,
      lock: (command) => this.parts.submit(command),
    });
  }
}

export const unreachable = {
  outcome: "refused",
  cause: "T14",
  by: "us",
  direction: "dial",
  ours: "dialled",
  theirs: "nobody listens",
  fromPartner: true,
  address: "192.0.2.1",
} as const satisfies LinkOutcome;
