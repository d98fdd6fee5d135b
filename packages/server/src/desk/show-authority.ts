import type { certificateRoutes } from "@gridward/core/api/certificate-routes";
import { ok, type Result } from "@gridward/core/base/result";
import { rfc3339, type Instant } from "@gridward/core/base/time";
import { holdersOf } from "@gridward/core/domain/authority-in-use";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { AuthorityRow } from "@gridward/core/domain/types";
import { fingerprintOf, nameText, notAfterOf } from "@gridward/runtime/trust/x509/read";
import type * as z from "zod";
import { chainOfAuthority } from "../ca/authority.ts";

type Shown = z.input<(typeof certificateRoutes)["authorityExport"]["answer"]>["rows"][number];

/** One authority as people compare it, and its root, which is what others are given to believe. */
export function showAuthority(
  state: DirectoryState,
  row: AuthorityRow,
  now: Instant,
): Result<Shown, Refusal> {
  const chain = chainOfAuthority(row);
  if (!chain.ok) return chain;
  const [certificate] = chain.value;
  const root = chain.value.at(-1) ?? certificate;
  return ok({
    subject: nameText(certificate.subject),
    fingerprint: fingerprintOf(certificate),
    not_after: rfc3339(notAfterOf(certificate)),
    standing: row.standing,
    created_at: rfc3339(row.createdAt),
    holders: holdersOf(state, row.id, now).length,
    root: nameText(root.subject),
    root_fingerprint: fingerprintOf(root),
    root_not_after: rfc3339(notAfterOf(root)),
    pem: root.toString(),
  });
}
