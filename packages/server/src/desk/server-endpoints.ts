import { serverRoutes, type RoleView } from "@gridward/core/api/server-routes";
import { err, ok } from "@gridward/core/base/result";
import { rfc3339 } from "@gridward/core/base/time";
import { trustAnchors } from "@gridward/core/domain/authority-in-use";
import { rightsOf } from "@gridward/core/domain/rights";
import { defaultMapName, rightsMapOfType, templateOfMap } from "@gridward/core/domain/rights-map";
import { impliedRoles, roleIds } from "@gridward/core/domain/roles";
import { findRole, nameOfRole } from "@gridward/core/domain/private-roles";
import { singleKey, type DirectoryState } from "@gridward/core/domain/state";
import type { RoleId } from "@gridward/core/domain/types";
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
      certificate: trustAnchors(state).join(""),
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

type CatalogueRoute = "roleList" | "roleShow";

function catalogueEndpoints({ front }: DeskParts): Readonly<Record<CatalogueRoute, Endpoint>> {
  return {
    roleList: endpoint(serverRoutes.roleList, () => {
      const state = front.state();
      const named = Array.from(state.tables.privateRoles.values(), ({ role }) => role);
      const roles = [...Object.values(roleIds), ...named.toSorted((one, other) => other - one)];
      return ok({ rows: roles.map((role) => showRoleRights(state, role)) });
    }),
    roleShow: endpoint(serverRoutes.roleShow, ({ params }) => {
      const role = findRole(front.state(), params.name);
      return role.ok ? ok(showRoleRights(front.state(), role.value)) : role;
    }),
  };
}

/** By the map of every type that has none of its own. */
function showRoleRights(state: DirectoryState, role: RoleId): RoleView {
  const template = templateOfMap(rightsMapOfType(state, defaultMapName));
  const rights = rightsOf(impliedRoles(role), template);
  const own = rightsOf([role], template);
  const all = new Map([...rights, ...own]);
  return {
    name: nameOfRole(state, role),
    id: role,
    kind: kindOf(role),
    rights: [...all].map(([right, level]) => (level === "full" ? right : `${right} (read)`)),
  };
}

function kindOf(role: RoleId): RoleView["kind"] {
  if (role === roleIds.ADMINISTRATOR) return "vendor";
  return role < 0 ? "private" : "standard";
}
