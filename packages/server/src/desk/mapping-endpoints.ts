import { type MappingView, mappingRoutes } from "@gridward/core/api/mapping-routes";
import { ok, type Result } from "@gridward/core/base/result";
import { rfc3339 } from "@gridward/core/base/time";
import type { Command } from "@gridward/core/domain/command";
import { parseMappingKey } from "@gridward/core/domain/mapping";
import { type Refusal, refuse } from "@gridward/core/domain/refusal";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { MappingRow } from "@gridward/core/domain/types";
import { fingerprintOf, readCertificate } from "@gridward/runtime/trust/x509/read";
import { claimedRolesOf } from "@gridward/runtime/trust/x509/claimed-roles";
import type { DeskParts } from "./desk-parts.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { shutsOut } from "./caller.ts";
import { findAccount } from "./find-row.ts";
import { giveOrder, repeatedAnswer } from "./order.ts";
import { pageOfRows } from "./page.ts";

/** CS13: which certificate leads to which account; see `mappingRoutes` for what each does. */
export function mappingEndpoints({
  front,
  security,
}: DeskParts): Readonly<Record<keyof typeof mappingRoutes, Endpoint>> {
  return {
    mappingList: endpoint(mappingRoutes.mappingList, ({ query }) => {
      const state = front.state();
      const wanted = query.account === undefined ? ok(null) : findAccount(state, query.account);
      if (!wanted.ok) return wanted;
      const rows = state.tables.mappings
        .valueSeq()
        .filter(({ account }) => wanted.value === null || account === wanted.value.id)
        .map((row) => showMapping(state, row));
      return pageOfRows(
        rows,
        query,
        ({ key, name }) => `${key} ${name}`,
        ({ key }) => key,
      );
    }),
    mappingAdd: endpoint(mappingRoutes.mappingAdd, async ({ params, query, body }, caller) => {
      const key = "key" in body ? parseMappingKey(body.key) : keyOf(body.certificate);
      if (!key.ok) return key;
      const account = findAccount(front.state(), params.name);
      if (!account.ok) return account;
      const { id } = account.value;
      const command: Command = { kind: "map-certificate", key: key.value, account: id };
      const done = await giveOrder(front, { command, caller, dryRun: query.dry_run });
      return done.ok
        ? ok({ ...done.value, key: key.value, claimed_roles: claimedRoles(body) })
        : done;
    }),
    mappingRemove: endpoint(
      mappingRoutes.mappingRemove,
      async ({ params, query, body }, caller) => {
        const key = parseMappingKey(body.key);
        if (!key.ok) return key;
        const repeated = repeatedAnswer(front, caller);
        if (repeated) return ok({ ...repeated, key: key.value });
        const account = findAccount(front.state(), params.name);
        if (!account.ok) return account;
        const row = front.state().tables.mappings.get(key.value);
        if (row?.account !== account.value.id) return refuse("mapping.not-found", key.value);
        const { tables } = front.state();
        const mappings = tables.mappings.delete(key.value);
        const shutOut = shutsOut(caller, security.now(), {
          ...front.state(),
          tables: { ...tables, mappings },
        });
        if (shutOut) return shutOut;
        const command: Command = { kind: "unmap-certificate", key: key.value };
        const done = await giveOrder(front, { command, caller, dryRun: query.dry_run });
        return done.ok ? ok({ ...done.value, key: key.value }) : done;
      },
    ),
  };
}

function keyOf(pem: string): Result<string, Refusal> {
  const certificate = readCertificate(pem);
  if (certificate === undefined) return refuse("mapping.bad-file", "");
  return ok(`sha256:${fingerprintOf(certificate)}`);
}

/** Shown beside the account's own roles, so that who maps it sees where the two differ. */
function claimedRoles(
  body: { readonly certificate: string } | { readonly key: string },
): readonly string[] {
  const certificate = "key" in body ? undefined : readCertificate(body.certificate);
  return certificate === undefined ? [] : claimedRolesOf(certificate);
}

function showMapping(state: DirectoryState, { key, account, by, at }: MappingRow): MappingView {
  const { name = account } = state.tables.accounts.get(account) ?? {};
  return { key, name, by, at: rfc3339(at) };
}
