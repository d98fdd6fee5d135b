import type { KeyObject } from "node:crypto";
import { ok, type Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { AuthorityRow, CertificateRow, ServerRow } from "@gridward/core/domain/types";
import type { SystemKey } from "@gridward/runtime/os/seal";
import type { IssuedFiles } from "@gridward/runtime/trust/server-directory";
import { readCertificate } from "@gridward/runtime/trust/x509/read";
import { createRequest } from "@gridward/runtime/trust/x509/request";
import { chainOfAuthority } from "./authority.ts";
import { issueReplicaSigner, issueServer } from "./issue.ts";

export interface IssueOwnOrder {
  readonly authority: AuthorityRow;
  readonly systemKey: SystemKey;
  readonly server: ServerRow;
  readonly keys: { readonly tlsKey: KeyObject; readonly signerKey: KeyObject };
  readonly now: Instant;
}

/** What a server issues to itself: for its TLS key and its replica signer, which both stay. */
export function issueOwn(
  order: IssueOwnOrder,
): Result<{ readonly issued: IssuedFiles; readonly rows: readonly CertificateRow[] }, Refusal> {
  const { authority, server, keys } = order;
  const leaf = issueServer({ ...order, request: createRequest(keys.tlsKey, server.name) }, server);
  if (!leaf.ok) return leaf;
  const request = createRequest(keys.signerKey, server.name);
  const signer = issueReplicaSigner({ ...order, request }, server);
  if (!signer.ok) return signer;
  const chain = chainOfAuthority(authority);
  if (!chain.ok) return chain;
  const [anchor, ...above] = chain.value;
  const cross = authority.cross === null ? undefined : readCertificate(authority.cross);
  const issued: IssuedFiles = {
    authority: anchor,
    above,
    cross: cross ?? null,
    certificate: leaf.value.certificate,
    signerCertificate: signer.value.certificate,
  };
  return ok({ issued, rows: [leaf.value.row, signer.value.row] });
}
