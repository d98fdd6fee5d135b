import { issuingAuthority } from "@gridward/core/domain/authority-in-use";
import type { ChangeAnswer } from "@gridward/core/api/route";
import { certificateRoutes } from "@gridward/core/api/certificate-routes";
import { ok, type Result } from "@gridward/core/base/result";
import { rfc3339 } from "@gridward/core/base/time";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import { listedAt, revokedBy } from "@gridward/core/domain/revocation";
import type { CertificateRow } from "@gridward/core/domain/types";
import { crlToPem } from "@gridward/runtime/trust/x509/crl";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { FrontEndParts } from "../parts.ts";
import { type Caller, shutsOut } from "./caller.ts";
import type { DeskParts } from "./desk-parts.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { importForeignAuthority, requestAuthority } from "./foreign-authority.ts";
import { issueForParty, signForParty } from "./issue-certificate.ts";
import { giveOrder, repeatedAnswer } from "./order.ts";
import { startRollOver } from "./start-roll-over.ts";
import { pageOfRows } from "./page.ts";
import { showAuthority } from "./show-authority.ts";
import { showCertificate } from "./show-certificate.ts";

/** The daily work of the authority; see `certificateRoutes` for what each does. */
export function certificateEndpoints(
  parts: DeskParts,
): Readonly<Record<keyof typeof certificateRoutes, Endpoint>> {
  const { front } = parts;
  return {
    certificateList: endpoint(certificateRoutes.certificateList, ({ query }) => {
      const now = front.now();
      const rows = front
        .state()
        .tables.certificates.valueSeq()
        .filter(({ profile }) => query.profile === undefined || profile === query.profile)
        .map((row) => showCertificate(row, now));
      return pageOfRows(
        rows,
        query,
        (row) => `${row.name} ${row.serial} ${row.subject}`,
        serialOfRow,
      );
    }),
    certificateIssue: endpoint(
      certificateRoutes.certificateIssue,
      async ({ query, body }, caller) =>
        issueForParty(parts, { body, caller, dryRun: query.dry_run }),
    ),
    certificateSign: endpoint(certificateRoutes.certificateSign, async ({ query, body }, caller) =>
      signForParty(parts, { body, caller, dryRun: query.dry_run }),
    ),
    certificateRevoke: revokeCertificate(parts),
    revocationList: endpoint(certificateRoutes.revocationList, () => showList(front)),
    authorityExport: endpoint(certificateRoutes.authorityExport, () => showAuthorities(front)),
    authorityRequest: endpoint(
      certificateRoutes.authorityRequest,
      async ({ query, body }, caller) =>
        requestAuthority(parts, { body, caller, dryRun: query.dry_run }),
    ),
    authorityWithdraw: endpoint(certificateRoutes.authorityWithdraw, async ({ query }, caller) =>
      giveOrder(front, {
        command: { kind: "withdraw-authority-request" },
        caller,
        dryRun: query.dry_run,
      }),
    ),
    authorityImport: endpoint(certificateRoutes.authorityImport, async ({ query, body }, caller) =>
      importForeignAuthority(parts, { body, caller, dryRun: query.dry_run }),
    ),
    rollOverStart: endpoint(certificateRoutes.rollOverStart, async ({ query }, caller) =>
      startRollOver(parts, caller, query.dry_run),
    ),
    rollOverSwitch: endpoint(certificateRoutes.rollOverSwitch, async ({ query }, caller) =>
      giveOrder(front, { command: { kind: "switch-authority" }, caller, dryRun: query.dry_run }),
    ),
    rollOverFinish: endpoint(certificateRoutes.rollOverFinish, async ({ query }, caller) =>
      finishRollOver(parts, caller, query.dry_run),
    ),
  };
}

/** Names come more than once: what a page ends with is the serial number. */
function serialOfRow({ serial }: { readonly serial: string }): string {
  return serial;
}

