import { issuingAuthority } from "@gridward/core/domain/authority-in-use";
import { join } from "node:path";
import type { X509Certificate } from "node:crypto";
import { ok, type Result } from "@gridward/core/base/result";
import { type Instant, rfc3339 } from "@gridward/core/base/time";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import { revocationOf } from "@gridward/core/domain/revocation";
import type { DirectoryState } from "@gridward/core/domain/state";
import { lockDirectory } from "@gridward/runtime/os/directory-lock";
import { loadSystemKey } from "@gridward/runtime/os/seal";
import { SecurityEventStore } from "@gridward/runtime/observe/security-events";
import {
  type IssuedFiles,
  readServerDirectory,
  saveIssued,
  saveTemporary,
  type ServerIdentity,
  serverPaths,
} from "@gridward/runtime/trust/server-directory";
import { createTemporary } from "@gridward/runtime/trust/temporary";
import {
  fingerprintOf,
  notAfterOf,
  readCertificate,
  serialOf,
} from "@gridward/runtime/trust/x509/read";
import { issueOwn } from "../ca/issue-own.ts";
import { openDatabase } from "../open-database.ts";
import { writeSecurity } from "../own-settings.ts";
import { readRemoval } from "../pair/removal.ts";
import { outOfTime } from "./certificate-ends.ts";

export interface RepairOrder {
  readonly directory: string;
  readonly isTry: boolean;
  /** Who runs it, for the events. */
  readonly user: string;
  readonly now: Instant;
}

/** What was done, or would be; all of it in words. */
export interface Repaired {
  readonly did: "nothing" | "issued" | "temporary";
  readonly dry_run: boolean;
  readonly found: string;
  readonly says: string;
  readonly certificate: { readonly fingerprint: string; readonly not_after: string };
  readonly next: string;
}

/**
 * New certificates for a stopped server whose own ended while it was off. The clock is believed: it
 * is shown, and one that is behind is refused.
 */
export function repair(order: RepairOrder): Result<Repaired, Refusal> {
  const { directory } = order;
  const found = readServerDirectory(directory);
  if (!found.ok) return found;
  const lock = lockDirectory(directory);
  if (!lock.ok) return refuse("config.already-running", `process ${lock.error.pid ?? "unknown"}`);
  try {
    return repairStopped(order, found.value);
  } finally {
    lock.value.release();
  }
}

function repairStopped(order: RepairOrder, server: ServerIdentity): Result<Repaired, Refusal> {
  const { directory, now, isTry } = order;
  if (readRemoval(directory) !== null) return refuse("pair.removed", server.config.name);
  const late = outOfTime(server, now);
  const clock = `this machine's clock says ${rfc3339(now)}`;
  const found =
    late.length === 0
      ? `All is valid; ${clock}.`
      : `${late.map(({ says }) => says).join(". ")}; ${clock}.`;
  if (late.some(({ is }) => is === "not yet valid")) return refuse("repair.clock-behind", found);
  const told = { dry_run: isTry, found };
  if (late.length === 0) {
    const shown = server.issued?.certificate ?? server.temporary;
    const next = `Run \`gridward server run ${directory}\`.`;
    return ok({
      ...told,
      did: "nothing",
      says: "Nothing needs to be done.",
      ...shownAs(shown),
      next,
    });
  }
  const made = issueAnew(order, server);
  if (!made.ok) return made;
  const done =
    typeof made.value === "string"
      ? showTemporary(order, server, made.value)
      : takeIssued(order, made.value);
  if (done.ok && !isTry) record(order, server, done.value);
  return done.ok ? ok({ ...told, ...done.value }) : done;
}

