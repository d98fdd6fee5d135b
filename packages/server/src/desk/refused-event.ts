import { accountRoutes } from "@gridward/core/api/account-routes";
import type { Route } from "@gridward/core/api/route";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { SecurityEventNumber } from "@gridward/core/domain/security-event";

/** Routes whose refusal has a number in the original's list; passwords are told where they are judged. */
const refusedOrders: ReadonlyMap<Route, SecurityEventNumber> = new Map<Route, SecurityEventNumber>([
  [accountRoutes.accountCreate, 2130],
  [accountRoutes.accountDelete, 2140],
]);

/** The event of an order that was refused to somebody who is signed in; undefined: it is none. */
export function refusedEvent(route: Route, { code }: Refusal): SecurityEventNumber | undefined {
  return code === "access.denied" ? 1460 : refusedOrders.get(route);
}
