import { join } from "node:path";
import { utf8 } from "@gridward/core/base/bytes";
import { ok } from "@gridward/core/base/result";
import { rfc3339 } from "@gridward/core/base/time";
import { listDirectory } from "@gridward/runtime/os/directory";
import { makeDirectory, removePath, writeFileAtomic } from "@gridward/runtime/os/files";
import { freshSystemKey, saveSystemKey } from "@gridward/runtime/os/seal";
import { createTlsKey, keyToPem } from "@gridward/runtime/trust/x509/keys";
import { fingerprintOf, notAfterOf } from "@gridward/runtime/trust/x509/read";
import {
  devicePaths,
  httpsDefault,
  intervalDefault,
  saveConfig,
  type DevicePaths,
} from "../config.ts";
import { enrol } from "../enrol.ts";
import { readPackage, type ReadPackage } from "../read-package.ts";
import { failed, refused } from "./failure.ts";
import type { Asked, VerbOutcome } from "./verb.ts";

/** ied init DIR --package FILE [--https N]: makes the key here and enrols with it (PK3, PK4). */
export async function init(asked: Asked): Promise<VerbOutcome> {
  if (asked.package === undefined) return failed("ied.wrong-use", "init DIR --package FILE");
  const https = readPort(asked.https);
  if (https === undefined) return failed("ied.wrong-use", "--https 0 to 65535");
  if (listDirectory(asked.directory).length > 0) {
    return refused({ code: "config.already-initialised", detail: asked.directory });
  }
  const now = asked.clock.now();
  const read = readPackage(asked.package, now);
  if (!read.ok) return refused(read.error);
  makeDirectory(asked.directory);
  const made = await makeDevice(devicePaths(asked.directory), read.value, { https, now });
  // A device without certificate is none: the directory is left as empty as it was.
  if (!made.ok) emptyDirectory(asked.directory);
  return made;
}

async function makeDevice(
  paths: DevicePaths,
  read: ReadPackage,
  { https, now }: { readonly https: number; readonly now: number },
): Promise<VerbOutcome> {
  const { content, anchor } = read;
  const key = createTlsKey();
  writeFileAtomic(paths.key, utf8(keyToPem(key).reveal()));
  const certificate = await enrol(read, key, now);
  if (!certificate.ok) return certificate;
  writeFileAtomic(paths.certificate, utf8(certificate.value.toString()));
  writeFileAtomic(paths.anchor, utf8(anchor.toString()));
  saveSystemKey(paths.storeKey, freshSystemKey());
  const { system, device, servers } = content;
  // Last, because it is what makes the directory a device.
  saveConfig(paths, {
    version: 1,
    system: { id: system.id, base: system.base, site: system.site },
    device,
    servers,
    https,
    replica_interval: intervalDefault,
  });
  const data = {
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
  return ok({ data, meta: { device: device.name } });
}

function readPort(text: string | undefined): number | undefined {
  const port = text === undefined ? httpsDefault : Number(text);
  return Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : undefined;
}

function emptyDirectory(directory: string): void {
  for (const name of listDirectory(directory)) removePath(join(directory, name));
}
