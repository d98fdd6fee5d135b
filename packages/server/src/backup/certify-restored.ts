import { issuingAuthority } from "@gridward/core/domain/authority-in-use";
import { ok, type Result } from "@gridward/core/base/result";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { CertificateRow, ServerRow } from "@gridward/core/domain/types";
import type { IssuedFiles } from "@gridward/runtime/trust/server-directory";
import { pairingKeyText } from "@gridward/runtime/trust/x509/keys";
import { readCertificate } from "@gridward/runtime/trust/x509/read";
import { issueOwn } from "../ca/issue-own.ts";
import { ownServerRow } from "../found-system.ts";
import { OwnIdentity } from "../own-identity.ts";
import type { Prepared, RestoreOrder } from "./prepare-restore.ts";

/** How this server stands in the system that it brings back. */
export interface Certified {
  /** Its row, if it is not one of the servers of the backup as it is now. */
  readonly row: ServerRow | null;
  readonly issued: IssuedFiles;
  /** Of certificates that were issued for it just now. */
  readonly certificates: readonly CertificateRow[];
}

/** The same server keeps its keys and certificates; a new one gets its own from the authority. */
export function certify(
  { directory, now }: RestoreOrder,
  { server, systemKey }: Prepared,
  state: DirectoryState,
): Result<Certified, Refusal> {
  const authority = issuingAuthority(state);
  const anchor = readCertificate(authority?.certificate ?? "");
  if (authority === undefined || anchor === undefined) {
    return refuse("backup.damaged", "it has no authority");
  }
  const { node, config, issued, pairingKey } = server;
  const present = state.tables.servers.get(node);
  const isSame = present?.pairingKey === pairingKeyText(pairingKey);
  if (isSame && issued?.authority.fingerprint256 === anchor.fingerprint256) {
    return ok({ row: null, issued, certificates: [] });
  }
  const identity = new OwnIdentity(directory, server);
  const row = isSame ? present : ownServerRow({ identity, config }, now);
  const own = issueOwn({ authority, systemKey, server: row, keys: server, now });
  if (!own.ok) return own;
  const { issued: files, rows } = own.value;
  return ok({ row: isSame ? null : row, issued: files, certificates: rows });
}
