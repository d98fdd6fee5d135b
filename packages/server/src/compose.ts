import { join } from "node:path";
import { ok, type Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import { version } from "@gridward/core/base/version";
import type { Entry } from "@gridward/core/domain/entry";
import { countersResetBy } from "@gridward/core/domain/lock-out";
import { describe } from "@gridward/core/domain/pair/describe";
import type { Tail } from "@gridward/core/domain/pair/event";
import type { PairState } from "@gridward/core/domain/pair/pair-state";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { Alarm } from "@gridward/core/domain/server-status";
import type { DirectoryState } from "@gridward/core/domain/state";
import { FailureCounters } from "@gridward/runtime/observe/failure-counters";
import { SecurityEventStore } from "@gridward/runtime/observe/security-events";
import { createPasswordHasher, type PasswordHasher } from "@gridward/runtime/os/argon2";
import { type Clock, runSoon } from "@gridward/runtime/os/clock";
import { descriptorLimit } from "@gridward/runtime/os/descriptors";
import { machineUptime } from "@gridward/runtime/os/uptime";
import { randomFraction } from "@gridward/runtime/os/random";
import type { ServerIdentity } from "@gridward/runtime/trust/server-directory";
import type { Backups } from "./backup/open-backups.ts";
import { startBackups } from "./backup/start-backups.ts";
import { CrlKeeper } from "./ca/keep-crl.ts";
import { serverCondition } from "./condition.ts";
import { EventLog, type PairOrder } from "./event-log.ts";
import { Freshness } from "./freshness.ts";
import { Doors } from "./health/doors.ts";
import type { SlowWatch } from "./health/slow-watch.ts";
import { timeWrites } from "./health/timed-journal.ts";
import { tickMs, watchPace } from "./health/watch-pace.ts";
import { KnownServers } from "./known-servers.ts";
import { dialPartner, hasBackupAddress, dialWitness } from "./link-port.ts";
import { type FoundDatabase, openDatabase } from "./open-database.ts";
import { openOrders } from "./orders.ts";
import { readSettings } from "./own-settings.ts";
import { OwnIdentity } from "./own-identity.ts";
import type { FrontEndParts, OperatorParts } from "./parts.ts";
import { arbitrationStatus, openWitnessAlarms } from "./pair/arbitration.ts";
import { type Leaving, openLeaving } from "./pair/leaving.ts";
import { openPair, type Pair } from "./pair/open-pair.ts";
import type { OtherFrame } from "./pair/partner-wire.ts";
import { withNames } from "./pair/server-names.ts";
import { serverStatus } from "./pair/status.ts";
import { openSecurity, type Security } from "./security/open-security.ts";
import { openSetAsideAlarm } from "./set-aside/alarm.ts";
import { setTailAside, type TailSource } from "./set-aside/tail-folder.ts";
import { Upload } from "./set-aside/upload.ts";
import { submitLock } from "./submit-lock.ts";
import { createSessions, type Sessions } from "./session.ts";
import { openSignIn } from "./sign-in.ts";

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
  readonly doors: Doors;
  readonly clock: Clock;
  /** Told after commits and changes of condition. */
  readonly listeners: Set<() => void>;
  readonly close: () => void;
}

export interface HouseOrder {
  readonly directory: string;
  readonly found: ServerIdentity;
  readonly clock: Clock;
  readonly pid: number;
  readonly note: (text: string) => void;
  readonly stop: AbortSignal;
  /** Called from the main loop, when the ticks of all parts came to their end. */
  readonly tick: () => void;
  /** Called when certificate or security settings changed: every port shows it from then on. */
  readonly onIdentity: () => void;
}

