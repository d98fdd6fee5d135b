import { type Instant, rfc3339 } from "@gridward/core/base/time";
import { describe, type Description } from "@gridward/core/domain/pair/describe";
import type { PairEvent } from "@gridward/core/domain/pair/event";
import type { Machine, PairState } from "@gridward/core/domain/pair/pair-state";
import { phaseOf } from "@gridward/core/domain/pair/states";
import type { MoveCause } from "@gridward/core/domain/pair/transitions";
import type { Clock } from "@gridward/runtime/os/clock";
import type { EventLog } from "../event-log.ts";
import type { Pair } from "../pair/open-pair.ts";
import { type ConflictParts, conflictWhy } from "../pair/status.ts";
import { namedServers, withNames } from "@gridward/core/domain/server-names";
import type { Basis } from "./basis.ts";
import { whyMoved } from "./move-words.ts";

interface StateWatch {
  /** Told of each event before it is taken. */
  readonly note: (event: PairEvent["kind"]) => void;
  /** Called when anything of the pair may have changed. */
  readonly look: () => void;
  /** When the state got the name that it has. */
  readonly since: () => Instant;
  /** An orderly end; one that is none is seen by the start that follows it. */
  readonly close: () => void;
}

type Watched = Omit<ConflictParts, "at" | "now">;

/** What is looked at of a house. */
export function watched({ identity, known }: Basis, { conductor, wire }: Pair): Watched {
  return {
    pair: conductor.pair,
    state: conductor.state,
    known: known.rows,
    self: { id: identity.node, name: identity.name },
    directions: (id) => wire.directions(id),
  };
}

/** What was told last. */
interface Told {
  /** Everything of which a change is told; texts may count seconds, and are no change. */
  readonly key: string;
  readonly state: string;
  readonly machine: Machine | null;
  readonly ackSet: string;
  readonly unprotected: PairState["unprotected"];
}

const nothing: Told = { key: "", state: "off", machine: null, ackSet: "", unprotected: null };

/**
 * HS19: every change of duty, state, term and ack set, and every time with one copy, goes to the
 * security events, once, with its cause; the names are those of the status.
 */
export function watchState(
  pair: () => Watched,
  told: {
    readonly events: Pick<EventLog, "onState">;
    readonly tell: () => void;
    readonly clock: Clock;
  },
): StateWatch {
  const { events, tell, clock } = told;
  const came = new Set<MoveCause>();
  let seen: Told = nothing;
  let since = clock.now();
  const look = (): void => {
    const now = clock.now();
    const parts = { ...pair(), at: clock.monotonic(), now };
    const said = describe(parts.pair, parts.at, conflictWhy(parts));
    const next = readAll(parts, said);
    const why = whyMoved(seen.machine, parts.pair.machine, seen === nothing ? atStart : came);
    came.clear();
    if (next.key === seen.key) return;
    if (next.state !== seen.state) since = now;
    const before = seen;
    seen = next;
    events.onState(changeOf(before, next, parts.pair), causeOf(before, next, { parts, said, why }));
    tell();
  };
  return {
    note: (event) => void came.add(event),
    look,
    since: () => since,
    close: () => events.onState(`stopped, was ${seen.state}`, "this program was ended in order"),
  };
}

const atStart: ReadonlySet<MoveCause> = new Set<MoveCause>(["start"]);

type Parts = ConflictParts & { readonly now: Instant };

function readAll(parts: Parts, { state, cause, icon }: Description): Told {
  const { machine, control, unprotected } = parts.pair;
  const members = control.ackSet.map((id) => named(parts, id));
  const ackSet = members.toSorted().join(", ");
  const phase = phaseOf(machine);
  const code = cause?.code ?? "";
  const alone = unprotected === null ? "" : String(unprotected.since);
  const key = [state, icon.word, phase, control.term, ackSet, code, alone].join("\n");
  return { key, state, machine, ackSet, unprotected };
}

/** From what to what, as far as it changed; term and ack set always. */
function changeOf(before: Told, { state, ackSet }: Told, { control }: PairState): string {
  const was = before.state === state ? "" : `, was ${before.state}`;
  const hadSet = before === nothing || before.ackSet === ackSet ? "" : `, was ${listed(before)}`;
  return `${state}${was}; term ${control.term}; ack set ${listed({ ackSet })}${hadSet}`;
}

function listed({ ackSet }: Pick<Told, "ackSet">): string {
  return ackSet === "" ? "empty" : ackSet;
}

function causeOf(
  before: Told,
  next: Told,
  {
    parts,
    said,
    why,
  }: { readonly parts: Parts; readonly said: Description; readonly why: string | null },
): string {
  const ended =
    before.unprotected !== null && next.unprotected === null ? before.unprotected : null;
  const over = ended && `Changes had one copy from ${rfc3339(ended.since)} on: ${ended.reason}.`;
  const alone = next.unprotected !== null && said.cause === null ? next.unprotected.reason : null;
  const cause = said.cause && `${said.cause.text} [${said.cause.code}]`;
  return named(parts, [why, alone, over, cause].filter((each) => each !== null).join(". "));
}

function named({ state, known }: Parts, text: string): string {
  return withNames(text, [...namedServers(state), ...known]);
}
