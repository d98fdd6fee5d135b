import { err, ok, type Result } from "@gridward/core/base/result";
import type { ServerConfig } from "@gridward/core/codec/server-config";
import { checkMode } from "@gridward/core/domain/pair/mode";
import type { OrderEvent } from "@gridward/core/domain/pair/event";
import { checkChangeover } from "@gridward/core/domain/pair/orders";
import type { Refusal } from "@gridward/core/domain/refusal";
import { singleKey } from "@gridward/core/domain/state";
import type { Actor } from "@gridward/core/domain/types";
import type { Clock } from "@gridward/runtime/os/clock";
import { addWitness } from "./arbitration-orders.ts";
import type { EventLog } from "./event-log.ts";
import { foundSystem, ownServerRow } from "./found-system.ts";
import type { KnownServers } from "./known-servers.ts";
import type { FoundDatabase } from "./open-database.ts";
import type { OwnIdentity } from "./own-identity.ts";
import type { FrontEndParts, OperatorParts } from "./parts.ts";
import { makeInvite } from "./pair/invite.ts";
import type { Pair } from "./pair/open-pair.ts";
import { requestJoin } from "./pair/request-join.ts";
import { compareSettings, copySetting } from "./settings-orders.ts";

export interface OrderParts {
  readonly directory: string;
  readonly identity: OwnIdentity;
  readonly config: ServerConfig;
  readonly known: KnownServers;
  readonly database: FoundDatabase;
  readonly pair: Pair;
  readonly front: FrontEndParts;
  readonly clock: Clock;
  readonly stop: AbortSignal;
  readonly onIdentity: () => void;
  readonly events: Pick<EventLog, "onPairOrder">;
}

/** What an operator may order of this server, carried out. */
export function openOrders(parts: OrderParts): OperatorParts {
  const { identity, config, pair, clock, database, onIdentity } = parts;
  const { conductor } = pair;
  return {
    createSystem: (order) => {
      const { store } = database;
      const founded = foundSystem(
        { identity, config, conductor, store, now: () => clock.now() },
        order,
      );
      if (founded.ok) onIdentity();
      return Promise.resolve(founded);
    },
    invite: async (order) =>
      noted(parts, order.actor, `invite ${order.name}`, await invite(parts, order)),
    join: async (code) => join(parts, code),
    compareSettings: async () => compareSettings(parts),
    copySetting: async (order) =>
      noted(
        parts,
        order.actor,
        `copy setting ${order.key} to ${order.to}`,
        await copySetting(parts, order),
      ),
    changeover: async ({ to, actor, because }) => {
      const why = because === undefined ? "" : `, because ${because}`;
      return noted(
        parts,
        actor,
        `changeover to ${to}${why}`,
        await changeover(parts, to, because !== undefined),
      );
    },
    promote: async ({ force, reason, actor }) => {
      const done = await timed(parts, { kind: "order-promote", force });
      noted(parts, actor, `promote${force ? " --force" : ""}, because: ${reason}`, done);
      return done.ok ? ok({ ms: done.value, term: conductor.pair.control.term }) : done;
    },
    setMaintenance: async ({ isOn, actor }) => {
      const done = await timed(parts, { kind: "order-maintenance", isOn });
      return noted(parts, actor, `maintenance ${isOn ? "on" : "off"}`, done.ok ? ok(null) : done);
    },
    setMode: async (order) => setMode(parts, order),
    addWitness: async (order) => {
      const done = await addWitness(parts, order);
      return noted(parts, order.actor, "witness add", done);
    },
  };
}

/** Tells the security events of an order and its outcome, and hands the outcome on. */
function noted<Outcome extends Result<unknown, Refusal>>(
  { events }: OrderParts,
  actor: Actor,
  order: string,
  outcome: Outcome,
): Outcome {
  events.onPairOrder({ actor, order, refusal: outcome.ok ? null : outcome.error });
  return outcome;
}

