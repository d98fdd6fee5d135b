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
import { refuse } from "@gridward/core/domain/refusal";
import { readSecurityChange } from "@gridward/core/domain/security-change";
import type { Caller } from "./caller.ts";
import type { DeskParts } from "./desk-parts.ts";
import { showUnconfirmed } from "./show-unconfirmed.ts";
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
    securityConfirm: endpoint(securityRoutes.securityConfirm, (_, caller) =>
      confirm(parts, caller),
    ),
    securityTrial: endpoint(securityRoutes.securityTrial, (_, caller) => passTrial(parts, caller)),
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
    localSecurityConfirm: endpoint(localRoutes.localSecurityConfirm, (_, caller) =>
      confirm(parts, caller),
    ),
  };
}

function show(parts: DeskParts): SecurityView {
  const { front, security } = parts;
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
    unconfirmed: showUnconfirmed(parts),
  };
}

interface TypedOrder {
  readonly settings: Readonly<Record<string, string>>;
  readonly confirm: boolean;
  readonly dry_run: boolean;
}

async function set(parts: DeskParts, order: TypedOrder, { actor, objection, begunUnder }: Caller) {
  const { front, security } = parts;
  const change = readSecurityChange(order.settings);
  if (!change.ok) return change;
  const isTry = order.dry_run;
  const mustProve = begunUnder !== null;
  const reasons = security.reasonsToProve({ change: change.value, mustProve });
  const effects = await security.foresee(change.value);
  const trials = isTry ? await security.check(change.value) : [];
  const done = await security.set({
    change: change.value,
    isConfirmed: order.confirm,
    isTry,
    actor,
    objection,
    mustProve,
  });
  if (!done.ok) return done;
  return ok({
    server: front.status().name,
    sign_in: reasons,
    changes: done.value.map(({ name, ...values }) => ({ key: securityKey(name), ...values })),
    effects,
    trials,
    dry_run: isTry,
    unconfirmed: showUnconfirmed(parts),
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

/** What waits for a sign-in, and then what waits for a link. */
function confirm(parts: DeskParts, caller: Caller) {
  const { front, security } = parts;
  const tried = proveIn(parts, caller);
  if (!tried.ok) return tried;
  const done = security.confirm(caller.actor);
  if (!done.ok && tried.value === null) return done;
  const confirmed = done.ok ? done.value : (tried.value ?? "");
  return ok({ server: front.status().name, confirmed });
}

/** CS17: the trial alone; a link that it broke has its own say. */
function passTrial(parts: DeskParts, caller: Caller) {
  const passed = proveIn(parts, caller);
  if (!passed.ok) return passed;
  if (passed.value === null) return refuse("security.nothing-to-confirm", "");
  const server = parts.front.status().name;
  return ok({ server, confirmed: passed.value, unconfirmed: showUnconfirmed(parts) });
}

/** Whoever owns the data directory needs no port to come in, and so no proof. */
function proveIn({ security: { trial } }: DeskParts, { session, begunUnder, actor }: Caller) {
  if (begunUnder === null) return trial.keep(actor, "by order on the server itself");
  return trial.pass({ session: session?.id ?? "", begunUnder }, actor);
}
