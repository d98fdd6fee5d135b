import { serverRoutes } from "@gridward/core/api/server-routes";
import {
  isSecuritySetting,
  namesItsOwn,
  serverSettings,
} from "@gridward/core/codec/server-settings";
import { sealed } from "@gridward/core/base/identity";
import { ok } from "@gridward/core/base/result";
import { minute, rfc3339 } from "@gridward/core/base/time";
import { isProperName } from "@gridward/core/domain/names";
import { refuse } from "@gridward/core/domain/refusal";
import { serversOf } from "./device-package.ts";
import type { ServerSettings } from "../parts.ts";
import type { DeskParts } from "./desk-parts.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { checkMain, giveOrder } from "./order.ts";
import { removeServer } from "./remove-server.ts";

type PairRoute =
  | "pairStatus"
  | "pairInvite"
  | "pairRemove"
  | "pairPartnerSet"
  | "pairSettings"
  | "pairSettingCopy"
  | "pairChangeover"
  | "pairMaintenance"
  | "pairPromote";

/** What an operator orders of the pair; who may is checked by the route, what may by the pair. */
export function pairEndpoints(parts: DeskParts): Readonly<Record<PairRoute, Endpoint>> {
  const { front, operator } = parts;
  return {
    pairStatus: endpoint(serverRoutes.pairStatus, () => ok(front.status())),
    pairInvite: endpoint(serverRoutes.pairInvite, async ({ query, body }, caller) => {
      const { name, permanent: isPermanent = false } = body;
      const kind = isPermanent ? ({ serverKind: "permanent" } as const) : {};
      const onMain = checkMain(front);
      if (!onMain.ok) return onMain;
      if (!isProperName(name)) return refuse("pair.bad-name", name);
      if (serversOf(front.state()).some((server) => server.name === name)) {
        return refuse("pair.name-taken", name);
      }
      if (query.dry_run === true) {
        const place = { secret: sealed(""), expiresAt: front.now() + minute };
        const command = { kind: "issue-invite", name, ...kind, ...place } as const;
        const judged = await giveOrder(front, { command, caller, dryRun: true });
        return judged.ok ? ok({ ...judged.value, code: null, expires_at: null }) : judged;
      }
      const { actor, requestId } = caller;
      const invite = await operator.invite({ name, isPermanent, actor, requestId });
      if (!invite.ok) return invite;
      const { code, expiresAt } = invite.value;
      const expires = rfc3339(expiresAt);
      return ok({ ...made, code: code.reveal(), expires_at: expires });
    }),
    pairRemove: endpoint(serverRoutes.pairRemove, removeServer(front)),
    pairSettings: endpoint(serverRoutes.pairSettings, async () =>
      ok(compareRows(await operator.compareSettings(), front.status().name)),
    ),
    pairSettingCopy: endpoint(serverRoutes.pairSettingCopy, async ({ body }, { actor }) => {
      const copied = await operator.copySetting({ ...body, actor });
      if (!copied.ok) return copied;
      const inForce = isSecuritySetting(body.key) ? "now" : "next start";
      return ok({ ...copied.value, server: body.to, in_force: inForce } as const);
    }),
    pairPartnerSet: endpoint(
      serverRoutes.pairPartnerSet,
      async ({ params, query, body }, caller) => {
        const server = serversOf(front.state()).find(({ name }) => name === params.name);
        if (server === undefined) return refuse("pair.server-not-found", params.name);
        const command = { kind: "set-server-address", id: server.id, ...body } as const;
        return giveOrder(front, { command, caller, dryRun: query.dry_run });
      },
    ),
    pairChangeover: endpoint(serverRoutes.pairChangeover, async ({ body }, { actor }) => {
      const done = await operator.changeover({ to: body.to, actor });
      return done.ok ? ok({ main: body.to, ms: done.value.ms }) : done;
    }),
    pairMaintenance: endpoint(serverRoutes.pairMaintenance, async ({ body }, { actor }) => {
      const done = await operator.setMaintenance({ isOn: body.on, actor });
      return done.ok ? ok({ server: front.status().name, maintenance: body.on }) : done;
    }),
    pairPromote: endpoint(serverRoutes.pairPromote, async ({ body }, { actor }) => {
      const done = await operator.promote({ force: body.force, reason: body.reason, actor });
      return done.ok ? ok({ main: front.status().name, ...done.value }) : done;
    }),
  };
}

const made = { sequence: null, id: null, dry_run: false } as const;

/** One row for each setting, with its value on every server that answered; `here` would copy it. */
function compareRows(told: readonly ServerSettings[], here: string) {
  const rows = Object.entries(serverSettings).map(([key, { copies }]) => {
    const values = told.flatMap(({ server, settings }) => {
      const found = settings?.find((each) => each.key === key);
      return found === undefined ? [] : [{ server, value: found.value }];
    });
    const differs = new Set(values.map(({ value }) => value)).size > 1;
    const isOwn = values.some((row) => row.server === here && namesItsOwn({ key, ...row }));
    return { key, differs, copies: copies && !isOwn, values };
  });
  const servers = told.map(({ server, settings }) => ({ server, answered: settings !== null }));
  return { servers, rows };
}
