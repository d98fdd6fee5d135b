import { accountRoutes } from "@gridward/core/api/account-routes";
import type { Route } from "@gridward/core/api/route";
import { sessionRoutes } from "@gridward/core/api/session-routes";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { SecurityEventNumber } from "@gridward/core/domain/security-event";

/** Routes whose refusal has a number in the original's list. */
const refusedOrders: ReadonlyMap<Route, SecurityEventNumber> = new Map<Route, SecurityEventNumber>([
  [accountRoutes.accountCreate, 2130],
  [accountRoutes.accountDelete, 2140],
  [accountRoutes.accountSetPassword, 2220],
  [sessionRoutes.changePassword, 2220],
]);

/** The event of an order that was refused to somebody who is signed in; undefined: it is none. */
export function refusedEvent(route: Route, { code }: Refusal): SecurityEventNumber | undefined {
  if (code === "access.denied") return 1460;
  const event = refusedOrders.get(route);
  if (event !== 2220 || !code.startsWith("password.")) return event;
  return code === "password.too-short" ? 2233 : 2235;
}
