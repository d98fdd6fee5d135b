import { ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { lockDirectory } from "@gridward/runtime/os/directory-lock";
import { certificateAnswer } from "../access/answer-request.ts";
import { askLocal } from "../access/ask-local.ts";
import { readPackage } from "../read-package.ts";
import { renewCertificate } from "../renew-certificate.ts";
import { outcomeOf } from "./ask.ts";
import { openDeviceDirectory, type DeviceDirectory } from "./device-directory.ts";
import { failed, refused, type VerbFailure } from "./failure.ts";
import type { Asked, VerbOutcome } from "./verb.ts";

/** ied renew DIR [--package FILE]: a new certificate now; running or not, it takes no restart. */
export async function renew(asked: Asked): Promise<VerbOutcome> {
  const opened = openDeviceDirectory(asked.directory);
  if (!opened.ok) return opened;
  const code = readCode(asked, opened.value);
  if (!code.ok) return code;
  const said = code.value?.reveal() ?? null;
  const answer = await askLocal(asked.directory, { verb: "renew", code: said }, asked.timeout);
  if (answer === "timed out") return failed("ied.timed-out");
  return answer === "not running" ? renewStopped(asked, code.value) : outcomeOf(answer);
}

/** Of the package its code alone counts; the device stays which it is. */
function readCode(
  asked: Asked,
  { config }: DeviceDirectory,
): Result<Secret<string> | null, VerbFailure> {
  if (asked.package === undefined) return ok(null);
  const read = readPackage(asked.package, asked.clock.now());
  if (!read.ok) return refused(read.error);
  const { system, device, enrolment } = read.value;
  if (system.id !== config.system.id || device.id !== config.device.id) {
    return refused({ code: "device.package-damaged", detail: `it is for ${device.name}` });
  }
  return ok(new Secret(enrolment.code));
}

async function renewStopped(
  { directory, clock }: Asked,
  code: Secret<string> | null,
): Promise<VerbOutcome> {
  const lock = lockDirectory(directory);
  if (!lock.ok) return failed("ied.already-running", `process ${lock.error.pid ?? "unknown"}`);
  try {
    const opened = openDeviceDirectory(directory);
    if (!opened.ok) return opened;
    const { config, certificate, key } = opened.value;
    const renewed = await renewCertificate({ ...opened.value, clock }, { certificate, key }, code);
    if (!renewed.ok) return refused(renewed.error);
    return ok({ data: certificateAnswer(renewed.value), meta: { device: config.device.name } });
  } finally {
    lock.value.release();
  }
}
