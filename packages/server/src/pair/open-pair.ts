import type { NodeId } from "@gridward/core/base/identity";
import { assert, err, type Result } from "@gridward/core/base/result";
import type { ChangeOrder } from "@gridward/core/domain/command";
import type { SecuritySettings } from "@gridward/core/base/security-settings";
import type { Millis } from "@gridward/core/base/time";
import type { Entry } from "@gridward/core/domain/entry";
import { isHashed } from "@gridward/core/domain/entry-hash";
import { checkAccepts } from "@gridward/core/domain/pair/accepts";
import type { PairEvent, Tail } from "@gridward/core/domain/pair/event";
import { parsePairMessage } from "@gridward/core/domain/pair/parse-message";
import type { Found } from "@gridward/core/domain/pair/found";
import { startPair } from "@gridward/core/domain/pair/start";
import { parseEntry } from "@gridward/core/domain/parse-entry";
import type { Refusal } from "@gridward/core/domain/refusal";
import { singleKey } from "@gridward/core/domain/state";
import type { WitnessRow } from "@gridward/core/domain/types";
import type { LinkOutcome } from "@gridward/runtime/link/peer";
import { nextTry } from "@gridward/runtime/link/next-try";
import { type Clock, runSoon } from "@gridward/runtime/os/clock";
import { sha256 } from "@gridward/runtime/os/hash";
import { freshId, freshRequestId } from "@gridward/runtime/os/random";
import { kindsOf, Ledger } from "../ledger.ts";
import type { PairOrder } from "../event-log.ts";
import type { DatabaseFault, FoundDatabase } from "../open-database.ts";
import type { Receipt } from "../parts.ts";
import type { TailSource } from "../set-aside/tail-folder.ts";
import { Writer } from "../writer.ts";
import type { Conductor, ConductorParts } from "./conductor.ts";
import { CopyFromMain } from "./copy-from-main.ts";
import { DialCheck } from "./dial-check.ts";
import { isFirstPass, sendFirstPass } from "./first-pass.ts";
import { PartnerSettings, type PartnerSettingsParts } from "./partner-settings.ts";
import { type OtherFrame, PartnerWire, type Way } from "./partner-wire.ts";
import type { PassOn } from "./pass-on.ts";
import { openPassOn, submitChange, type SubmitParts, takePassedOn } from "./submit-change.ts";
import { TellingConductor } from "./telling-conductor.ts";
import { WitnessWire } from "./witness-wire.ts";

export interface OpenPairParts {
  readonly self: NodeId;
  readonly name: string;
  readonly found: FoundDatabase;
  readonly clock: Clock;
  readonly random: () => number;
  readonly dial: (partner: NodeId, way: Way) => Promise<LinkOutcome>;
  readonly hasBackup: (partner: NodeId) => boolean;
  /** Under the settings of now, or those that are proposed; to be let go again (CS11). */
  readonly dialInTrial: DialInTrial;
  readonly dialWitness: (witness: WitnessRow, stop: AbortSignal) => Promise<LinkOutcome>;
  /** Bytes a second at most of a first pass that this server sends; 0 is no limit. */
  readonly firstPassRate: number;
  /** Writes what the system's history left behind to its files, fsyncs them, reads them back (R10). */
  readonly setAside: (source: TailSource, tail: Tail) => void;
  /** From when on silence counts, milliseconds. */
  readonly suspectAfter: Millis;
  /** After each commit, with the entries that became visible. */
  readonly onCommitted: (entries: readonly Entry[]) => void;
  /** Before each event. */
  readonly onEvent: (event: PairEvent["kind"]) => void;
  /** After each event: state or condition may have changed. */
  readonly onSettled: () => void;
  /** This server's own, for its partners. */
  readonly settings: Pick<PartnerSettingsParts, "read" | "write">;
  /** Told what a partner ordered here in somebody's name. */
  readonly onOrder: (order: PairOrder) => void;
  /** Frames of conversations that are not the pair's. */
  readonly takeOther: (frame: OtherFrame) => boolean | undefined;
  readonly note: (text: string) => void;
}

type DialInTrial = (
  partner: NodeId,
  token: string,
  settings?: SecuritySettings,
) => Promise<LinkOutcome>;

/** The pair of this server: rules, journal, writer and links, working together. */
export interface Pair {
  readonly conductor: Conductor;
  readonly writer: Writer;
  readonly wire: PartnerWire;
  readonly witness: WitnessWire;
  readonly passOn: PassOn;
  readonly settings: PartnerSettings;
  readonly dialCheck: DialCheck;
  readonly dialInTrial: DialInTrial;
  /** Writes a change on a Main, and passes it on to the Main from a Standby (HS17). */
  readonly submit: (order: ChangeOrder) => Promise<Result<Receipt, Refusal>>;
  /** Dials every server of the system that is not dialled yet. */
  readonly findPartners: () => void;
  readonly tick: () => void;
  readonly close: () => void;
}

