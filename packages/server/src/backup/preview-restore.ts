import { rfc3339, type Instant } from "@gridward/core/base/time";
import type { BackupView } from "@gridward/core/api/backup-routes";
import { termAfterRestore, termLeapMax } from "@gridward/core/domain/restore-term";
import type { ArbitrationMode } from "@gridward/core/domain/arbitration-mode";
import { viewBackup } from "./backup-directory.ts";
import type { Prepared, RestoreOrder } from "./prepare-restore.ts";

export interface RestorePreview extends BackupView {
  readonly age_s: number;
  readonly signed_by: string;
  readonly into: string;
  readonly into_server: string;
  readonly database_here: "none" | "readable" | "unreadable";
  /** null: that cannot be told. */
  readonly changes_lost: number | null;
  readonly newest_lost: string | null;
  readonly loses: string;
  readonly highest_term_known: number;
  readonly new_term: number;
  readonly servers_kept: readonly string[];
  readonly servers_removed: readonly string[];
  readonly warning: string | null;
}

/** What a restore would do and what would be lost by it, before anybody says yes. */
export function previewRestore(prepared: Prepared, order: RestoreOrder): RestorePreview {
  const { header, server, servers, highest, term } = prepared;
  const isKnown = servers.some(({ id }) => id === server.node);
  const others = servers.filter(({ id }) => id !== server.node).map(({ name }) => name);
  const kept = isKnown ? others : [];
  return {
    ...viewBackup({ path: order.file, header }),
    age_s: Math.max(0, Math.round((order.now - header.at) / 1_000)),
    signed_by: header.server.pairingKey,
    into: order.directory,
    into_server: server.config.name,
    database_here: describeDatabase(prepared),
    changes_lost: changesLost(prepared),
    newest_lost: newestLost(prepared),
    loses: describeLoss(prepared, order.now),
    highest_term_known: highest,
    new_term: term,
    servers_kept: kept,
    servers_removed: isKnown ? [] : others,
    warning: warningOf(prepared, order.above, kept),
  };
}

function describeDatabase({ record, follows }: Prepared): "none" | "readable" | "unreadable" {
  if (follows !== undefined) return "readable";
  return record === null || record.incarnation === null ? "none" : "unreadable";
}

/** null: that cannot be told. */
function changesLost({ header, record, follows }: Prepared): number | null {
  if (follows?.isOurs === false || record === null || record.systemId === null) return null;
  const last = Math.max(record.highest.seq, follows?.seq ?? 0);
  return Math.max(0, last - header.position.seq);
}

function newestLost({ follows }: Prepared): string | null {
  const isAny = follows !== undefined && follows.changes > 0 && follows.newestAt !== null;
  return isAny ? rfc3339(follows.newestAt) : null;
}

function describeLoss(prepared: Prepared, now: Instant): string {
  const { header, follows } = prepared;
  const since = rfc3339(header.at);
  const lost = changesLost(prepared);
  if (follows?.isOurs === false) {
    return `The database here has another history than the backup; it is kept aside whole.`;
  }
  if (lost === null) {
    return `This server knows nothing of changes after ${since} (${ageOf(now - header.at)} ago); all that were made are lost, unless another server still has them.`;
  }
  if (lost === 0) return "Nothing that this server knows of.";
  const newest = newestLost(prepared);
  const readable = follows?.changes ?? 0;
  const time = newest === null ? "" : `, the newest of ${newest}`;
  const rest = readable < lost ? `; cannot be read any more: ${lost - readable}` : "";
  return `Changes made after the backup: ${lost}${time}${rest}.`;
}

function ageOf(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2_880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1_440)} days`;
}

function warningOf(
  { record, header, follows, isFromKnown }: Prepared,
  above: number,
  others: readonly string[],
): string | null {
  const known = Math.max(record?.term ?? 0, header.position.term, follows?.term ?? 0);
  const warnings = [
    // Research §2.11 rule 5.
    termAfterRestore(above) > known + termLeapMax
      ? `Devices that saw no term above ${known} will refuse a leap of more than 10,000 terms.`
      : "",
    isFromKnown
      ? ""
      : "No server that is known here signed this backup: restore it only if you know whence it comes.",
    warningOfOthers(record?.mode ?? null, others),
  ].filter((warning) => warning !== "");
  return warnings.length === 0 ? null : warnings.join(" ");
}

/** Only the manual mode keeps a server that does not hear the restored one from taking over. */
function warningOfOthers(mode: ArbitrationMode | null, others: readonly string[]): string {
  if (mode === "manual" || others.length === 0) return "";
  const names = others.join(" and ");
  const where = mode === null ? "unless the mode was manual" : `the mode was ${mode}`;
  return `Stop ${names} before the restored server runs, and start it where it reaches that one: else it may take over by itself (${where}), and there would be two Mains.`;
}
