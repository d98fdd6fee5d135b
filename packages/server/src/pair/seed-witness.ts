import { sameBytes, utf8, type Bytes } from "@gridward/core/base/bytes";
import { nodeId, type NodeId } from "@gridward/core/base/identity";
import { ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { decodeGreeting, type JoinGreeting } from "@gridward/core/codec/join-message";
import { decodeWitnessCode, type WitnessCode } from "@gridward/core/codec/witness-code";
import type { ArbiterAnswer, ArbiterEntry } from "@gridward/core/domain/arbiter";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import type { WitnessRow } from "@gridward/core/domain/types";
import {
  decodeAdmission,
  decodeSeeded,
  witnessFrameBytesMax,
  type KnownServer,
  type WitnessClaim,
  type WitnessSeed,
} from "@gridward/core/domain/witness-message";
import { pairingHash, secretMac, verifyContact } from "@gridward/runtime/link/contact-proof";
import { dialContact } from "@gridward/runtime/link/dial";
import { unverifiedFrameBytesMax } from "@gridward/runtime/link/peer";
import type { UnverifiedPeer } from "@gridward/runtime/link/unverified-peer";
import type { Clock } from "@gridward/runtime/os/clock";
import { sha256 } from "@gridward/runtime/os/hash";
import { isThisMachine } from "@gridward/runtime/os/machine";

export interface SeedOrder {
  readonly self: NodeId;
  /** What the Main records of itself, at a moment when it waits for no answer of a witness. */
  readonly entry: () => Promise<ArbiterEntry>;
  /** Highest version of any register of this system that was seen here. */
  readonly version: () => number;
  readonly servers: readonly KnownServer[];
  /** For a demonstration on one machine only; a standing alarm tells of it. */
  readonly allowSameHost: boolean;
  readonly clock: Clock;
  readonly stop: AbortSignal;
}

/**
 * Fills the register of the witness that the code names, as its one operator's word for it. What
 * comes back is who the witness is; nothing is sent to anybody who is not the one of the code.
 */
export async function seedWitness(
  code: Secret<string>,
  order: SeedOrder,
): Promise<Result<WitnessRow, Refusal>> {
  const decoded = decodeWitnessCode(code.reveal(), sha256);
  if (!decoded.ok) {
    const isTyping = decoded.error === "mistyped";
    return refuse(isTyping ? "witness.mistyped-code" : "witness.malformed-code", "");
  }
  let learned = 0;
  for (let tries = 0; tries < triesMost; tries++) {
    const version = (): number => Math.max(learned, order.version());
    const done = await seedOnce(decoded.value, { ...order, version });
    if (typeof done !== "number") return done;
    learned = done;
  }
  return refuse("witness.broken-off", "its register is written to again and again");
}

/** A register that moved while it was being filled is looked at anew, so often at most. */
const triesMost = 3;

/** A number: the register was written to since this Main looked, and has this version. */
type Tried = Result<WitnessRow, Refusal> | number;

async function seedOnce(code: WitnessCode, order: SeedOrder): Promise<Tried> {
  const { address, port } = code;
  const { clock, stop } = order;
  const met = await dialContact({ address, port, clock, stop }, async (peer) =>
    converse(peer, code, order),
  );
  if (met.ok) return met.value;
  return refuse("witness.unreachable", `${address}:${port}: ${met.error.cause}, ${met.error.said}`);
}

async function converse(peer: UnverifiedPeer, code: WitnessCode, order: SeedOrder): Promise<Tried> {
  const greeting = await recognise(peer, code);
  if (!greeting.ok) return greeting;
  const machine = await claimCode(peer, code, order);
  if (!machine.ok) return machine;
  const { servers, clock } = order;
  const entry = await order.entry();
  peer.send(encode({ v: 1, version: order.version(), entry, servers }));
  const received = await peer.receive(witnessFrameBytesMax);
  const seeded = received === undefined ? undefined : decodeSeeded(received);
  if (seeded?.ok !== true) return refuse("witness.broken-off", peer.error?.message ?? "closed");
  const { answer } = seeded.value;
  if (answer.kind === "conflict") return answer.record.version;
  const refusal = refusalOf(answer);
  if (refusal !== undefined) return refusal;
  const { id, pairingKey } = greeting.value;
  const { address, port } = code;
  const addedAt = clock.now();
  return ok({ id: nodeId(id), address, port, pairingKey, machine: machine.value, addedAt });
}

/** The witness is known by its key, proved over this connection, before a word is sent. */
async function recognise(
  peer: UnverifiedPeer,
  code: WitnessCode,
): Promise<Result<JoinGreeting, Refusal>> {
  const received = await peer.receive(unverifiedFrameBytesMax);
  const greeting = received === undefined ? undefined : decodeGreeting(received);
  if (greeting?.ok !== true) return refuse("witness.untrusted", "no greeting of a witness");
  const { id, nonce, pairingKey, signature } = greeting.value;
  const proof = { peer, signer: "acceptor", acceptorId: id, nonce, diallerId: "" } as const;
  const isTheOne =
    sameBytes(pairingHash(pairingKey), code.pairingHash) &&
    verifyContact(proof, pairingKey, signature);
  if (isTheOne) return greeting;
  return refuse("witness.untrusted", "its key is not the one of the code");
}

/** Proves the code's secret; hears on which machine the witness runs, before anything is filled. */
async function claimCode(
  peer: UnverifiedPeer,
  code: WitnessCode,
  { self, allowSameHost }: SeedOrder,
): Promise<Result<WitnessRow["machine"], Refusal>> {
  const key = new Secret<Bytes>(sha256(code.secret));
  const use = { purpose: "witness", name: self, exporter: peer.exporter } as const;
  peer.send(encode({ v: 1, server: self, mac: secretMac(key, use) }));
  const received = await peer.receive(unverifiedFrameBytesMax);
  const admission = received === undefined ? undefined : decodeAdmission(received);
  if (admission?.ok !== true) return refuse("witness.broken-off", peer.error?.message ?? "closed");
  if (admission.value.answer === "refused") return refuse("witness.code-rejected", "");
  const { machine } = admission.value;
  if (machine !== null && isThisMachine(machine) && !allowSameHost) {
    return refuse("witness.same-host", `${code.address}:${code.port}`);
  }
  return ok(machine);
}

function refusalOf(
  answer: Exclude<ArbiterAnswer, { readonly kind: "conflict" }>,
): ReturnType<typeof refuse> | undefined {
  switch (answer.kind) {
    case "record":
      return undefined;
    case "other-system":
      return refuse("witness.other-system", "");
    case "refused": {
      const { term, owner } = answer.record;
      return refuse("witness.remembers-another", `term ${term} of ${owner}`);
    }
    case "blank":
      return refuse("witness.broken-off", "its register stayed blank");
  }
}

function encode(message: WitnessClaim | WitnessSeed): Bytes {
  return utf8(JSON.stringify(message));
}
