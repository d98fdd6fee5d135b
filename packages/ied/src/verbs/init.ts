import { displayTimeoutDefault } from "../authority/sessions.ts";
import { basename, join } from "node:path";
import type { DevicePackage } from "@gridward/core/api/device-package";
import { utf8, type Bytes } from "@gridward/core/base/bytes";
import { ok } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { rfc3339 } from "@gridward/core/base/time";
import { listDirectory } from "@gridward/runtime/os/directory";
import {
  makeDirectory,
  readFileBounded,
  removePath,
  writeFileAtomic,
} from "@gridward/runtime/os/files";
import { freshSystemKey, saveSystemKey } from "@gridward/runtime/os/seal";
import { enrolOverEst } from "@gridward/runtime/trust/est-client";
import { createTlsKey, keyToPem } from "@gridward/runtime/trust/x509/keys";
import { fingerprintOf, notAfterOf } from "@gridward/runtime/trust/x509/read";
import { createRequest, requestBytesMax } from "@gridward/runtime/trust/x509/request";
import {
  devicePaths,
  httpsDefault,
  intervalDefault,
  revocationModes,
  saveConfig,
  type DevicePaths,
} from "../config.ts";
import { readPackage } from "../read-package.ts";
import { placesOf, readKeyFile } from "../renew-certificate.ts";
import { failed, refused } from "./failure.ts";
import type { Asked, VerbOutcome } from "./verb.ts";

/** ied init DIR --package FILE [--https N]: makes the key here and enrols with it (PK3, PK4). */
export async function init(asked: Asked): Promise<VerbOutcome> {
  if (asked.package === undefined) return failed("ied.wrong-use", "init DIR --package FILE");
  const https = readPort(asked.https);
  if (https === undefined) return failed("ied.wrong-use", "--https 0 to 65535");
  const paths = devicePaths(asked.directory);
  if (!isFree(paths)) {
    return refused({ code: "config.already-initialised", detail: asked.directory });
  }
  const read = readPackage(asked.package, asked.clock.now());
  if (!read.ok) return refused(read.error);
  makeDirectory(asked.directory);
  return makeDevice(asked, read.value, { paths, https });
}

/** Empty, or left by an enrolment whose answer may be lost: the same request gets it again. */
function isFree(paths: DevicePaths): boolean {
  const pending = new Set([basename(paths.key), basename(paths.request)]);
  return listDirectory(paths.directory).every((name) => pending.has(name));
}

async function makeDevice(
  { clock }: Asked,
  content: DevicePackage,
  { paths, https }: { readonly paths: DevicePaths; readonly https: number },
): Promise<VerbOutcome> {
  const { system, device, servers, enrolment } = content;
  const certificate = await enrolOverEst({
    places: placesOf(servers),
    anchors: [system.certificate],
    device: { id: device.id, name: device.name },
    code: new Secret(enrolment.code),
    request: requestFor(paths, device.name),
    clock,
  });
  if (!certificate.ok) {
    if (certificate.error.code !== "enrolment.failed") emptyDirectory(paths.directory);
    return refused(certificate.error);
  }
  writeFileAtomic(paths.certificate, utf8(certificate.value.toString()));
  writeFileAtomic(paths.anchor, utf8(system.certificate));
  saveSystemKey(paths.storeKey, freshSystemKey());
  const { id, base, site } = system;
  const config = { version: 1, system: { id, base, site }, device, servers, https } as const;
  // Last, because it is what makes the directory a device.
  saveConfig(paths, {
    ...config,
    display_timeout: displayTimeoutDefault,
    replica_interval: intervalDefault,
    revocation: revocationModes[0],
  });
  removePath(paths.request);
  const made = {
    directory: paths.directory,
    device: device.name,
    group: device.group.name,
    servers: servers.map(({ name }) => name),
    ports: { https },
    certificate: {
      fingerprint: fingerprintOf(certificate.value),
      not_after: rfc3339(notAfterOf(certificate.value)),
    },
  };
  return ok({ data: made, meta: { device: device.name } });
}

/** The request of an earlier try with its key, or a new one; the key never leaves the device. */
function requestFor(paths: DevicePaths, name: string): Bytes {
  const kept = readFileBounded(paths.request, requestBytesMax);
  if (kept.ok && readKeyFile(paths.key) !== undefined) return kept.value;
  const key = createTlsKey();
  const request = createRequest(key, name);
  writeFileAtomic(paths.key, utf8(keyToPem(key).reveal()));
  writeFileAtomic(paths.request, request);
  return request;
}

function readPort(text: string | undefined): number | undefined {
  const port = text === undefined ? httpsDefault : Number(text);
  return Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : undefined;
}

function emptyDirectory(directory: string): void {
  for (const name of listDirectory(directory)) removePath(join(directory, name));
}