/** Entries after which the state is written as a snapshot, so that a start stays quick. */
const snapshotEvery = 20_000;

export function openPair(parts: OpenPairParts): Pair {
  const { found, self, clock } = parts;
  const seen: Seen = { seq: found.opened?.committed.seq ?? 0, snapshot: 0, servers: undefined };
  // A first pass that a crash cut off has left an unfinished generation behind.
  if (found.opened) found.store.keepOnly(found.opened.journal.incarnation);
  const pair: Pair = {
    conductor: openConductor(parts, () => pair, seen),
    get writer() {
      return writer;
    },
    get wire() {
      return wire;
    },
    get witness() {
      return witness;
    },
    get passOn() {
      return passOn;
    },
    get settings() {
      return settings;
    },
    get dialCheck() {
      return dialCheck;
    },
    dialInTrial: parts.dialInTrial,
    submit: async (order) => submitChange(submitting, order),
    findPartners: () => findPartners(pair, seen, self),
    tick: () => {
      pair.conductor.feed({ kind: "tick" });
      const { ledger, state } = pair.conductor;
      witness.follow(state.tables.witness.get(singleKey));
      if (ledger) found.control.noteHighest(ledger.head, clock.monotonic());
      tidy(pair, seen);
    },
    close: () => {
      wire.closeAll("this server stops");
      witness.close();
      const { ledger } = pair.conductor;
      if (!ledger) return;
      found.control.write({ ...found.control.record, highest: ledger.head });
      ledger.saveSnapshot();
      ledger.close();
    },
  };
  const writer = openWriter(pair, clock);
  const wire = openWire(parts, pair);
  const witness = openWitness(parts, pair);
  const passOn = openPassOn(pair, clock);
  const settings = openSettings(parts, pair);
  const dialCheck = openDialCheck(parts, pair);
  const submitting: SubmitParts = {
    duty: () => pair.conductor.pair.machine.duty,
    write: async (order) => writer.submit(order),
    passOn: async (order) => passOn.submit(order),
  };
  return pair;
}

function openDialCheck(parts: OpenPairParts, pair: Pair): DialCheck {
  const { wire } = pair;
  const route: Pair["wire"]["route"] = (to) => wire.route(to);
  const follows = (to: NodeId, since: Millis): boolean => isFollowing(pair, to, since);
  return new DialCheck({ ...parts, wire, route, follows });
}

function isFollowing({ conductor }: Pair, to: NodeId, since: Millis): boolean {
  const { linkUp = false, heardAt = null, acked = null } = conductor.pair.peers.get(to) ?? {};
  return linkUp && acked !== null && heardAt !== null && heardAt > since;
}

type Servers = Conductor["state"]["tables"]["servers"];

/** How far what was committed has been looked at. */
interface Seen {
  seq: number;
  snapshot: number;
  servers: Servers | undefined;
}

function findPartners({ conductor, wire }: Pair, seen: Seen, self: NodeId): void {
  const { servers } = conductor.state.tables;
  if (servers !== seen.servers) followServers(wire, servers, self);
  seen.servers = servers;
}

/** Who was removed is heard no more; a blank server still keeps whom it was told of. */
function followServers(wire: PartnerWire, servers: Servers, self: NodeId): void {
  const others = [...servers.values()].map(({ id }) => id).filter((id) => id !== self);
  if (servers.size > 0) wire.keepOnly(others, "it was removed from the system");
  wire.setPartners(others);
}

/** What can wait for a quiet moment: the commit mark and, now and then, a snapshot. */
function tidy({ conductor }: Pair, seen: Seen): void {
  const { ledger } = conductor;
  if (!ledger || ledger.head.seq !== ledger.committed.seq) return;
  ledger.noteCommitted();
  if (ledger.head.seq - seen.snapshot < snapshotEvery) return;
  seen.snapshot = ledger.head.seq;
  ledger.saveSnapshot();
}

function openConductor(parts: OpenPairParts, pair: () => Pair, seen: Seen): Conductor {
  const { found } = parts;
  const started = startPair(whatWasFound(parts));
  for (const action of started.actions) {
    if (action.kind === "write-control") found.control.write(action.control);
  }
  const ledger = found.opened ? new Ledger(found.opened, sha256) : undefined;
  ledger?.commit(started.state.committed);
  seen.seq = ledger?.committed.seq ?? 0;
  seen.snapshot = seen.seq;
  const { onEvent } = parts;
  const told = { ...conductorParts(parts, pair, seen), onEvent };
  return new TellingConductor(told, started.state, ledger);
}