function revokeCertificate({ front, security }: DeskParts): Endpoint {
  return endpoint(certificateRoutes.certificateRevoke, async ({ query, body }, caller) => {
    const repeated = repeatedAnswer(front, caller);
    const wanted = repeated?.id ?? body.certificate;
    const found = findCertificate(front, wanted);
    if (!found.ok) return found;
    const { serial } = found.value;
    const shutOut = shutsOut(caller, security.now(), stateWithout(front, found.value));
    if (shutOut && repeated === undefined) return shutOut;
    const command = { kind: "revoke-certificate", serial, reason: body.reason } as const;
    const done = repeated
      ? ok(repeated)
      : await giveOrder(front, { command, caller, dryRun: query.dry_run });
    if (!done.ok) return done;
    const row = front.state().tables.certificates.get(serial) ?? found.value;
    return ok({ ...showCertificate(row, front.now()), ...done.value });
  });
}

/** CS17: it cannot be taken back, so whoever orders it must come in by the new authority alone. */
async function finishRollOver(
  { front, security }: DeskParts,
  caller: Caller,
  dryRun: boolean | undefined,
): Promise<Result<ChangeAnswer, Refusal>> {
  const repeated = repeatedAnswer(front, caller);
  if (repeated !== undefined) return ok(repeated);
  const { tables } = front.state();
  const authorities = tables.authorities.filter(({ standing }) => standing !== "former");
  const after = { ...front.state(), tables: { ...tables, authorities } };
  const shutOut = shutsOut(caller, security.now(), after);
  if (shutOut) return shutOut;
  return giveOrder(front, { command: { kind: "retire-authority" }, caller, dryRun });
}

function stateWithout({ state, now }: FrontEndParts, row: CertificateRow): DirectoryState {
  const { tables } = state();
  const revoked = { at: now(), reason: "unspecified", by: "" } as const;
  const certificates = tables.certificates.set(row.serial, { ...row, revoked });
  return { ...state(), tables: { ...tables, certificates } };
}

/** By serial number, or by a name that one certificate has which still counts. */
function findCertificate(
  front: Pick<FrontEndParts, "state" | "now">,
  text: string,
): Result<CertificateRow, Refusal> {
  const { certificates } = front.state().tables;
  const bySerial = certificates.get(text.toLowerCase().replaceAll(":", ""));
  if (bySerial !== undefined) return ok(bySerial);
  const named = certificates
    .valueSeq()
    .filter(({ name }) => name.toLowerCase() === text.toLowerCase())
    .toArray();
  const [first, ...more] = named.filter(
    ({ revoked, notAfter }) => revoked === null && notAfter > front.now(),
  );
  if (first !== undefined && more.length === 0) return ok(first);
  if (first === undefined) {
    const [old] = named;
    return old === undefined ? refuse("certificate.not-found", text) : ok(old);
  }
  const serials = [first, ...more].map(({ serial, profile }) => `${serial} (${profile})`);
  return refuse("certificate.ambiguous", serials.toSorted().join(", "));
}

function showList({ state }: Pick<FrontEndParts, "state">) {
  const id = issuingAuthority(state())?.id ?? "";
  const crl = state().tables.crls.get(id);
  if (crl === undefined) return refuse("certificate.no-list", "");
  const { number, thisUpdate, nextUpdate, encoded } = crl;
  const named = revokedBy(state(), id).filter(
    ({ revoked }) => revoked !== null && revoked.at <= thisUpdate,
  );
  return ok({
    number,
    this_update: rfc3339(thisUpdate),
    next_update: rfc3339(nextUpdate),
    listed: listedAt(named, thisUpdate).length,
    pem: crlToPem(Buffer.from(encoded, "base64")),
  });
}

function showAuthorities({ state, now }: Pick<FrontEndParts, "state" | "now">) {
  const rows = [];
  for (const row of state().tables.authorities.values()) {
    const shown = showAuthority(state(), row, now());
    if (!shown.ok) return shown;
    rows.push(shown.value);
  }
  return ok({ rows });
}
