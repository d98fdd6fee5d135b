import type { NodeId } from "@gridward/core/base/identity";
import {
  decodePosture,
  encodePosture,
  type Posture,
  postureBytesMax,
} from "@gridward/core/codec/posture";
import type { UnverifiedPeer } from "./unverified-peer.ts";

/** What a partner is told of this server, and who hears what it tells. */
export interface PostureExchange {
  /** Null: this one is told nothing. */
  readonly own: (to: NodeId) => Posture | null;
  readonly heard: (from: NodeId, posture: Posture) => void;
}

/**
 * One frame each way, after both proved their pairing keys over this very connection and whatever
 * they think of each other's certificates: what was recorded elsewhere never gets here. One that
 * cannot be read says nothing, and costs nobody the link.
 */
export async function exchangePostures(
  peer: UnverifiedPeer,
  partner: NodeId,
  postures: PostureExchange | undefined,
): Promise<void> {
  peer.send(encodePosture(postures?.own(partner) ?? null));
  const frame = await peer.receive(postureBytesMax);
  if (frame === undefined) return;
  const told = decodePosture(frame);
  if (told.ok && told.value !== null) postures?.heard(partner, told.value);
}