/** Or in words why this server cannot. */
function issueAnew(
  { directory, now }: RepairOrder,
  server: ServerIdentity,
): Result<IssuedFiles | string, Refusal> {
  const state = readState(directory, server);
  if (!state.ok) return state;
  if (typeof state.value === "string") return ok(state.value);
  const row = state.value.tables.servers.get(server.node);
  const authority = issuingAuthority(state.value);
  const systemKey = loadSystemKey(serverPaths(directory).systemKey);
  if (authority === undefined || row === undefined) return ok("it is part of no system");
  if (!systemKey.ok) return ok(`its system key is not readable (${systemKey.error})`);
  if (isRevoked(state.value, server)) return refuse("repair.revoked", server.config.name);
  const anchor = readCertificate(authority.certificate);
  const ends = anchor === undefined ? 0 : notAfterOf(anchor);
  if (now > ends) return ok(`the system's authority itself ended ${rfc3339(ends)}`);
  const made = issueOwn({ authority, systemKey: systemKey.value, server: row, keys: server, now });
  return made.ok ? ok(made.value.issued) : made;
}

/** What is committed here, or why nothing is known. */
function readState(
  directory: string,
  { node }: ServerIdentity,
): Result<DirectoryState | string, Refusal> {
  const database = openDatabase(directory, node);
  if (!database.ok) return database;
  const { opened, fault } = database.value;
  if (opened === null) {
    return ok(fault === null ? "it has no database" : `its database: ${fault.code}`);
  }
  opened.journal.close();
  return ok(opened.committedState);
}

function isRevoked(state: DirectoryState, { issued }: ServerIdentity): boolean {
  return issued !== null && revocationOf(state, serialOf(issued.certificate)) !== null;
}

type Done = Omit<Repaired, "dry_run" | "found">;

function takeIssued({ directory, isTry }: RepairOrder, issued: IssuedFiles): Result<Done, Refusal> {
  if (!isTry) saveIssued(directory, issued);
  return ok({
    did: "issued",
    says: "With the authority's key this server issued itself new certificates for the keys that it has.",
    ...shownAs(issued.certificate),
    next:
      `Run \`gridward server run ${directory}\`; the journal takes them up. ` +
      "Repair each other server in the same way, or they do not know each other.",
  });
}

/** It says who it is to whoever pins it; nobody who validates takes it. */
function showTemporary(
  { directory, isTry, now }: RepairOrder,
  server: ServerIdentity,
  reason: string,
): Result<Done, Refusal> {
  const { node, tlsKey, config, temporary, issued } = server;
  const isGood = now <= notAfterOf(temporary);
  const hosts = [config.address];
  const shown = isGood
    ? temporary
    : createTemporary({ key: tlsKey, node, name: config.name, hosts, now });
  if (!isTry) {
    if (!isGood) saveTemporary(directory, shown, null);
    const set = issued === null ? ok(null) : writeSecurity(directory, { temporary: true });
    if (!set.ok) return set;
  }
  return ok({
    did: "temporary",
    says:
      `This server cannot issue itself a certificate: ${reason}. It shows its temporary one, by ` +
      "the setting temporary=true: servers and devices refuse it, administrators reach it.",
    ...shownAs(shown),
    next:
      `Run \`gridward server run ${directory}\`, sign in with --fingerprint and mend what is named; ` +
      "then run `gridward security set temporary=false`.",
  });
}

function shownAs(certificate: X509Certificate): Pick<Repaired, "certificate"> {
  const [fingerprint, notAfter] = [fingerprintOf(certificate), notAfterOf(certificate)];
  return { certificate: { fingerprint, not_after: rfc3339(notAfter) } };
}

function record(
  { directory, user, now }: RepairOrder,
  { config }: ServerIdentity,
  done: Done,
): void {
  const store = new SecurityEventStore(join(directory, "events.db"), now);
  const { fingerprint } = done.certificate;
  const detail = `repair of ${config.name}: ${done.did}, fingerprint ${fingerprint}`;
  const about = { door: "local", source: "", device: null, detail };
  store.append([{ at: now, event: 20020, outcome: "done", subject: user, ...about }]);
  store.close();
}
