import { join } from "node:path";
import { ok, type Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { DirectoryState } from "@gridward/core/domain/state";
import { SecurityEventStore } from "@gridward/runtime/observe/security-events";
import { createPasswordHasher, type PasswordHasher } from "@gridward/runtime/os/argon2";
import { type Clock, runSoon } from "@gridward/runtime/os/clock";
import { descriptorLimit } from "@gridward/runtime/os/descriptors";
import { Approvals } from "./approvals/approvals.ts";
import { isSettled } from "./approvals/is-settled.ts";
import type { Backups } from "./backup/open-backups.ts";
import { startBackups } from "./backup/start-backups.ts";
import { CertificateKeeper } from "./ca/keep-certificates.ts";
import { CrlKeeper } from "./ca/keep-crl.ts";
import { SeenRenewals } from "./ca/seen-renewals.ts";
import { EventLog } from "./event-log.ts";
import { Doors } from "./health/doors.ts";
import { timeWrites } from "./health/timed-journal.ts";
import { tickMs, watchPace } from "./health/watch-pace.ts";
import type { Basis, HouseOrder } from "./house/basis.ts";
import { openCounts } from "./house/counts.ts";
import { frontEnd } from "./house/front-end.ts";
import { openFreshness } from "./house/open-freshness.ts";
import { openUpload } from "./house/open-upload.ts";
import { startPair } from "./house/start-pair.ts";
import { watchRemoval } from "./house/watch-removal.ts";
import { watched, watchState } from "./house/watch-state.ts";
import { KnownServers } from "./known-servers.ts";
import { LegacyPeers } from "./legacy/legacy-peers.ts";
import { openDatabase } from "./open-database.ts";
import { openOrders } from "./orders.ts";
import { OwnIdentity } from "./own-identity.ts";
import type { FrontEndParts, OperatorParts } from "./parts.ts";
import type { Pair } from "./pair/open-pair.ts";
import { openSecurity, type Security } from "./security/open-security.ts";
import { createSessions, type Sessions } from "./session.ts";

/** Everything a server is made of, before it listens anywhere. */
export interface House {
  readonly identity: OwnIdentity;
  readonly known: KnownServers;
  readonly pair: Pair;
  readonly front: FrontEndParts;
  readonly operator: OperatorParts;
  readonly sessions: Sessions;
  readonly hasher: PasswordHasher;
  readonly events: EventLog;
  readonly backups: Backups;
  readonly security: Security;
  readonly legacy: LegacyPeers;
  readonly approvals: Approvals;
  readonly renewals: SeenRenewals;
  readonly doors: Doors;
  readonly clock: Clock;
  /** Told after commits and changes of condition. */
  readonly listeners: Set<() => void>;
  readonly close: () => void;
}

/** The composition root: the one place that knows every part and gives each what it needs. */
export function buildHouse(order: HouseOrder): Result<House, Refusal> {
  const { directory, clock, found } = order;
  const identity = new OwnIdentity(directory, found, clock);
  const database = openDatabase(directory, identity.node);
  if (!database.ok) return database;
  const counts = openCounts(directory);
  const events = openEvents(order, identity.name, () => pair.conductor.state);
  const known = new KnownServers(directory);
  const listeners = new Set([
    () => known.follow(pair.conductor.state.tables.servers),
    () => security.connections.follow(pair.conductor.state),
  ]);
  const tell = (): void => tellAll(listeners);
  const security = openSecurity({ ...order, identity, events, pair: () => pair });
  const slow = watchPace(order, { identity, events, pair: () => pair, operator: () => operator });
  const timed = timeWrites(database.value, clock, slow);
  const { legacy, approvals } = openPeers(order, { identity, events, pair: () => pair });
  const basis = { ...order, identity, known, security, legacy, approvals, database: timed };
  const freshness = openFreshness(basis);
  const watch = watchState(() => watched(basis, pair), { events, tell, clock });
  const leaving = watchRemoval(basis, () => pair);
  const pair = startPair(basis, {
    onCommitted: (entries) => {
      counts.heed(entries);
      events.onEntries(entries);
      leaving.look();
      tell();
    },
    onEvent: watch.note,
    onSettled: watch.look,
    onOrder: (told) => events.onPairOrder(told),
    takeOther: (frame) => slow.take(frame) ?? leaving.take(frame),
  });
  const tools = { ...openTools(basis, pair, events), counts, slow, freshness };
  const front = frontEnd(basis, pair, { ...tools, since: watch.since });
  const certified = { ...basis, front };
  const keepers = [new CrlKeeper(certified), new CertificateKeeper(certified)];
  const ended = new AbortController();
  const operator = openOrders({ ...basis, pair, front, config: found.config, events });
  const look = { tick: () => freshness.look(front.condition()) };
  void keepTicking([pair, slow, security, ...keepers, look, order], clock, ended.signal);
  void tools.upload.keepOn(ended.signal);
  return ok({
    ...tools,
    identity,
    known,
    pair,
    front,
    operator,
    sessions: openSessions(basis, front),
    security,
    legacy,
    approvals,
    renewals: new SeenRenewals(certified),
    clock,
    listeners,
    close: () => closeAll([watch, pair, counts, events, legacy, approvals], ended),
  });
}

function tellAll(listeners: Iterable<() => void>): void {
  for (const listener of listeners) listener();
}

/** Who is let in although no certificate of ours says so. */
function openPeers(
  order: HouseOrder,
  of: { readonly identity: OwnIdentity; readonly events: EventLog; readonly pair: () => Pair },
) {
  const settings = () => of.identity.settings.now;
  const state = () => of.pair().conductor.state;
  return {
    legacy: new LegacyPeers({ ...order, settings, state }),
    approvals: new Approvals({
      ...order,
      isSettled: (peer) => isSettled(state(), peer, order.clock.now()),
      onRejected: (use) => of.events.onSecurity(use),
    }),
  };
}

function closeAll(parts: readonly { readonly close: () => void }[], ended: AbortController): void {
  ended.abort();
  for (const part of parts) part.close();
}

/** What stands by itself beside the pair. */
function openTools(basis: Basis, pair: Pair, events: EventLog) {
  const { config } = basis.found;
  const { conductor } = pair;
  return {
    events,
    hasher: createPasswordHasher(),
    backups: startBackups({ ...basis, config: config.backup, conductor, events }),
    upload: openUpload(basis, pair),
    doors: new Doors(descriptorLimit(), basis.clock),
  };
}

function openEvents(
  { directory, clock }: HouseOrder,
  server: string,
  state: () => DirectoryState,
): EventLog {
  const now = (): Instant => clock.now();
  const store = new SecurityEventStore(join(directory, "events.db"), now());
  return new EventLog(store, { server, now, soon: runSoon, state });
}

async function keepTicking(
  parts: readonly { readonly tick: () => void }[],
  clock: Clock,
  ended: AbortSignal,
): Promise<void> {
  while (!ended.aborted) {
    for (const part of parts) part.tick();
    await clock.sleep(tickMs, ended);
  }
}

function openSessions({ identity, clock }: Basis, { state }: FrontEndParts): Sessions {
  return createSessions({ key: () => identity.systemKey, state, now: () => clock.now() });
}
