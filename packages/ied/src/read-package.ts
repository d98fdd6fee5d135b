import { parseJsonBytes } from "@gridward/core/base/json";
import {
  devicePackage,
  devicePackageBytesMax,
  type DevicePackage,
} from "@gridward/core/api/device-package";
import { ok, type Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import { readFileBounded } from "@gridward/runtime/os/files";
import { chainsOf, readAuthorityChain } from "@gridward/runtime/trust/authority-chain";
import { notAfterOf, notBeforeOf } from "@gridward/runtime/trust/x509/read";

/**
 * Reads a device package (PK3): complete, with a trust anchor that is one, and in its time. A change of the anchor or of an address shows when the server's
 * certificate is judged, before anything secret is sent; a change of form shows here.
 */
export function readPackage(path: string, now: Instant): Result<DevicePackage, Refusal> {
  const bytes = readFileBounded(path, devicePackageBytesMax);
  if (!bytes.ok) return refuse("device.package-damaged", `${path}: ${bytes.error}`);
  const parsed = devicePackage.safeParse(parseJsonBytes(bytes.value));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue?.path.map(String).join(".") ?? "";
    return refuse("device.package-damaged", place === "" ? "it is cut off or no JSON" : place);
  }
  const content = parsed.data;
  const chain = readAuthorityChain(content.system.certificate);
  if (chain === undefined || chainsOf(chain).length !== 1) {
    return refuse("device.package-damaged", "system.certificate");
  }
  if (chain.some((anchor) => now < notBeforeOf(anchor) || now > notAfterOf(anchor))) {
    return refuse(
      "device.package-damaged",
      "the trust anchor is not within its dates: check the clock",
    );
  }
  if (Date.parse(content.enrolment.expires_at) <= now) {
    return refuse("enrolment.expired", content.enrolment.expires_at);
  }
  return ok(content);
}
