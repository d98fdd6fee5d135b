import { accountRoutes } from "@gridward/core/api/account-routes";
import { ok } from "@gridward/core/base/result";
import { parseOperation } from "@gridward/core/domain/athchck";
import { explainAccess, objectOfDevice } from "@gridward/core/domain/explain-access";
import { isArea } from "@gridward/core/domain/names";
import { refuse } from "@gridward/core/domain/refusal";
import type { DeskParts } from "./desk-parts.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { findAccount, findDevice } from "./find-row.ts";

/** AM2: may X do Y on Z, and why. */
export function explainEndpoint({ front }: DeskParts): Endpoint {
  return endpoint(accountRoutes.accountExplain, ({ params, query }) => {
    const state = front.state();
    const account = findAccount(state, params.name);
    if (!account.ok) return account;
    const operation = parseOperation(query.right);
    if (!operation.ok) return operation;
    const found = query.device === undefined ? ok(null) : findDevice(state, query.device);
    if (!found.ok) return found;
    const device = found.value;
    const object = query.object ?? (device === null ? "*" : objectOfDevice(state, device));
    if (!isArea(object)) return refuse("role.bad-area", object.slice(0, 64));
    const accessPoint = query.access_point ?? "remote";
    const explained = explainAccess(state, {
      account: account.value,
      operation: operation.value,
      accessPoint,
      device,
      object,
      at: front.now(),
    });
    const { map, allowed, offline, reasons } = explained;
    return ok({
      account: account.value.name,
      ...operation.value,
      device: device?.name ?? null,
      object,
      access_point: accessPoint,
      map: { name: map.name, revision: map.revision },
      allowed,
      offline,
      reasons,
    });
  });
}
