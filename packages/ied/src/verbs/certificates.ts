import { ok } from "@gridward/core/base/result";
import { showCertificates } from "../held-certificates.ts";
import { openDeviceDirectory } from "./device-directory.ts";
import type { Asked, VerbOutcome } from "./verb.ts";

/** ied certificates DIR: what the device holds, running or not; nothing is changed here (PK6). */
export async function certificates({ directory }: Asked): Promise<VerbOutcome> {
  const opened = openDeviceDirectory(directory);
  if (!opened.ok) return opened;
  const { certificate, anchors, config } = opened.value;
  const rows = showCertificates({ own: certificate, anchors: anchors.all });
  return Promise.resolve(ok({ data: rows, meta: { device: config.device.name } }));
}
