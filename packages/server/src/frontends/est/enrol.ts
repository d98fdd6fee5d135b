import type { RequestId } from "@gridward/core/base/identity";
import { ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import { findAnswer } from "@gridward/core/domain/decide";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { DeviceRow } from "@gridward/core/domain/types";
import type { SystemKey } from "@gridward/runtime/os/seal";
import { freshRequestId } from "@gridward/runtime/os/random";
import { fingerprintOf, readCertificate } from "@gridward/runtime/trust/x509/read";
import type { MountedAnswer, MountedRequest } from "../../mounted-route.ts";
import { codeFor, matchesCode, requestIdOfCode, sealCode } from "../../one-time-code.ts";
import { certifyDevice } from "./certify-device.ts";
import { refusalAnswer, rejected, textAnswer } from "./est-answer.ts";
import { actorOf, type EstParts, handOver, openSystem, readRequest } from "./est-system.ts";
import { type Credentials, readCredentials } from "./read-enrolment.ts";

const purpose = "device enrolment";

/**
 * EST simpleenroll (RFC 7030 §4.2) with a one-time code. The code is judged before the request is
 * read, the enrolment is journalled before the certificate is sent.
 */
export async function answerEnrolment(
  parts: EstParts,
  request: MountedRequest,
): Promise<MountedAnswer> {
  const system = openSystem(parts, request);
  if (!system.ok) return system.error;
  const credentials = readCredentials(request.headers);
  if (credentials === undefined) return askForCode();
  const { name } = credentials;
  const refused = (refusal: Refusal): MountedAnswer => {
    parts.record({ name, source: request.source, refusal });
    return refusalAnswer(refusal);
  };
  const admitted = admit(parts.front, system.value.systemKey, credentials);
  if (!admitted.ok) return refused(admitted.error);
  const proved = readRequest(request.body, refused);
  if (!proved.ok) return proved.error;
  const { der, key } = proved.value;
  const { device, earlier } = admitted.value;
  const order = { ...system.value, ...admitted.value, der, actor: actorOf(device, request.source) };
  const encoded =
    earlier === null
      ? await certifyDevice(parts.front, order, (issued) => ({ kind: "enrol-device", ...issued }))
      : ok(earlier);
  const given = encoded.ok ? handOver(encoded.value, key) : encoded;
  return given.ok ? given.value : refused(given.error);
}

function askForCode(): MountedAnswer {
  const says = "Name the device as user and the one-time code of its package as password.";
  const scheme = 'Basic realm="gridward enrolment", charset="UTF-8"';
  return textAnswer(401, says, { "www-authenticate": scheme });
}

interface Admitted {
  readonly device: DeviceRow;
  /** Under which the enrolment with this code is journalled. */
  readonly requestId: RequestId;
  /** What this code enrolled before, if it did and still counts: DER in base64. */
  readonly earlier: string | null;
}

/**
 * An unknown device, a wrong code, one past its time and a used one take the same way out. A wrong
 * code spends nothing: whoever knows a device's name, which stands in every SCD file, could stop
 * its commissioning. Nobody guesses 128 random bits; who tries is slowed down (`isTry`).
 */
function admit(
  front: EstParts["front"],
  systemKey: SystemKey,
  { name, code }: Credentials,
): Result<Admitted, Refusal> {
  const state = front.state();
  const device = findDevice(state, name);
  const owner = device?.id ?? "";
  const requestId = requestIdOfCode(systemKey, purpose, { owner, typed: code });
  const isMatch = isOpenCode(systemKey, device, code);
  if (device === undefined || device.status === "lost") return refuse(rejected, name);
  const earlier = earlierAnswer(state, device, requestId);
  if (earlier !== null) return ok({ device, requestId, earlier });
  const isInTime = front.now() < (device.enrolment?.expiresAt ?? 0);
  return isMatch && isInTime ? ok({ device, requestId, earlier: null }) : refuse(rejected, name);
}

/** Where no code is open, one that nobody has is compared: it takes as long. */
function isOpenCode(
  systemKey: SystemKey,
  device: DeviceRow | undefined,
  typed: Secret<string>,
): boolean {
  const decoy = sealCode(systemKey, purpose, codeFor(systemKey, purpose, freshRequestId()));
  const open = device?.enrolment?.verifier;
  const isMatch = matchesCode(systemKey, purpose, { verifier: open ?? decoy, typed });
  return isMatch && open !== undefined;
}

/** By name as devices are named, without case, or by id. */
function findDevice(state: DirectoryState, typed: string): DeviceRow | undefined {
  const { devices } = state.tables;
  const wanted = typed.toLowerCase();
  return devices.get(typed) ?? devices.find(({ name }) => name.toLowerCase() === wanted);
}

/** The certificate of a device whose answer was lost, while it is the one that counts. */
function earlierAnswer(
  state: DirectoryState,
  device: DeviceRow,
  requestId: RequestId,
): string | null {
  const given = findAnswer(state, requestId)?.answer.certificate;
  if (given === undefined || device.certificate === null) return null;
  const certificate = readCertificate(Buffer.from(given, "base64"));
  const counts = certificate && fingerprintOf(certificate) === device.certificate.fingerprint;
  return counts === true ? given : null;
}
