import type { KeyObject, X509Certificate } from "node:crypto";
import { decodeUtf8 } from "@gridward/core/base/bytes";
import { ok, type Result } from "@gridward/core/base/result";
import { readFileBounded } from "@gridward/runtime/os/files";
import { loadSystemKey, type SystemKey } from "@gridward/runtime/os/seal";
import { readCertificate } from "@gridward/runtime/trust/x509/read";
import { devicePaths, loadConfig, type DeviceConfig, type DevicePaths } from "../config.ts";
import { readKeyFile, takeNextKey } from "../renew-certificate.ts";
import { readAnchorsText, TrustAnchors } from "../trust-anchors.ts";
import { failed, refused, type VerbFailure } from "./failure.ts";

/** Everything that `ied init` left for `ied run`. */
export interface DeviceDirectory {
  readonly paths: DevicePaths;
  readonly config: DeviceConfig;
  readonly anchors: TrustAnchors;
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
  readonly storeKey: SystemKey;
}

const fileBytesMax = 64 * 1024;

export function openDeviceDirectory(directory: string): Result<DeviceDirectory, VerbFailure> {
  const paths = devicePaths(directory);
  const config = loadConfig(paths);
  if (!config.ok) {
    return config.error.code === "absent"
      ? failed("ied.not-initialised", directory)
      : refused({ code: "config.bad-value", detail: `${paths.config}: ${config.error.detail}` });
  }
  const found = readAnchorsText(readText(paths.anchor));
  if (found.length === 0) return failed("ied.damaged", paths.anchor);
  const anchors = new TrustAnchors(found, paths.anchor);
  const certificate = readCertificate(readText(paths.certificate));
  if (certificate === undefined) return failed("ied.damaged", paths.certificate);
  const key = keyOf(paths, certificate);
  if (key === undefined) return failed("ied.damaged", paths.key);
  const storeKey = loadSystemKey(paths.storeKey);
  if (!storeKey.ok) return failed("ied.damaged", paths.storeKey);
  return ok({ paths, config: config.value, anchors, certificate, key, storeKey: storeKey.value });
}

function readText(path: string): string {
  const bytes = readFileBounded(path, fileBytesMax);
  const text = bytes.ok ? decodeUtf8(bytes.value) : bytes;
  return text.ok ? text.value : "";
}

/** Also where a renewal was cut off after its certificate was kept. */
function keyOf(paths: DevicePaths, certificate: X509Certificate): KeyObject | undefined {
  const key = readKeyFile(paths.key);
  if (key !== undefined && certificate.checkPrivateKey(key)) return key;
  const next = readKeyFile(paths.nextKey);
  if (next === undefined || !certificate.checkPrivateKey(next)) return undefined;
  takeNextKey(paths);
  return next;
}