/** For the rules of the pair: where a server starts from. */
export function whatWasFound({
  found,
  self,
  clock,
  suspectAfter,
}: Pick<OpenPairParts, "found" | "self" | "clock" | "suspectAfter">): Found {
  const { opened, record, isDoubtful, fault } = found;
  const clocks = { at: clock.monotonic(), now: clock.now() };
  const here = { self, control: record, isDoubtful, suspectAfter, ...clocks };
  if (!opened) {
    const text = fault && { code: fault.code, text: faultText(fault) };
    const nothing = { head: record.highest, committed: 0, partners: [], recorded: null };
    const kinds: Found["kinds"] = new Map();
    return { ...here, ...nothing, kinds, fault: text };
  }
  const { tables } = opened.state;
  return {
    ...here,
    head: opened.journal.head(),
    committed: opened.committed.seq,
    partners: [...tables.servers.values()].map(({ id }) => id).filter((id) => id !== self),
    kinds: kindsOf(tables.servers),
    recorded: tables.pair.get(singleKey) ?? null,
    fault: null,
  };
}

function conductorParts(parts: OpenPairParts, pair: () => Pair, seen: Seen): ConductorParts {
  const { found, self, name, clock } = parts;
  return {
    self,
    name,
    clock,
    freshRequestId,
    writeControl: (control) => found.control.write(control),
    openLedger: (opened) => new Ledger(opened, sha256),
    reopen: (incarnation) => {
      const reopened = found.store.open(incarnation);
      assert(reopened.ok, "a journal that was cut opens");
      return reopened.value;
    },
    keepOnly: (incarnation) => found.store.keepOnly(incarnation),
    exportTail: (from, tail) => {
      const { terms } = from.history;
      parts.setAside({ read: (seq, limit) => from.read(seq, limit), terms }, tail);
    },
    send: (to, message) => pair().wire.send(to, message),
    askArbiter: (id, request) => {
      void pair()
        .witness.ask(request)
        .then((answer) => {
          pair().conductor.feed({ kind: "arbiter-answered", id, answer });
        });
    },
    sendFirstPass: async (to, source) =>
      sendFirstPass(source, { ...pair().wire.route(to), rate: parts.firstPassRate, clock }),
    onCommitted: (seq) => {
      pair().writer.confirm(seq);
      const count = Math.max(0, seq - seen.seq);
      parts.onCommitted(pair().conductor.ledger?.read(seen.seq + 1, count) ?? []);
      seen.seq = seq; // Goes back where another history took the place of ours.
      pair().findPartners();
    },
    onAbandoned: () => pair().writer.abandon(),
    soon: runSoon,
    onSettled: () => {
      pair().writer.pump();
      pair().passOn.look();
      parts.onSettled();
    },
  };
}

function faultText({ code, detail }: DatabaseFault): string {
  if (code === "pair.removed") return detail;
  return `The database cannot be used: ${detail.replace(/\.$/, "")}.`;
}

function openSettings(
  { settings, clock, onOrder }: OpenPairParts,
  { conductor, wire }: Pair,
): PartnerSettings {
  return new PartnerSettings({
    state: () => conductor.state,
    ...settings,
    route: (to) => wire.route(to),
    onOrder,
    clock,
  });
}

function openWriter(pair: Pair, clock: Clock): Writer {
  const { conductor } = pair;
  return new Writer({
    closed: () => checkAccepts(conductor.pair),
    prepared: () => {
      assert(conductor.ledger !== undefined, "a Main has a journal");
      return conductor.ledger.prepared;
    },
    committedSeq: () => conductor.pair.committed,
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    soon: runSoon,
    stage: (content) => conductor.stage(content),
    flush: () => conductor.flush(),
  });
}

function openWire(parts: OpenPairParts, pair: Pair): PartnerWire {
  const { clock, found } = parts;
  const { conductor } = pair;
  const passedOn = takePassedOn(pair);
  const copy = new CopyFromMain(conductor, () => found.store.build(freshId()));
  return new PartnerWire({
    run: freshId(),
    dial: parts.dial,
    hasBackup: parts.hasBackup,
    deliver: (event) => conductor.feed(event),
    parse: (json) => parsePairMessage(json, parseProvenEntry),
    isFirstPass,
    takeFirstPass: (frame) => copy.take(frame),
    takeOther: (frame) =>
      passedOn(frame) ??
      pair.settings.take(frame) ??
      pair.dialCheck.take(frame) ??
      parts.takeOther(frame),
    onClosed: (link) => copy.onClosed(link),
    clock,
    backOff: (failures) => nextTry(failures, parts.random()),
    note: parts.note,
  });
}

function openWitness(parts: OpenPairParts, { conductor }: Pair): WitnessWire {
  const { self, clock, note } = parts;
  return new WitnessWire({
    self,
    systemId: () => conductor.pair.control.systemId,
    servers: () => conductor.state.tables.servers,
    remembered: () => conductor.pair.control.arbiterVersion,
    dial: parts.dialWitness,
    clock,
    backOff: (failures) => nextTry(failures, parts.random()),
    note,
  });
}

/** An entry of the partner is what its hash says, or it is not read. */
function parseProvenEntry(json: unknown): Result<Entry, string> {
  const entry = parseEntry(json);
  if (!entry.ok) return entry;
  if (isHashed(entry.value, sha256)) return entry;
  return err("an entry is not what its hash says");
}