async function invite(
  { identity, config, front, clock }: OrderParts,
  { name, isPermanent, actor, requestId }: Parameters<OperatorParts["invite"]>[0],
): ReturnType<OperatorParts["invite"]> {
  const { systemKey, authority, pairingKey } = identity;
  if (!systemKey || !authority) return err({ code: "system.blank", detail: "" });
  const made = makeInvite({
    address: config.address,
    port: config.ports.link,
    pairingKey,
    authority,
    systemKey,
    requestId,
    now: clock.now(),
  });
  const { code, secret, expiresAt } = made;
  const kind = isPermanent ? ({ serverKind: "permanent" } as const) : {};
  const command = { kind: "issue-invite", name, ...kind, secret, expiresAt } as const;
  const done = await front.submit({ command, actor, requestId });
  return done.ok ? ok({ code, expiresAt }) : done;
}

async function join(
  { identity, config, known, pair, clock, stop, onIdentity }: OrderParts,
  code: Parameters<OperatorParts["join"]>[0],
): ReturnType<OperatorParts["join"]> {
  const { conductor } = pair;
  if (conductor.pair.control.systemId !== null) {
    return err({ code: "system.exists", detail: conductor.pair.control.systemId });
  }
  const { pairingKey, tlsKey, signerKey } = identity;
  const {
    joinedAt: _,
    pairingKey: __,
    ...server
  } = ownServerRow({ identity, config }, clock.now());
  const joined = await requestJoin(
    code,
    { server, pairingKey, tlsKey, signerKey },
    { clock, stop },
  );
  if (!joined.ok) return joined;
  if (conductor.ledger || conductor.pair.control.systemId !== null) {
    // Meanwhile it was given a system, whose key must not be written over.
    return err({ code: "system.exists", detail: conductor.pair.control.systemId ?? "" });
  }
  const { systemId, systemKey, issued, servers, main } = joined.value;
  known.keep(servers);
  identity.adopt(systemKey, issued);
  onIdentity();
  conductor.restart({ ...conductor.pair.control, systemId });
  pair.wire.setPartners([main]);
  return ok({ systemId });
}

async function setMode(
  parts: OrderParts,
  { mode, isTry, actor }: Parameters<OperatorParts["setMode"]>[0],
): ReturnType<OperatorParts["setMode"]> {
  const { pair, front } = parts;
  const hasWitness = front.state().tables.witness.has(singleKey);
  if (isTry) {
    const denial = checkMode(pair.conductor.pair, mode, hasWitness);
    return denial ? err(denial) : ok({ ms: 0 });
  }
  const done = await timed(parts, { kind: "order-mode", mode, hasWitness });
  return noted(parts, actor, `mode ${mode}`, done.ok ? ok({ ms: done.value }) : done);
}

/**
 * HS6: refused unless both directions of the link pass, tried at this moment. A server that gives
 * its duty away because it is slow completes no handshake in time: it goes by what its link found.
 */
async function changeover(
  parts: OrderParts,
  to: string,
  isOwn: boolean,
): ReturnType<OperatorParts["changeover"]> {
  const { pair, front } = parts;
  const target = [...front.state().tables.servers.values()].find(({ name }) => name === to);
  if (!target) return err({ code: "pair.server-not-found", detail: to });
  const { conductor, dialCheck } = pair;
  const denial = checkChangeover(conductor.pair, target.id, true);
  if (denial) return err(denial);
  const directionsOk = isOwn
    ? dialCheck.areGoodEnough(target.id)
    : await dialCheck.tryBoth(target.id);
  const done = await timed(parts, { kind: "order-changeover", to: target.id, directionsOk });
  return done.ok ? ok({ ms: done.value }) : done;
}

async function timed(
  { pair, clock }: OrderParts,
  event: OrderEvent,
): Promise<Result<number, Refusal>> {
  const startedAt = clock.monotonic();
  const done = await pair.conductor.order(event);
  return done.ok ? ok(Math.round(clock.monotonic() - startedAt)) : done;
}
