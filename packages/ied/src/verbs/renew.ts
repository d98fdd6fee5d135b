import { ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { lockDirectory } from "@gridward/runtime/os/directory-lock";
import { certificateAnswer } from "../access/answer-request.ts";
import { askLocal } from "../access/ask-local.ts";
import { readPackage } from "../read-package.ts";
import { readAnchorsText } from "../trust-anchors.ts";
import { renewCertificate } from "../renew-certificate.ts";
import { outcomeOf } from "./ask.ts";
import { openDeviceDirectory, type DeviceDirectory } from "./device-directory.ts";
import { failed, refused, type VerbFailure } from "./failure.ts";
import type { Asked, VerbOutcome } from "./verb.ts";

/** ied renew DIR [--package FILE]: a new certificate now; running or not, it takes no restart. */
export async function renew(asked: Asked): Promise<VerbOutcome> {
  const opened = openDeviceDirectory(asked.directory);
  if (!opened.ok) return opened;
  const given = readGiven(asked, opened.value);
  if (!given.ok) return given;
  const said = given.value && { ...given.value, code: given.value.code.reveal() };
  const answer = await askLocal(asked.directory, { verb: "renew", package: said }, asked.timeout);
  if (answer === "timed out") return failed("ied.timed-out");
  return answer === "not running" ? renewStopped(asked, given.value) : outcomeOf(answer);
}

/** What of a package counts here; the device stays which it is. */
interface Given {
  readonly code: Secret<string>;
  /** PEM. */
  readonly anchor: string;
}

function readGiven(asked: Asked, { config }: DeviceDirectory): Result<Given | null, VerbFailure> {
  if (asked.package === undefined) return ok(null);
  const read = readPackage(asked.package, asked.clock.now());
  if (!read.ok) return refused(read.error);
  const { system, device, enrolment } = read.value;
  if (system.id !== config.system.id || device.id !== config.device.id) {
    return refused({ code: "device.package-damaged", detail: `it is for ${device.name}` });
  }
  return ok({ code: new Secret(enrolment.code), anchor: system.certificate });
}

async function renewStopped(
  { directory, clock }: Asked,
  given: Given | null,
): Promise<VerbOutcome> {
  const lock = lockDirectory(directory);
  if (!lock.ok) return failed("ied.already-running", `process ${lock.error.pid ?? "unknown"}`);
  try {
    const opened = openDeviceDirectory(directory);
    if (!opened.ok) return opened;
    const { config, anchors, certificate, key } = opened.value;
    if (given !== null) anchors.admit(readAnchorsText(given.anchor));
    const code = given?.code ?? null;
    const renewed = await renewCertificate({ ...opened.value, clock }, { certificate, key }, code);
    if (!renewed.ok) return refused(renewed.error);
    return ok({ data: certificateAnswer(renewed.value), meta: { device: config.device.name } });
  } finally {
    lock.value.release();
  }
}
