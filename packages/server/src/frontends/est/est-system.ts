import { issuingAuthority } from "@gridward/core/domain/authority-in-use";
import type { KeyObject } from "node:crypto";
import type { Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import type { Actor, AuthorityRow, DeviceRow } from "@gridward/core/domain/types";
import type { SystemKey } from "@gridward/runtime/os/seal";
import { readCertificate } from "@gridward/runtime/trust/x509/read";
import { verifyRequest } from "@gridward/runtime/trust/x509/request";
import type { SeenRenewals } from "../../ca/seen-renewals.ts";
import { checkTakesChanges, systemKeyOf } from "../../desk/order.ts";
import type { MountedAnswer, MountedRequest } from "../../mounted-route.ts";
import type { FrontEndParts, RefusedEnrolment } from "../../parts.ts";
import { certificatesAnswer, refusalAnswer, rejected, textAnswer } from "./est-answer.ts";
import { isRequestType, readBase64 } from "./read-enrolment.ts";

export interface EstParts {
  readonly front: Pick<FrontEndParts, "state" | "condition" | "submit" | "now">;
  readonly systemKey: () => SystemKey | null;
  /** A certificate of a device that was seen with the one that it renewed to. */
  readonly isReplaced: SeenRenewals["isReplaced"];
  readonly record: (refused: RefusedEnrolment) => void;
}

const bodyBytesMax = 16 * 1024;

export interface OpenSystem {
  readonly systemKey: SystemKey;
  readonly authority: AuthorityRow;
}

/**
 * Enrolment is a change: it needs a Main, and a system that has its authority. What cannot be a
 * request is answered before anybody looks who sends it.
 */
export function openSystem(
  parts: EstParts,
  request: MountedRequest,
): Result<OpenSystem, MountedAnswer> {
  const system = findSystem(parts);
  if (!system.ok) return err(refusalAnswer(system.error));
  const misfit = checkForm(request);
  return misfit === undefined ? system : err(misfit);
}

function findSystem({ front, systemKey }: EstParts): Result<OpenSystem, Refusal> {
  const takes = checkTakesChanges(front);
  if (!takes.ok) return takes;
  const key = systemKeyOf(systemKey);
  if (!key.ok) return key;
  const authority = issuingAuthority(front.state());
  if (authority === undefined) return refuse("server.unavailable", "no authority");
  return ok({ systemKey: key.value, authority });
}

function checkForm({ headers, body }: MountedRequest): MountedAnswer | undefined {
  if (!isRequestType(headers)) {
    return textAnswer(415, "The content type of an enrolment is application/pkcs10.");
  }
  if (body.length > bodyBytesMax) return textAnswer(413, "A request has at most 16 KiB.");
  return undefined;
}

/** A request whose key is proved: its DER, and the key. */
interface ProvedRequest {
  readonly der: Bytes;
  readonly key: KeyObject;
}

/** `refused` hears why a request is none, for the events. */
export function readRequest(
  body: Bytes,
  refused: (refusal: Refusal) => MountedAnswer,
): Result<ProvedRequest, MountedAnswer> {
  const der = readBase64(body);
  if (der === undefined) {
    const says = "The body must be a PKCS#10 request: its DER in base64, without PEM.";
    return err(textAnswer(400, says));
  }
  const key = verifyRequest(der);
  if (key.ok) return ok({ der, key: key.value });
  return err(refused({ code: "enrolment.bad-request", detail: key.error }));
}

export function actorOf({ id, name }: DeviceRow, source: string): Actor {
  return { kind: "device", id, name, door: "https", source };
}

/** To whoever holds the key that it is for, and to nobody else. */
export function handOver(encoded: string, key: KeyObject): Result<MountedAnswer, Refusal> {
  const certificate = readCertificate(Buffer.from(encoded, "base64"));
  if (certificate === undefined || !certificate.publicKey.equals(key)) {
    return refuse(rejected, "another key than before");
  }
  return ok(certificatesAnswer([certificate], "application/pkcs7-mime; smime-type=certs-only"));
}
