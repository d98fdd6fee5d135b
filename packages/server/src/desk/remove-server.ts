import type * as z from "zod";
import type { serverRoutes } from "@gridward/core/api/server-routes";
import { ok, type Result } from "@gridward/core/base/result";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import type { FrontEndParts } from "../parts.ts";
import type { Caller } from "./caller.ts";
import { serversOf } from "./device-package.ts";
import { giveOrder, repeatedAnswer } from "./order.ts";
import { removalNotes } from "./removal-notes.ts";

interface RemoveOrder {
  readonly query: { readonly dry_run?: boolean | undefined };
  readonly body: { readonly name: string };
}

type Removed = z.output<typeof serverRoutes.pairRemove.answer>;

/** HS14: takes a server out of the system, and tells what becomes of what it holds. */
export function removeServer(
  front: FrontEndParts,
): (order: RemoveOrder, caller: Caller) => Promise<Result<Removed, Refusal>> {
  return async ({ query, body: { name } }, caller) => {
    const before = repeatedAnswer(front, caller);
    if (before) return ok({ ...before, server: name, notes: [] });
    const server = serversOf(front.state()).find((each) => each.name === name);
    if (server === undefined) return refuse("pair.server-not-found", name);
    const notes = removalNotes(front, server);
    const command = { kind: "remove-server", id: server.id } as const;
    const done = await giveOrder(front, { command, caller, dryRun: query.dry_run });
    return done.ok ? ok({ ...done.value, server: name, notes }) : done;
  };
}
