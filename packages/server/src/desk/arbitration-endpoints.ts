import { arbitrationRoutes } from "@gridward/core/api/arbitration-routes";
import { ok } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import type { DeskParts } from "./desk-parts.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { checkMain, giveOrder, repeatedAnswer } from "./order.ts";

/** Who decides when a server is silent (HS7). */
export function arbitrationEndpoints({
  front,
  operator,
}: DeskParts): Readonly<Record<keyof typeof arbitrationRoutes, Endpoint>> {
  return {
    pairWitnessAdd: endpoint(arbitrationRoutes.pairWitnessAdd, async ({ query, body }, caller) => {
      const before = repeatedAnswer(front, caller);
      if (before) return ok({ ...before, address: null });
      const onMain = checkMain(front);
      if (!onMain.ok) return onMain;
      if (query.dry_run === true) {
        return ok({ sequence: null, id: null, dry_run: true, address: null });
      }
      const { actor, requestId } = caller;
      const code = new Secret(body.code);
      const order = { code, allowSameHost: body.allow_same_host, actor, requestId };
      const added = await operator.addWitness(order);
      if (!added.ok) return added;
      const { seq, address } = added.value;
      return ok({ sequence: seq, id: null, dry_run: false, address });
    }),
    pairMode: endpoint(arbitrationRoutes.pairMode, async ({ query, body }, { actor }) => {
      const { mode } = body;
      const isTry = query.dry_run === true;
      const done = await operator.setMode({ mode, isTry, actor });
      return done.ok ? ok({ mode, ms: done.value.ms, dry_run: isTry }) : done;
    }),
    pairWitnessRemove: endpoint(arbitrationRoutes.pairWitnessRemove, async ({ query }, caller) =>
      giveOrder(front, { command: { kind: "remove-witness" }, caller, dryRun: query.dry_run }),
    ),
  };
}
