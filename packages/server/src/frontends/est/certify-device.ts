import type { Bytes } from "@gridward/core/base/bytes";
import type { RequestId } from "@gridward/core/base/identity";
import { ok, type Result } from "@gridward/core/base/result";
import type { Command } from "@gridward/core/domain/command";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { Actor, DeviceRow } from "@gridward/core/domain/types";
import { revocationUrls } from "../../ca/crl-place.ts";
import { issueDevice } from "../../ca/issue.ts";
import type { EstParts, OpenSystem } from "./est-system.ts";

type Certifying = Extract<Command, { readonly kind: "enrol-device" | "renew-device" }>;

interface CertifyOrder extends OpenSystem {
  readonly device: DeviceRow;
  /** The request, its key proved. */
  readonly der: Bytes;
  readonly actor: Actor;
  readonly requestId: RequestId;
}

/**
 * Issues, and journals before it is sent: DER in base64. The answer is that of the journal: of two
 * requests with one id that come together, the second is given what the first was.
 */
export async function certifyDevice(
  front: EstParts["front"],
  order: CertifyOrder,
  commandOf: (issued: Pick<Certifying, "id" | "certificate" | "encoded">) => Certifying,
): Promise<Result<string, Refusal>> {
  const { device, der: request, actor, requestId } = order;
  const revocation = revocationUrls(front.state());
  const issued = issueDevice({ ...order, request, revocation, now: front.now() }, device);
  if (!issued.ok) return issued;
  const { certificate, row } = issued.value;
  const encoded = certificate.raw.toString("base64");
  const command = commandOf({ id: device.id, certificate: row, encoded });
  const receipt = await front.submit({ command, actor, requestId });
  return receipt.ok ? ok(receipt.value.answer.certificate ?? encoded) : receipt;
}
