import type { DeviceId, NodeId } from "@gridward/core/base/identity";

/** Who a verified peer is. Only the judge and the pairing proof can say so. */
export type PeerName =
  | { readonly kind: "server" | "witness"; readonly node: NodeId }
  | { readonly kind: "device"; readonly device: DeviceId };
