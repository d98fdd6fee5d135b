import type { TlsCauseCode } from "@gridward/core/domain/tls-cause";
import { errorCode } from "../os/files.ts";

/** Why a handshake failed, as far as one side can tell by itself. */
export interface HandshakeFailure {
  readonly cause: TlsCauseCode;
  readonly by: "us" | "them";
  /** Node's or OpenSSL's own words, for the operator. */
  readonly said: string;
}

/**
 * Alerts of RFC 8446 §6.2 by number: names of Node's errors move between releases, the number
 * does not. A refused certificate without a reason of its own is T10 to the side that dialled.
 */
const alertCauses = {
  dial: new Map<number, TlsCauseCode>([
    [40, "T12"],
    [42, "T10"],
    [43, "T10"],
    [44, "T10"],
    [45, "T10"],
    [46, "T10"],
    [48, "T10"],
    [70, "T11"],
    [71, "T12"],
    [116, "T09"],
    [120, "T13"],
  ]),
  accept: new Map<number, TlsCauseCode>([
    [40, "T12"],
    [42, "T05"],
    [43, "T06"],
    [44, "T07"],
    [45, "T03"],
    [46, "T02"],
    [48, "T02"],
    [70, "T11"],
    [71, "T12"],
    [116, "T09"],
    [120, "T13"],
  ]),
} as const;

/** What OpenSSL found by itself on this side. */
const ownFindings: readonly (readonly [RegExp, TlsCauseCode])[] = [
  [/UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE|VERSION_TOO_LOW/, "T11"],
  [/NO_SHARED_CIPHER|NO_SUITABLE_KEY_SHARE|NO_SHARED_GROUP|NO_CIPHERS_AVAILABLE/, "T12"],
  [/NO_APPLICATION_PROTOCOL/, "T13"],
  [/WRONG_VERSION_NUMBER|HTTP_REQUEST|HTTPS_PROXY_REQUEST|PACKET_LENGTH_TOO_LONG/, "T14"],
  [/PEER_DID_NOT_RETURN_A_CERTIFICATE/, "T09"],
  [/EE_KEY_TOO_SMALL|KEY_VALUES_MISMATCH|MD_TOO_WEAK|NO_CERTIFICATE_ASSIGNED/, "T15"],
];

/** The cause of a failed handshake or connection. What is no TLS at all is T17. */
export function causeOfTlsError(error: unknown, direction: "dial" | "accept"): HandshakeFailure {
  const code = errorCode(error);
  const said = error instanceof Error ? error.message : "closed";
  const alert = /SSL alert number (\d+)/.exec(said)?.[1];
  if (alert !== undefined) {
    return { cause: alertCauses[direction].get(Number(alert)) ?? "T12", by: "them", said };
  }
  const found = ownFindings.find(([pattern]) => pattern.test(code));
  if (found !== undefined) return { cause: found[1], by: "us", said };
  return { cause: "T17", by: "them", said: code === "" ? said : code };
}
