import {
  ownCertificateRoutes,
  type OwnCertificateView,
} from "@gridward/core/api/own-certificate-routes";
import { localRoutes } from "@gridward/core/api/local-routes";
import { ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { rfc3339 } from "@gridward/core/base/time";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { ShownOrder } from "../security/change-shown.ts";
import type { ChangedCertificate, OwnCertificate } from "../security/own-certificates.ts";
import type { Caller } from "./caller.ts";
import type { DeskParts } from "./desk-parts.ts";
import { showUnconfirmed } from "./show-unconfirmed.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";

/** The certificates of this server; see `ownCertificateRoutes`. */
export function ownCertificateEndpoints(
  parts: DeskParts,
): Readonly<Record<keyof typeof ownCertificateRoutes, Endpoint>> {
  return {
    ownCertificateList: endpoint(ownCertificateRoutes.ownCertificateList, () => ok(list(parts))),
    ownCertificateAdd: endpoint(
      ownCertificateRoutes.ownCertificateAdd,
      async ({ query, body }, caller) =>
        add(parts, { ...body, dry_run: query.dry_run === true }, caller),
    ),
    ownCertificateRemove: endpoint(
      ownCertificateRoutes.ownCertificateRemove,
      ({ params, query }, caller) =>
        remove(parts, { ...params, dry_run: query.dry_run === true }, caller),
    ),
    temporaryRenew: endpoint(ownCertificateRoutes.temporaryRenew, ({ query }, caller) =>
      renewTemporary(parts, { dry_run: query.dry_run === true }, caller),
    ),
  };
}

type LocalCertificateRoute =
  | "localCertificates"
  | "localCertificateAdd"
  | "localCertificateRemove"
  | "localTemporaryRenew";

/** The same for whoever owns the data directory: the way back in when every port is refused. */
export function localOwnCertificateEndpoints(
  parts: DeskParts,
): Readonly<Record<LocalCertificateRoute, Endpoint>> {
  return {
    localCertificates: endpoint(localRoutes.localCertificates, () => ok(list(parts))),
    localCertificateAdd: endpoint(localRoutes.localCertificateAdd, async ({ body }, caller) =>
      add(parts, body, caller),
    ),
    localCertificateRemove: endpoint(localRoutes.localCertificateRemove, ({ body }, caller) =>
      remove(parts, body, caller),
    ),
    localTemporaryRenew: endpoint(localRoutes.localTemporaryRenew, ({ body }, caller) =>
      renewTemporary(parts, body, caller),
    ),
  };
}

function list({ front, security }: DeskParts) {
  return { server: front.status().name, rows: security.certificates.list().map(view) };
}

interface Tried {
  readonly dry_run: boolean;
}

interface AddBody extends Tried {
  readonly files: readonly string[];
  readonly passphrase?: string;
}

async function add(parts: DeskParts, body: AddBody, caller: Caller) {
  const { files, passphrase } = body;
  const added = await parts.security.certificates.add({
    files: files.map((file) => Buffer.from(file, "base64")),
    passphrase: passphrase === undefined ? null : new Secret(passphrase),
    ...orderOf(body, caller),
  });
  return answerWith(parts, body, added);
}

interface RemoveBody extends Tried {
  readonly fingerprint: string;
}

function remove(parts: DeskParts, body: RemoveBody, caller: Caller) {
  const { fingerprint } = body;
  const order = { fingerprint, ...orderOf(body, caller) };
  return answerWith(parts, body, parts.security.certificates.remove(order));
}

function renewTemporary(parts: DeskParts, body: Tried, caller: Caller) {
  const renewed = parts.security.certificates.renewTemporary(orderOf(body, caller));
  return answerWith(parts, body, renewed);
}

/** CS17: who comes over the local socket comes in whatever is shown. */
function orderOf({ dry_run: isTry }: Tried, { actor, begunUnder }: Caller): ShownOrder {
  return { isTry, actor, mustProve: begunUnder !== null };
}

function answerWith(
  parts: DeskParts,
  { dry_run }: Tried,
  changed: Result<ChangedCertificate, Refusal>,
) {
  if (!changed.ok) return changed;
  const server = parts.front.status().name;
  const unconfirmed = showUnconfirmed(parts);
  const { signIn: sign_in } = changed.value;
  return ok({ server, certificate: view(changed.value), dry_run, sign_in, unconfirmed });
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
