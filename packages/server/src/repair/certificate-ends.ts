import type { X509Certificate } from "node:crypto";
import { type Instant, rfc3339 } from "@gridward/core/base/time";
import { type Finding, sound, unsound } from "@gridward/runtime/journal/finding";
import type { ServerIdentity } from "@gridward/runtime/trust/server-directory";
import { notAfterOf, notBeforeOf } from "@gridward/runtime/trust/x509/read";

/** One certificate that the server needs and that is not within its dates. */
export interface OutOfTime {
  readonly what: string;
  readonly is: "ended" | "not yet valid";
  readonly says: string;
}

/** What this server shows by itself, and cannot be shown now: leaf and signer, or the temporary one. */
export function outOfTime(
  { issued, temporary }: Pick<ServerIdentity, "issued" | "temporary">,
  now: Instant,
): readonly OutOfTime[] {
  const needed: readonly (readonly [string, X509Certificate])[] =
    issued === null
      ? [["temporary certificate", temporary]]
      : [
          ["certificate", issued.certificate],
          ["certificate of the replica signer", issued.signerCertificate],
        ];
  return needed.flatMap(([what, certificate]): readonly OutOfTime[] => {
    const [begins, ends] = [notBeforeOf(certificate), notAfterOf(certificate)];
    if (now > ends) return [{ what, is: "ended", says: `The ${what} ended ${rfc3339(ends)}` }];
    if (now >= begins) return [];
    return [{ what, is: "not yet valid", says: `The ${what} begins ${rfc3339(begins)}` }];
  });
}

/** RPR1: what `gridward doctor DIR` finds. */
export function examineCertificates(
  server: Pick<ServerIdentity, "issued" | "temporary">,
  directory: string,
  now: Instant,
): Finding {
  const late = outOfTime(server, now);
  const { issued, temporary } = server;
  const ends = rfc3339(notAfterOf(issued?.certificate ?? temporary));
  if (late.length === 0) return sound("certificates", `The certificates are valid, until ${ends}.`);
  const says = `${late.map((one) => one.says).join(". ")}; this machine's clock says ${rfc3339(now)}.`;
  const remedy = late.some(({ is }) => is === "not yet valid")
    ? "Set the clock right first: it is probably behind. If it is right, run the server: it renews."
    : `If the clock is right: run the server; where that does not help, stop it and run \`gridward doctor ${directory} --repair\`.`;
  return unsound("certificates", says, remedy);
}
