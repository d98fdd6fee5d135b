import type { KeyObject, X509Certificate } from "node:crypto";
import type { NodeId } from "@gridward/core/base/identity";
import type { Instant } from "@gridward/core/base/time";
import { buildCertificate } from "./x509/certificate.ts";

/** The mark: people see it in every tool; programs see that the certificate signs itself. */
const mark = "Temporary certificate of Gridward";

/** The server's own certificate until an authority issues one. Kept across restarts (CS4). */
export function createTemporary(order: {
  readonly key: KeyObject;
  readonly node: NodeId;
  readonly name: string;
  readonly hosts: readonly string[];
  readonly now: Instant;
}): X509Certificate {
  return buildCertificate(
    {
      profile: "temporary",
      publicKey: order.key,
      subject: { commonName: order.name, organization: mark },
      name: { kind: "server", node: order.node },
      hosts: order.hosts,
      now: order.now,
    },
    { key: order.key },
  );
}
