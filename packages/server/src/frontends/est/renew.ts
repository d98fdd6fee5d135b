import type { KeyObject, X509Certificate } from "node:crypto";
import { utf8 } from "@gridward/core/base/bytes";
import { requestId, type RequestId } from "@gridward/core/base/identity";
import { ok, type Result } from "@gridward/core/base/result";
import { trustAnchors } from "@gridward/core/domain/authority-in-use";
import { heldCertificate } from "@gridward/core/domain/device-certificate";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import type { DeviceCertificate, DeviceRow } from "@gridward/core/domain/types";
import { hmacSha256 } from "@gridward/runtime/os/hash";
import type { SystemKey } from "@gridward/runtime/os/seal";
import { judgePeer, withoutLists } from "@gridward/runtime/trust/judge";
import {
  certificateNameOf,
  fingerprintOf,
  nameText,
  readCertificate,
} from "@gridward/runtime/trust/x509/read";
import { asksForNamesOf } from "@gridward/runtime/trust/x509/requested-names";
import { spellCrockford } from "../../crockford.ts";
import type { MountedAnswer, MountedRequest } from "../../mounted-route.ts";
import { certifyDevice } from "./certify-device.ts";
import { refusalAnswer } from "./est-answer.ts";
import { actorOf, type EstParts, handOver, openSystem, readRequest } from "./est-system.ts";

/**
 * EST simplereenroll (RFC 7030 §4.2.2): the TLS handshake proved the key of a certificate that
 * counts and is in its time. The request names what that certificate names, and decides nothing but
 * its key; the certificate is what the registration says now.
 */
export async function answerRenewal(
  parts: EstParts,
  request: MountedRequest,
): Promise<MountedAnswer> {
  const system = openSystem(parts, request);
  if (!system.ok) return system.error;
  const presented = readCertificate(request.certificate ?? new Uint8Array());
  const refused = (refusal: Refusal): MountedAnswer => {
    const name = nameText(presented?.subject ?? "").slice(0, 128);
    parts.record({ name, source: request.source, refusal });
    return refusalAnswer(refusal);
  };
  const admitted = admit(parts, presented);
  if (!admitted.ok) return refused(admitted.error);
  const proved = readRequest(request.body, refused);
  if (!proved.ok) return proved.error;
  if (!asksForNamesOf(proved.value.der, admitted.value.presented)) {
    return refused({ code: "enrolment.other-names", detail: "" });
  }
  const { der, key } = proved.value;
  const { device, shown } = admitted.value;
  const order = {
    ...system.value,
    device,
    der,
    actor: actorOf(device, request.source),
    requestId: requestIdOf(system.value.systemKey, shown, key),
  };
  const encoded = await certifyDevice(parts.front, order, (issued) => ({
    kind: "renew-device",
    of: shown.serial,
    ...issued,
  }));
  const given = encoded.ok ? handOver(encoded.value, key) : encoded;
  return given.ok ? given.value : refused(given.error);
}

interface Admitted {
  readonly device: DeviceRow;
  readonly shown: DeviceCertificate;
  readonly presented: X509Certificate;
}

/** The one judge, and then the state: which certificates of which device count today. */
function admit(
  { front, isReplaced }: Pick<EstParts, "front" | "isReplaced">,
  presented: X509Certificate | undefined,
): Result<Admitted, Refusal> {
  const judged = judgePeer({
    chain: presented === undefined ? [] : [presented.raw],
    anchors: trustAnchors(front.state()),
    lists: [],
    purpose: "client",
    expected: { kind: "device" },
    at: front.now(),
    // What is revoked the state knows better than any list.
    settings: withoutLists,
    handshake: null,
  });
  if (judged.verdict === "refused") {
    const { cause, ours, theirs } = judged;
    return refuse("enrolment.not-renewed", `${cause}: this server ${ours}; the device ${theirs}`);
  }
  const state = front.state();
  const name = presented && certificateNameOf(presented);
  const device = name?.kind === "device" ? state.tables.devices.get(name.device) : undefined;
  if (presented === undefined || device === undefined) {
    return refuse("enrolment.not-renewed", "no device of this system");
  }
  if (device.status === "lost") return refuse("device.lost", device.name);
  const fingerprint = fingerprintOf(presented);
  const shown = heldCertificate(
    state,
    device,
    front.now(),
    (held) => held.fingerprint === fingerprint,
  );
  if (shown === null || isReplaced(device.id, fingerprint)) {
    return refuse("enrolment.not-renewed", "it is revoked, or was replaced");
  }
  return ok({ device, shown, presented });
}

/**
 * The same key with the same certificate gets the same answer again, also from another server: a
 * lost answer costs nothing. Nobody but us can name it before, and so nobody can take it.
 */
function requestIdOf(
  systemKey: SystemKey,
  { fingerprint }: DeviceCertificate,
  key: KeyObject,
): RequestId {
  const idKey = hmacSha256(systemKey.bytes.reveal(), utf8("gridward request of a renewal\u0001"));
  const spki = key.export({ type: "spki", format: "der" }).toString("base64");
  return requestId(spellCrockford(hmacSha256(idKey, utf8(`${fingerprint}\u0000${spki}`))));
}
