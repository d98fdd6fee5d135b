import { hkdfSync } from "node:crypto";
import { lengthPrefixed, utf8, type Bytes } from "@gridward/core/base/bytes";
import { sealed } from "@gridward/core/base/identity";
import { err, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { verifierInput, type VerifierEntry } from "@gridward/core/codec/replica/record";
import { decodeLayer, encodeLayer } from "@gridward/core/codec/replica/replica-codec";
import { hmacSha256, sameSecret } from "../os/hash.ts";
import { seal, systemKey, unseal, type SystemKey } from "../os/seal.ts";

/**
 * Kd, the key that ties verifiers to one device (design §8): HKDF-SHA-256 of the system's replica
 * key over device id and key version. The servers derive it, the device is handed it once.
 */
export function deriveDeviceKey(
  replicaKey: Secret<Bytes>,
  device: string,
  version: number,
): Secret<Bytes> {
  const purpose = lengthPrefixed([utf8("gridward device key"), utf8(device), utf8(`${version}`)]);
  return new Secret<Bytes>(derive(replicaKey, purpose));
}

/** What the typed password's Argon2id tag must become for this account on this device. */
export function deviceVerifier(
  deviceKey: Secret<Bytes>,
  tag: Secret<Bytes>,
  account: Pick<VerifierEntry, "id" | "credentialVersion">,
): string {
  const input = verifierInput(tag.reveal(), account.id, account.credentialVersion);
  return Buffer.from(hmacSha256(deviceKey.reveal(), input)).toString("base64url");
}

export function sameVerifier(left: string, right: string): boolean {
  return sameSecret(utf8(left), utf8(right));
}

/** Seals a device's verifiers for that device and that manifest alone. */
export function sealLayer(
  deviceKey: Secret<Bytes>,
  place: LayerPlace,
  entries: readonly VerifierEntry[],
): string {
  return seal(layerKey(deviceKey), layerPurpose(place), encodeLayer(entries));
}

export function openLayer(
  deviceKey: Secret<Bytes>,
  place: LayerPlace,
  text: string,
): Result<readonly VerifierEntry[], string> {
  const opened = unseal(layerKey(deviceKey), layerPurpose(place), sealed(text));
  if (!opened.ok) return opened;
  const entries = decodeLayer(opened.value.reveal());
  return entries.ok ? entries : err(entries.error.detail);
}

/** Where a layer belongs; authenticated with it. */
export interface LayerPlace {
  readonly device: string;
  readonly manifestHash: string;
}

function layerKey(deviceKey: Secret<Bytes>): SystemKey {
  return systemKey(new Secret<Bytes>(derive(deviceKey, utf8("gridward replica layer"))));
}

function layerPurpose(place: LayerPlace): string {
  return `gridward replica layer of ${place.device} under ${place.manifestHash}`;
}

function derive(key: Secret<Bytes>, purpose: Bytes): Bytes {
  return new Uint8Array(hkdfSync("sha256", key.reveal(), new Uint8Array(), purpose, 32));
}
