import { localRoutes } from "@gridward/core/api/local-routes";
import type { SecurityView } from "@gridward/core/api/security-routes";
import { securityRoutes } from "@gridward/core/api/security-routes";
import {
  defaultSecurity,
  securityKey,
  securityNames,
  securitySpecs,
  weakenedBy,
} from "@gridward/core/base/security-settings";
import { ok } from "@gridward/core/base/result";
import { second } from "@gridward/core/base/time";
import { readSecurityChange } from "@gridward/core/domain/security-change";
import type { Actor } from "@gridward/core/domain/types";
import type { Caller } from "./caller.ts";
import type { DeskParts } from "./desk-parts.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";

/** Connection Security of this server; see `securityRoutes`. */
export function securityEndpoints(
  parts: DeskParts,
): Readonly<Record<keyof typeof securityRoutes, Endpoint>> {
  return {
    securityShow: endpoint(securityRoutes.securityShow, () => ok(show(parts))),
    securitySet: endpoint(securityRoutes.securitySet, async ({ query, body }, caller) =>
      set(parts, { ...body, dry_run: query.dry_run === true }, caller),
    ),
    securityCheck: endpoint(securityRoutes.securityCheck, async ({ body }) => check(parts, body)),
    securityConfirm: endpoint(securityRoutes.securityConfirm, (_, { actor }) =>
      confirm(parts, actor),
    ),
  };
}

type LocalSecurityRoute =
  | "localSecurityCheck"
  | "localSecurity"
  | "localSecuritySet"
  | "localSecurityConfirm";

/** The same for whoever owns the data directory: a certificate may have shut all others out. */
export function localSecurityEndpoints(
  parts: DeskParts,
): Readonly<Record<LocalSecurityRoute, Endpoint>> {
  return {
    localSecurity: endpoint(localRoutes.localSecurity, () => ok(show(parts))),
    localSecuritySet: endpoint(localRoutes.localSecuritySet, async ({ body }, caller) =>
      set(parts, body, caller),
    ),
    localSecurityCheck: endpoint(localRoutes.localSecurityCheck, async ({ body }) =>
      check(parts, body),
    ),
    localSecurityConfirm: endpoint(localRoutes.localSecurityConfirm, (_, { actor }) =>
      confirm(parts, actor),
    ),
  };
}

function show({ front, security }: DeskParts): SecurityView {
  const now = security.now();
  const weakened = weakenedBy(now);
  return {
    server: front.status().name,
    settings: securityNames.map((name) => ({
      key: securityKey(name),
      value: now[name],
      default: defaultSecurity[name],
      choices: securitySpecs[name].choices,
      weakened: weakened.includes(name),
      means: securitySpecs[name].means,
    })),
    unconfirmed: waiting(security),
  };
}

interface TypedOrder {
  readonly settings: Readonly<Record<string, string>>;
  readonly confirm: boolean;
  readonly dry_run: boolean;
}

async function set(
  { front, security }: DeskParts,
  order: TypedOrder,
  { actor, objection }: Caller,
) {
  const change = readSecurityChange(order.settings);
  if (!change.ok) return change;
  const isTry = order.dry_run;
  const effects = await security.foresee(change.value);
  const trials = isTry ? await security.check(change.value) : [];
  const done = await security.set({
    change: change.value,
    isConfirmed: order.confirm,
    isTry,
    actor,
    objection,
  });
  if (!done.ok) return done;
  return ok({
    server: front.status().name,
    changes: done.value.map(({ name, ...values }) => ({ key: securityKey(name), ...values })),
    effects,
    trials,
    dry_run: isTry,
    unconfirmed: waiting(security),
  });
}

async function check(
  { front, security }: DeskParts,
  { settings }: { readonly settings: Readonly<Record<string, string>> },
) {
  const change = readSecurityChange(settings);
  if (!change.ok) return change;
  return ok({ server: front.status().name, rows: await security.check(change.value) });
}

function confirm({ front, security }: DeskParts, actor: Actor) {
  const done = security.confirm(actor);
  return done.ok ? ok({ server: front.status().name, confirmed: done.value }) : done;
}

function waiting({ unconfirmed }: DeskParts["security"]): SecurityView["unconfirmed"] {
  const found = unconfirmed();
  if (found === null) return null;
  const { change, broken, silent, left } = found;
  const seconds = Math.ceil(left / second);
  const isBroken = broken.length > 0;
  return {
    change,
    broken,
    silent,
    taken_back_in_s: isBroken ? seconds : null,
    kept_in_s: isBroken ? null : seconds,
  };
}
