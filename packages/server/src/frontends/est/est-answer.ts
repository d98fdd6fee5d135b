import type { X509Certificate } from "node:crypto";
import type { Bytes } from "@gridward/core/base/bytes";
import {
  type Refusal,
  type RefusalCode,
  refusals,
  refusalSpec,
} from "@gridward/core/domain/refusal";
import { encodeCertsOnly } from "@gridward/runtime/trust/x509/certs-only";
import type { MountedAnswer } from "../../mounted-route.ts";

/** A device tries the other server meanwhile. */
const retryAfterS = "5";

/** RFC 7030 §4.1.3 and §4.2.3, transfer encoding as RFC 8951 §3.1 has it. */
export function certificatesAnswer(
  certificates: readonly X509Certificate[],
  type: string,
): MountedAnswer {
  return {
    status: 200,
    headers: { "content-type": type },
    body: base64Lines(encodeCertsOnly(certificates)),
  };
}

/** RFC 2045 §6.8: lines of 76 characters. */
function base64Lines(bytes: Bytes): string {
  return Buffer.from(bytes)
    .toString("base64")
    .replaceAll(/.{1,76}/g, "$&\r\n");
}

/** A sentence for people, with what it is about. */
export function textAnswer(
  status: number,
  sentence: string,
  headers: Readonly<Record<string, string>> = {},
): MountedAnswer {
  const type = { "content-type": "text/plain; charset=utf-8" };
  return { status, headers: { ...type, ...headers }, body: `${sentence}\n` };
}

/** One answer for every code that does not count, so that it tells nothing of any device. */
export const rejected: RefusalCode = "enrolment.rejected";

/** What the domain, the authority or the pair refused, as an EST client hears it. */
export function refusalAnswer({ code, detail }: Refusal): MountedAnswer {
  if (deniedCodes.has(code)) return textAnswer(403, sentenceOf(rejected, ""));
  const { http, tell } = refusalSpec(code);
  if (http === 500) return textAnswer(500, sentenceOf(code, ""));
  if (http > 500) return textAnswer(503, sentenceOf(code, ""), { "retry-after": retryAfterS });
  const status = http === 403 ? 403 : 400;
  return textAnswer(status, sentenceOf(code, tell === "anyone" ? detail : ""));
}

const deniedCodes: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  rejected,
  "enrolment.used",
  "enrolment.expired",
  "device.not-found",
  "device.lost",
  "access.denied",
]);

function sentenceOf(code: RefusalCode, detail: string): string {
  const { says, remedy } = refusals[code];
  return detail === "" ? `${says} ${remedy}` : `${says} (${detail}) ${remedy}`;
}