/** The composition root: the one place that knows every part and gives each what it needs. */
export function buildHouse(order: HouseOrder): Result<House, Refusal> {
  const { directory, clock, found } = order;
  const identity = new OwnIdentity(directory, found, clock);
  const database = openDatabase(directory, identity.node);
  if (!database.ok) return database;
  const counters = new FailureCounters(join(directory, "failures.db"));
  const events = openEvents(order, identity.name);
  const known = new KnownServers(directory);
  const listeners = new Set([() => known.follow(pair.conductor.state.tables.servers)]);
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const security = openSecurity({ ...order, identity, events, pair: () => pair });
  const slow = watchPace(order, { identity, events, pair: () => pair, operator: () => operator });
  const timed = timeWrites(database.value, clock, slow);
  const basis = { ...order, identity, known, security, database: timed };
  const freshness = openFreshness(basis);
  const watch = watchState(() => pair, { events, tell, clock });
  const leaving = watchRemoval(basis, () => pair);
  const pair = startPair(basis, {
    onCommitted: (entries) => {
      heed(entries, { counters, events });
      leaving.look();
      tell();
    },
    onSettled: watch.look,
    onOrder: (told) => events.onPairOrder(told),
    takeOther: (frame) => slow.take(frame) ?? leaving.take(frame),
  });
  const backups = openBackups(basis, pair, events);
  const upload = openUpload(basis, pair);
  const doors = new Doors(descriptorLimit(), clock);
  const hasher = createPasswordHasher();
  const tools = { events, counters, hasher, backups, upload, slow, doors, freshness };
  const front = frontEnd(basis, pair, { ...tools, since: watch.since });
  const crl = new CrlKeeper({ ...basis, front });
  const look = { tick: () => freshness.look(front.condition()) };
  const ended = new AbortController();
  const operator = openOrders({ ...basis, pair, front, config: found.config, events });
  void keepTicking([pair, slow, security, crl, look, order], clock, ended.signal);
  void upload.keepOn(ended.signal);
  return ok({
    identity,
    known,
    pair,
    front,
    operator,
    sessions: openSessions(basis, front),
    hasher,
    events,
    backups,
    security,
    doors,
    clock,
    listeners,
    close: () => closeAll([pair, counters, events], ended),
  });
}

function closeAll(parts: readonly { readonly close: () => void }[], ended: AbortController): void {
  ended.abort();
  for (const part of parts) part.close();
}

function openBackups(basis: Basis, { conductor }: Pair, events: EventLog): Backups {
  return startBackups({ ...basis, config: basis.found.config.backup, conductor, events });
}

function watchRemoval({ directory, identity }: Basis, pair: () => Pair): Leaving {
  return openLeaving({
    directory,
    self: identity.node,
    state: () => pair().conductor.state,
    feed: (event) => pair().conductor.feed(event),
    close: (all, reason) => pair().wire.keepOnly(all, reason),
  });
}

/** What this server keeps beside the journal follows it. */
function heed(
  entries: readonly Entry[],
  { counters, events }: { readonly counters: FailureCounters; readonly events: EventLog },
): void {
  for (const account of countersResetBy(entries.flatMap(({ facts }) => facts))) {
    counters.drop(account);
  }
  events.onEntries(entries);
}

/** The age of the accounts goes with every record that is written. */
function openFreshness({ database, clock }: Basis): Freshness {
  const { control } = database;
  const freshness = new Freshness({
    clock,
    uptime: machineUptime,
    kept: control.record.age,
    keep: () => control.write(control.record),
  });
  control.carryAge(() => freshness.mark());
  return freshness;
}

