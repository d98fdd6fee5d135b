import {
  ownCertificateRoutes,
  type OwnCertificateView,
} from "@gridward/core/api/own-certificate-routes";
import { localRoutes } from "@gridward/core/api/local-routes";
import { ok } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { rfc3339 } from "@gridward/core/base/time";
import type { Actor } from "@gridward/core/domain/types";
import type { OwnCertificate } from "../security/own-certificates.ts";
import type { DeskParts } from "./desk-parts.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";

/** The certificates of this server; see `ownCertificateRoutes`. */
export function ownCertificateEndpoints(
  parts: DeskParts,
): Readonly<Record<keyof typeof ownCertificateRoutes, Endpoint>> {
  return {
    ownCertificateList: endpoint(ownCertificateRoutes.ownCertificateList, () => ok(list(parts))),
    ownCertificateAdd: endpoint(
      ownCertificateRoutes.ownCertificateAdd,
      async ({ query, body }, { actor }) =>
        add(parts, { ...body, dry_run: query.dry_run === true }, actor),
    ),
    ownCertificateRemove: endpoint(
      ownCertificateRoutes.ownCertificateRemove,
      ({ params, query }, { actor }) =>
        remove(parts, { ...params, dry_run: query.dry_run === true }, actor),
    ),
  };
}

type LocalCertificateRoute = "localCertificates" | "localCertificateAdd" | "localCertificateRemove";

/** The same for whoever owns the data directory: the way back in when every port is refused. */
export function localOwnCertificateEndpoints(
  parts: DeskParts,
): Readonly<Record<LocalCertificateRoute, Endpoint>> {
  return {
    localCertificates: endpoint(localRoutes.localCertificates, () => ok(list(parts))),
    localCertificateAdd: endpoint(localRoutes.localCertificateAdd, async ({ body }, { actor }) =>
      add(parts, body, actor),
    ),
    localCertificateRemove: endpoint(localRoutes.localCertificateRemove, ({ body }, { actor }) =>
      remove(parts, body, actor),
    ),
  };
}

function list({ front, security }: DeskParts) {
  return { server: front.status().name, rows: security.certificates.list().map(view) };
}

interface AddBody {
  readonly files: readonly string[];
  readonly passphrase?: string;
  readonly dry_run: boolean;
}

async function add({ front, security }: DeskParts, body: AddBody, actor: Actor) {
  const { files, passphrase, dry_run: isTry } = body;
  const added = await security.certificates.add({
    files: files.map((file) => Buffer.from(file, "base64")),
    passphrase: passphrase === undefined ? null : new Secret(passphrase),
    isTry,
    actor,
  });
  if (!added.ok) return added;
  return ok({ server: front.status().name, certificate: view(added.value), dry_run: isTry });
}

interface RemoveBody {
  readonly fingerprint: string;
  readonly dry_run: boolean;
}

function remove({ front, security }: DeskParts, body: RemoveBody, actor: Actor) {
  const { fingerprint, dry_run: isTry } = body;
  const removed = security.certificates.remove({ fingerprint, isTry, actor });
  if (!removed.ok) return removed;
  return ok({ server: front.status().name, certificate: view(removed.value), dry_run: isTry });
}

function view(row: OwnCertificate): OwnCertificateView {
  return {
    fingerprint: row.fingerprint,
    origin: row.origin,
    subject: row.subject,
    issuer: row.issuer,
    names: row.names,
    not_before: rfc3339(row.notBefore),
    not_after: rfc3339(row.notAfter),
    key_present: row.hasKey,
    purpose: row.purpose,
    status: row.status,
    in_use: row.inUse,
    passed_over: row.passedOver.map(({ shelf, why }) => ({ on: shelf, why })),
  };
}
