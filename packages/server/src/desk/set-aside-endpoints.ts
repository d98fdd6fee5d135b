import { setAsideRoutes } from "@gridward/core/api/set-aside-routes";
import { ok, type Result } from "@gridward/core/base/result";
import { type Refusal, refuse } from "@gridward/core/domain/refusal";
import { findSetAside } from "@gridward/core/domain/set-aside";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { DeskParts } from "./desk-parts.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { giveOrder } from "./order.ts";
import { pageOfRows } from "./page.ts";
import { showSetAside, urgencyOf } from "./show-set-aside.ts";
import type { SetAsideRow } from "@gridward/core/domain/types";

/** HS9: what a server held beyond a fork, and people's judgement on each of it. */
export function setAsideEndpoints({
  front,
}: DeskParts): Readonly<Record<keyof typeof setAsideRoutes, Endpoint>> {
  const find = (id: string) => findRow(front.state(), id);
  return {
    setAsideList: endpoint(setAsideRoutes.setAsideList, ({ query }) => {
      const state = front.state();
      const now = front.now();
      const rows = state.tables.setAside.valueSeq().map((row) => {
        const view = showSetAside(state, row, now);
        return { ...view, name: view.id, urgency: urgencyOf(view) };
      });
      return pageOfRows(rows, { ...query, sort: query.sort ?? "urgency" }, searchedIn);
    }),
    setAsideShow: endpoint(setAsideRoutes.setAsideShow, ({ params }) => {
      const row = find(params.id);
      return row.ok ? ok(showSetAside(front.state(), row.value, front.now())) : row;
    }),
    setAsideReapply: endpoint(
      setAsideRoutes.setAsideReapply,
      async ({ params, query, body }, caller) => {
        const row = find(params.id);
        if (!row.ok) return row;
        const { reason = "" } = body;
        const command = { kind: "reapply-set-aside", id: row.value.id, reason } as const;
        return giveOrder(front, { command, caller, dryRun: query.dry_run });
      },
    ),
    setAsideReject: endpoint(
      setAsideRoutes.setAsideReject,
      async ({ params, query, body }, caller) => {
        const row = find(params.id);
        if (!row.ok) return row;
        const command = {
          kind: "reject-set-aside",
          id: row.value.id,
          reason: body.reason,
        } as const;
        return giveOrder(front, { command, caller, dryRun: query.dry_run });
      },
    ),
  };
}

function searchedIn(row: ReturnType<typeof showSetAside>): string {
  return [row.id, row.server, row.made_by, row.command, ...row.what].join(" ");
}

function findRow(state: DirectoryState, id: string): Result<SetAsideRow, Refusal> {
  const rows = state.tables.setAside;
  const found = rows.get(id) ?? findSetAside(rows.values(), id);
  if (found === undefined) return refuse("tail.not-found", id);
  return found === "several" ? refuse("tail.several", id) : ok(found);
}
