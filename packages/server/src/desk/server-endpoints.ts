import { serverRoutes, type PolicyView, type RoleView } from "@gridward/core/api/server-routes";
import { err, ok } from "@gridward/core/base/result";
import { rfc3339, second } from "@gridward/core/base/time";
import { rightsOf } from "@gridward/core/domain/rights";
import { impliedRoles, parseRole, roleIds, roleName } from "@gridward/core/domain/roles";
import { singleKey } from "@gridward/core/domain/state";
import type { PolicyRow, RoleId } from "@gridward/core/domain/types";
import type { DeskParts } from "./desk-parts.ts";
import { pairingFingerprint, serversOf } from "./device-package.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { pairEndpoints } from "./pair-endpoints.ts";
import { serverUrl } from "../server-url.ts";

/** The system, its servers and its catalogues; see `serverRoutes`. */
export function serverEndpoints(
  parts: DeskParts,
): Readonly<Record<keyof typeof serverRoutes, Endpoint>> {
  return {
    system: showSystem(parts),
    serverStatus: endpoint(serverRoutes.serverStatus, () => ok(parts.front.status())),
    ...pairEndpoints(parts),
    ...catalogueEndpoints(parts),
  };
}

function showSystem({ front }: DeskParts): Endpoint {
  return endpoint(serverRoutes.system, () => {
    const state = front.state();
    const system = state.tables.system.get(singleKey);
    if (system === undefined) return err({ code: "system.blank", detail: "" });
    const owner = state.tables.pair.get(singleKey)?.owner;
    return ok({
      id: system.id,
      base: system.base,
      site: system.site,
      created_at: rfc3339(system.createdAt),
      certificate: state.tables.authorities.first()?.certificate ?? "",
      servers: serversOf(state).map((server) => ({
        name: server.name,
        address: server.address,
        url: serverUrl(server.address, server.ports.https),
        ports: server.ports,
        kind: server.kind,
        pairing_fingerprint: pairingFingerprint(server),
        main: server.id === owner,
      })),
      main: owner === undefined ? null : (state.tables.servers.get(owner)?.name ?? null),
    });
  });
}

type CatalogueRoute = "roleList" | "roleShow" | "policyList" | "policyShow";

function catalogueEndpoints({ front }: DeskParts): Readonly<Record<CatalogueRoute, Endpoint>> {
  return {
    roleList: endpoint(serverRoutes.roleList, () =>
      ok({ rows: Object.values(roleIds).map(showRoleRights) }),
    ),
    roleShow: endpoint(serverRoutes.roleShow, ({ params }) => {
      const role = parseRole(params.name);
      return role.ok ? ok(showRoleRights(role.value)) : role;
    }),
    policyList: endpoint(serverRoutes.policyList, () => {
      const policies = [...front.state().tables.policies.values()];
      policies.sort((left, right) => (left.name < right.name ? -1 : 1));
      return ok({ rows: policies.map(showPolicy) });
    }),
    policyShow: endpoint(serverRoutes.policyShow, ({ params }) => {
      const policy = front.state().tables.policies.get(params.name);
      if (policy === undefined) return err({ code: "policy.not-found", detail: params.name });
      return ok(showPolicy(policy));
    }),
  };
}

function showRoleRights(role: RoleId): RoleView {
  const rights = rightsOf(impliedRoles(role));
  const own = rightsOf([role]);
  const all = new Map([...rights, ...own]);
  return {
    name: roleName(role),
    id: role,
    kind: kindOf(role),
    rights: [...all].map(([right, level]) => (level === "full" ? right : `${right} (read)`)),
  };
}

function kindOf(role: RoleId): RoleView["kind"] {
  if (role === roleIds.ADMINISTRATOR) return "vendor";
  return role < 0 ? "private" : "standard";
}

function showPolicy(policy: PolicyRow): PolicyView {
  const { expiresAfter } = policy;
  return {
    name: policy.name,
    length_min: policy.lengthMin,
    length_max: policy.lengthMax,
    classes_min: policy.classesMin,
    history: policy.history,
    attempts: policy.attempts,
    window_s: Math.round(policy.window / second),
    lock_s: Math.round(policy.lockFor / second),
    expires_after_s: expiresAfter === null ? null : Math.round(expiresAfter / second),
  };
}
