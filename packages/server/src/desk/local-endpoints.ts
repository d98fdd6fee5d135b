import { localRoutes } from "@gridward/core/api/local-routes";
import type { LocalRouteName } from "@gridward/core/api/routes";
import { err, ok } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { rfc3339 } from "@gridward/core/base/time";
import { holdsSecadmForGood } from "@gridward/core/domain/administrators";
import type { Command } from "@gridward/core/domain/command";
import type { AccountRow } from "@gridward/core/domain/types";
import { codeFor, sealCode } from "../one-time-code.ts";
import { firstCodeValidity } from "./account-endpoints.ts";
import { localOwnCertificateEndpoints } from "./own-certificate-endpoints.ts";
import type { DeskParts } from "./desk-parts.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { findAccount } from "./find-row.ts";
import { systemKeyOf } from "./order.ts";
import { localSecurityEndpoints } from "./security-endpoints.ts";

/** What the owner of the data directory may order; see `localRoutes`. */
export function localEndpoints(parts: DeskParts): Readonly<Record<LocalRouteName, Endpoint>> {
  const { front, operator } = parts;
  return {
    ...localSecurityEndpoints(parts),
    ...localOwnCertificateEndpoints(parts),
    localStatus: endpoint(localRoutes.localStatus, () => ok(front.status())),
    localCreateSystem: endpoint(localRoutes.localCreateSystem, async ({ body }, { actor }) => {
      const created = await operator.createSystem({ ...body, actor });
      if (!created.ok) return created;
      const { systemId, code } = created.value;
      const { administrator } = body;
      return ok({ system_id: systemId, administrator, code: code.reveal() });
    }),
    localJoin: endpoint(localRoutes.localJoin, async ({ body }) => {
      const joined = await operator.join(new Secret(body.code));
      return joined.ok ? ok({ system_id: joined.value.systemId }) : joined;
    }),
    localPromote: endpoint(localRoutes.localPromote, async ({ body }, { actor }) => {
      const done = await operator.promote({ ...body, actor });
      return done.ok ? ok({ main: front.status().name, ...done.value }) : done;
    }),
    localMaintenance: endpoint(localRoutes.localMaintenance, async ({ body }, { actor }) => {
      const done = await operator.setMaintenance({ isOn: body.on, actor });
      return done.ok ? ok({ server: front.status().name, maintenance: body.on }) : done;
    }),
    localUnlock: endpoint(localRoutes.localUnlock, async ({ body }, { actor, requestId }) => {
      const account = findAccount(front.state(), body.account);
      if (!account.ok) return account;
      const command: Command = { kind: "unlock-account", id: account.value.id };
      const done = await front.submit({ command, actor, requestId });
      return done.ok ? ok({ account: account.value.name, sequence: done.value.seq }) : done;
    }),
    localFirstCode: firstCode(parts),
    localBackup: endpoint(localRoutes.localBackup, async ({ body }) =>
      parts.backups.create(body.file),
    ),
    localBackupList: endpoint(localRoutes.localBackupList, async () =>
      ok({ rows: await parts.backups.list() }),
    ),
    localBackupKey: endpoint(localRoutes.localBackupKey, async ({ body }, { actor, requestId }) => {
      const command: Command = { kind: "set-recovery-key", publicKey: body.public_key };
      const done = await front.submit({ command, actor, requestId });
      return done.ok ? ok({ sequence: done.value.seq }) : done;
    }),
  };
}

/** For whoever lost the code of `system create`; the domain refuses once somebody can administer. */
function firstCode({ front, systemKey }: DeskParts): Endpoint {
  return endpoint(localRoutes.localFirstCode, async (_, { actor, requestId }) => {
    const key = systemKeyOf(systemKey);
    if (!key.ok) return key;
    const now = front.now();
    const first = firstAdministrator([...front.state().tables.accounts.values()], now);
    if (first === undefined) return err({ code: "account.not-found", detail: "SECADM" });
    const code = codeFor(key.value, "first sign-in", requestId);
    const verifier = sealCode(key.value, "first sign-in", code);
    const expiresAt = now + firstCodeValidity;
    const command: Command = { kind: "issue-code", id: first.id, verifier, expiresAt };
    const done = await front.submit({ command, actor, requestId });
    if (!done.ok) return done;
    const expires = rfc3339(expiresAt);
    return ok({ administrator: first.name, code: code.reveal(), expires_at: expires });
  });
}

function firstAdministrator(accounts: readonly AccountRow[], now: number): AccountRow | undefined {
  return accounts
    .filter(({ roles }) => holdsSecadmForGood(roles, now))
    .toSorted((left, right) => left.uidNumber - right.uidNumber)[0];
}
