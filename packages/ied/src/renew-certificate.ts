import { createPrivateKey, type KeyObject, type X509Certificate } from "node:crypto";
import { decodeUtf8, utf8, type Bytes } from "@gridward/core/base/bytes";
import { ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { Clock } from "@gridward/runtime/os/clock";
import { movePath, readFileBounded, removePath, writeFileAtomic } from "@gridward/runtime/os/files";
import { enrolOverEst, type EstPlace, renewOverEst } from "@gridward/runtime/trust/est-client";
import type { RevocationList } from "@gridward/runtime/trust/revocation";
import { createTlsKey, keyToPem } from "@gridward/runtime/trust/x509/keys";
import { createRenewal, requestBytesMax } from "@gridward/runtime/trust/x509/request";
import { asksForNamesOf } from "@gridward/runtime/trust/x509/requested-names";
import { inOrderUnseen, type DeviceConfig, type DevicePaths } from "./config.ts";
import type { DeviceIdentity } from "./own-certificate.ts";
import type { TrustAnchors } from "./trust-anchors.ts";

export interface RenewalParts {
  readonly paths: DevicePaths;
  readonly config: Pick<DeviceConfig, "device" | "servers">;
  readonly anchors: TrustAnchors;
  /** Revocation lists that the device holds. */
  readonly lists?: readonly RevocationList[];
  readonly clock: Clock;
}

/**
 * A new certificate for a new key that is made here (PK3, PK8): with the certificate that the device
 * has, or with a one-time code where that one has ended. The old one stays until the new one is
 * kept; a lost answer is asked for again with the same key.
 */
export async function renewCertificate(
  { paths, config, anchors, lists = [], clock }: RenewalParts,
  shown: DeviceIdentity,
  code: Secret<string> | null,
): Promise<Result<DeviceIdentity, Refusal>> {
  const { device, servers } = config;
  const { key, request } = pendingRequest(paths, shown.certificate);
  const order = {
    places: placesOf(servers),
    anchors: anchors.pem,
    lists,
    device: { id: device.id, name: device.name },
    request,
    clock,
  };
  const issued =
    code === null
      ? await renewOverEst({ ...order, shown })
      : await enrolOverEst({ ...order, code });
  if (!issued.ok) return issued;
  writeFileAtomic(paths.certificate, utf8(issued.value.toString()));
  takeNextKey(paths);
  return ok({ certificate: issued.value, key });
}

/** Where each server takes enrolments, in the order in which they are tried. */
export function placesOf(servers: DeviceConfig["servers"]): readonly EstPlace[] {
  return inOrderUnseen(servers).flatMap(({ name, addresses, ports }) =>
    addresses.map((address) => ({ name, address, port: ports.https })),
  );
}

/** After the certificate for it was kept; a crash in between is made good at the next start. */
export function takeNextKey(paths: DevicePaths): void {
  movePath(paths.nextKey, paths.key);
  removePath(paths.nextRequest);
}

/** Of an earlier try, or new. */
function pendingRequest(
  paths: DevicePaths,
  certificate: X509Certificate,
): { readonly key: KeyObject; readonly request: Bytes } {
  const kept = readFileBounded(paths.nextRequest, requestBytesMax);
  const earlier = readKeyFile(paths.nextKey);
  if (kept.ok && earlier !== undefined && asksForNamesOf(kept.value, certificate)) {
    return { key: earlier, request: kept.value };
  }
  const key = createTlsKey();
  const request = createRenewal(key, certificate);
  writeFileAtomic(paths.nextKey, utf8(keyToPem(key).reveal()));
  writeFileAtomic(paths.nextRequest, request);
  return { key, request };
}

const keyBytesMax = 64 * 1024;

/** Undefined where there is none, or one that cannot be read. */
export function readKeyFile(path: string): KeyObject | undefined {
  try {
    const bytes = readFileBounded(path, keyBytesMax);
    const text = bytes.ok ? decodeUtf8(bytes.value) : bytes;
    return createPrivateKey(text.ok ? text.value : "");
  } catch {
    return undefined;
  }
}
