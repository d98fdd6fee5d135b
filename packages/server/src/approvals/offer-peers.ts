import type { RefusedClient } from "../clients/client-gate.ts";
import type { UnknownDevice } from "../link-port.ts";
import { certificateText, fingerprintOf } from "@gridward/runtime/trust/x509/read";
import { plainAddress } from "@gridward/runtime/os/plain-address";
import type { OfferedPeer } from "./approvals.ts";

/** A client whose certificate leads to nobody; null: it was refused for something else. */
export function offeredClient({
  client,
  door,
  source,
  refusal,
}: RefusedClient): OfferedPeer | null {
  if (client === null || refusal.code !== "client-certificate.nobody") return null;
  const { fingerprint, text, names } = client;
  const place = { door, source: plainAddress(source) };
  return { kind: "client", id: "", fingerprint, text, names, certificate: null, ...place };
}

export function offeredDevice({ device, certificate, address }: UnknownDevice): OfferedPeer {
  return {
    kind: "device",
    id: device,
    fingerprint: fingerprintOf(certificate),
    text: certificateText(certificate),
    names: [],
    certificate: certificate.raw.toString("base64"),
    door: "link",
    source: address,
  };
}