function openEvents({ directory, clock }: HouseOrder, server: string): EventLog {
  const now = (): Instant => clock.now();
  const store = new SecurityEventStore(join(directory, "events.db"), now());
  return new EventLog(store, { server, now, soon: runSoon });
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

interface Basis extends HouseOrder {
  readonly identity: OwnIdentity;
  readonly known: KnownServers;
  readonly security: Security;
  readonly database: FoundDatabase;
}

function startPair(
  basis: Basis,
  told: {
    readonly onCommitted: (entries: readonly Entry[]) => void;
    readonly onSettled: () => void;
    readonly onOrder: (order: PairOrder) => void;
    readonly takeOther: (frame: OtherFrame) => boolean | undefined;
  },
): Pair {
  const { identity, known, clock, stop } = basis;
  const link = {
    identity,
    state: () => pair.conductor.state,
    known: () => known.rows,
    clock,
    stop,
  };
  const pair: Pair = openPair({
    self: identity.node,
    name: identity.name,
    found: basis.database,
    clock,
    random: randomFraction,
    dial: async (node, way) => dialPartner(link, node, way),
    hasBackup: (node) => hasBackupAddress(link, node),
    dialWitness: async (row, ended) => dialWitness({ ...link, stop: ended }, row),
    firstPassRate: basis.found.config.pair.first_pass_rate,
    suspectAfter: basis.found.config.pair.suspect_after_ms,
    note: (text) => basis.note(withNames(text, known.rows)),
    settings: {
      read: () => readSettings(basis.directory),
      write: basis.security.write,
    },
    setAside: (source, tail) => setAside(basis, pair.conductor.pair, source, tail),
    ...told,
  });
  return pair;
}

function setAside(
  { directory, identity, clock }: Basis,
  { control }: PairState,
  source: TailSource,
  tail: Tail,
): void {
  const { node, name, pairingKey } = identity;
  const author = { system: control.systemId ?? "", node, name, pairingKey, at: clock.now() };
  setTailAside(directory, source, tail, author);
}

/** HS9: from now on what this server sets aside is brought into the system. */
function openUpload({ directory, identity, clock, note }: Basis, pair: Pair): Upload {
  return new Upload({
    directory,
    self: { id: identity.node, name: identity.name },
    state: () => pair.conductor.state,
    isInHistory: () => {
      const { machine } = pair.conductor.pair;
      return "phase" in machine && ["serving", "following"].includes(machine.phase);
    },
    submit: async (order) => pair.submit(order),
    clock,
    note,
  });
}

interface StateWatch {
  /** Called when anything of the pair may have changed. */
  readonly look: () => void;
  /** When the state got the name that it has. */
  readonly since: () => Instant;
}

/** HS19: every change of state goes to the security events, once, with its cause. */
function watchState(
  pair: () => Pair,
  told: { readonly events: EventLog; readonly tell: () => void; readonly clock: Clock },
): StateWatch {
  const { events, tell, clock } = told;
  const seen = { text: "", state: "", since: clock.now() };
  return {
    since: () => seen.since,
    look: () => {
      const { machine, control, unprotected } = pair().conductor.pair;
      const { state } = describe(pair().conductor.pair, clock.monotonic(), null);
      if (state !== seen.state) Object.assign(seen, { state, since: clock.now() });
      const phase = "phase" in machine ? machine.phase : "";
      const { term, ackSet } = control;
      const text = `${machine.duty} ${phase} of term ${term}, ack set of ${ackSet.length}`;
      if (text === seen.text) return;
      seen.text = text;
      const { servers } = pair().conductor.state.tables;
      events.onState(text, withNames(unprotected?.reason ?? "", servers.values()));
      tell();
    },
  };
}

interface FrontTools {
  readonly events: EventLog;
  readonly counters: FailureCounters;
  readonly hasher: PasswordHasher;
  readonly backups: Backups;
  readonly upload: Upload;
  readonly slow: SlowWatch;
  readonly doors: Doors;
  readonly freshness: Freshness;
  readonly since: () => Instant;
}

function frontEnd(basis: Basis, pair: Pair, tools: FrontTools): FrontEndParts {
  const { identity, clock } = basis;
  const { conductor, submit, wire } = pair;
  const state = (): DirectoryState => conductor.state;
  const condition = () =>
    tools.freshness.aged(serverCondition(conductor.pair, clock.monotonic(), clock.now()));
  const alarms = openAlarms(pair, clock, { ...tools, security: basis.security });
  return {
    state,
    condition,
    submit,
    now: () => clock.now(),
    status: () =>
      serverStatus({
        pair: conductor.pair,
        state: conductor.state,
        known: basis.known.rows,
        self: { id: identity.node, name: identity.name },
        version,
        pid: basis.pid,
        directory: basis.directory,
        digest: conductor.ledger?.digest ?? null,
        at: clock.monotonic(),
        now: clock.now(),
        since: tools.since(),
        directions: (id) => wire.directions(id),
        dialledOver: (id) => wire.dialledOver(id),
        arbitration: arbitrationStatus(conductor.pair.control.mode, pair.witness.view),
        alarms: alarms(),
        security: basis.security.status(),
      }),
    signIn: openSignIn({
      state,
      condition,
      hasher: tools.hasher,
      systemKey: () => identity.systemKey,
      counters: tools.counters,
      record: (event, attempt) => tools.events.onSignIn(event, attempt),
      lock: (command) => void submitLock({ ...basis, submit }, command),
    }),
  };
}

type AlarmParts = Omit<FrontTools, "since"> & Pick<Basis, "security">;

/** Everything that is wrong apart from the pair's own state. */
function openAlarms(
  { conductor, witness }: Pair,
  clock: Clock,
  { slow, doors, freshness, security, upload, backups }: AlarmParts,
): () => readonly Alarm[] {
  const setAsideAlarms = openSetAsideAlarm();
  const witnessAlarms = openWitnessAlarms();
  return () => {
    const [at, now] = [clock.monotonic(), clock.now()];
    const { mode } = conductor.pair.control;
    return [
      ...security.alarms(),
      ...setAsideAlarms(conductor.state, now),
      ...slow.alarms(),
      ...doors.alarms(),
      ...freshness.alarms(),
      ...upload.alarms,
      ...backups.alarms(),
      ...witnessAlarms(witness.view, { mode, at, now }),
    ];
  };
}
