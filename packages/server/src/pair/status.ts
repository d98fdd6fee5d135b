import type { NodeId } from "@gridward/core/base/identity";
import { type Instant, type Millis, rfc3339 } from "@gridward/core/base/time";
import { describe, type Description } from "@gridward/core/domain/pair/describe";
import type { Why } from "@gridward/core/domain/pair/describe-standby";
import { checkChangeover, checkPromote } from "@gridward/core/domain/pair/orders";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { PairState, Peer } from "@gridward/core/domain/pair/pair-state";
import { refusalSpec } from "@gridward/core/domain/refusal";
import type {
  Alarm,
  DirectionVerdict,
  PartnerStatus,
  Permission,
  Progress,
  ServerStatus,
} from "@gridward/core/domain/server-status";
import type { DirectoryState } from "@gridward/core/domain/state";
import { isTlsCauseCode, type Sides, tellTlsCause } from "@gridward/core/domain/tls-cause";
import { isComplete, isPermanent } from "@gridward/core/domain/pair/turn";
import { singleKey } from "@gridward/core/domain/state";
import type { ServerKind, ServerRow } from "@gridward/core/domain/types";
import { nextSteps } from "./next-steps.ts";
import { type Direction, isConflict } from "./direction.ts";
import type { Way } from "./partner-wire.ts";
import { type NamedServer, withNames } from "@gridward/core/domain/server-names";

/** What the status is read off. Nothing in it is remembered apart from these. */
export interface StatusParts {
  readonly pair: PairState;
  readonly state: DirectoryState;
  /** Servers that it was told of before it had a database. */
  readonly known: readonly (NamedServer & Partial<Pick<ServerRow, "kind">>)[];
  readonly self: { readonly id: NodeId; readonly name: string };
  readonly version: string;
  readonly pid: number;
  readonly digest: string | null;
  readonly at: Millis;
  readonly now: Instant;
  /** When the state got the name that it has. */
  readonly since: Instant;
  readonly directions: (id: NodeId) => { readonly dial: Direction; readonly accept: Direction };
  readonly dialledOver: (id: NodeId) => { readonly address: string; readonly way: Way } | null;
  readonly security: Readonly<Record<string, string | boolean>>;
  /** Data directory, for the commands that a remedy names. */
  readonly directory: string;
  /** What is wrong apart from the pair. */
  readonly alarms: readonly Alarm[];
  readonly arbitration: ServerStatus["arbitration"];
}

/** What the standing conflict of a link is read off. */
export type ConflictParts = Pick<
  StatusParts,
  "pair" | "state" | "known" | "self" | "directions" | "at" | "now"
>;

/** `server status` as design §10 lays it down. */
export function serverStatus(parts: StatusParts): ServerStatus {
  const { pair, at, now, self } = parts;
  const partners = [...pair.peers].map(([id, peer]) => partnerStatus(parts, id, peer));
  const description = inWords(parts, describe(pair, at, conflictWhy(parts)));
  const { control, head } = pair;
  return {
    system_id: control.systemId,
    node_id: self.id,
    name: self.name,
    version: parts.version,
    pid: parts.pid,
    duty: description.duty,
    kind: kindOf(parts, self.id),
    state: description.state,
    since: rfc3339(parts.since),
    position: { ...head, sequence: head.seq, digest: parts.digest },
    cause: description.cause,
    remedy: description.remedy,
    icon: description.icon,
    promotable: permission(checkPromote(pair, at, false)),
    changeover: changeoverPermission(parts),
    ack_set: ackSetOf(parts).map((id) => nameOf(parts, id)),
    unprotected_since: pair.unprotected === null ? null : rfc3339(pair.unprotected.since),
    arbitration: parts.arbitration,
    progress: progressOf(pair, at, now),
    partners,
    security: parts.security,
    alarms: alarmsOf(parts, description),
  };
}

/** In the words of people: names instead of ids, and the directory of this server. */
function inWords(parts: StatusParts, said: Description): Description {
  const show = (text: string): string =>
    withNames(text, namedIn(parts)).replaceAll("{dir}", parts.directory);
  const isPermanentHere = kindOf(parts, parts.self.id) === "permanent";
  const steps = nextSteps(parts.pair, parts.at, parts.directory, isPermanentHere);
  const remedy = steps ?? said.remedy;
  return {
    ...said,
    cause: said.cause && { ...said.cause, text: show(said.cause.text) },
    remedy: remedy === null ? null : show(remedy),
  };
}

function namedIn({ state, known }: ConflictParts): readonly NamedServer[] {
  return [...state.tables.servers.values(), ...known];
}

function nameOf(parts: ConflictParts, id: NodeId): string {
  return namedIn(parts).find((server) => server.id === id)?.name ?? id;
}

function kindOf({ state, known }: StatusParts, id: NodeId): ServerKind {
  const row = state.tables.servers.get(id) ?? known.find((server) => server.id === id);
  return row?.kind ?? "promotable";
}

/** A Main says what it obeys; of a third server a Standby knows only what the journal says. */
function ackSetOf({ pair, state }: StatusParts): readonly NodeId[] {
  const { control, machine, self } = pair;
  const recorded = state.tables.pair.get(singleKey)?.ackSet;
  if (machine.duty !== "standby" || recorded === undefined) return control.ackSet;
  const isIn = control.ackSet.includes(self);
  return recorded.filter((id) => id !== self || isIn);
}

function permission(denial: Refusal | undefined): Permission {
  if (!denial) return { ok: true, code: null, reason: null };
  return {
    ok: false,
    code: denial.code,
    reason: `${refusalSpec(denial.code).says} (${denial.detail})`,
  };
}

function changeoverPermission(parts: StatusParts): Permission {
  const targets = [...parts.pair.peers.keys()].filter((id) => !isPermanent(parts.pair, id));
  if (targets.length === 0) {
    const reason = "There is no other server that may be Main.";
    return { ok: false, code: "pair.target-not-valid", reason };
  }
  const denials = targets.map((target) =>
    checkChangeover(parts.pair, target, areOk(parts.directions(target))),
  );
  return permission(denials.includes(undefined) ? undefined : denials[0]);
}

function areOk({
  dial,
  accept,
}: {
  readonly dial: Direction;
  readonly accept: Direction;
}): boolean {
  return dial.verdict === "ok" && accept.verdict === "ok";
}

function progressOf(pair: PairState, at: Millis, now: Instant): Progress | null {
  const { machine, head } = pair;
  if (machine.duty !== "standby") return null;
  if (machine.phase === "synchronising") {
    const { bytesDone, bytesTotal, startedAt, lastAt } = machine.progress;
    const rate = at > startedAt ? (bytesDone * 1_000) / (at - startedAt) : 0;
    const left = bytesTotal === null ? null : Math.max(0, bytesTotal - bytesDone);
    return {
      phase: left === 0 ? "verify" : "first pass",
      bytes_done: bytesDone,
      bytes_total: bytesTotal,
      entries_behind: entriesBehind(pair),
      bytes_per_s: Math.round(rate),
      eta_s: left === null || rate === 0 ? null : Math.ceil(left / rate),
      last_progress: rfc3339(now - (at - lastAt)),
    };
  }
  if (machine.phase !== "following" || entriesBehind(pair) === 0) return null;
  return {
    phase: "catch up",
    bytes_done: 0,
    bytes_total: null,
    entries_behind: entriesBehind(pair),
    bytes_per_s: 0,
    eta_s: null,
    last_progress: rfc3339(now - (at - machine.lastAt)),
  };

  function entriesBehind({ control, peers }: PairState): number {
    const main = control.owner === null ? undefined : peers.get(control.owner);
    return Math.max(0, (main?.head?.seq ?? head.seq) - head.seq);
  }
}

function partnerStatus(parts: StatusParts, id: NodeId, peer: Peer): PartnerStatus {
  const { dial, accept } = parts.directions(id);
  const over = parts.dialledOver(id);
  const certificate = dial.verdict === "ok" ? dial : accept;
  return {
    name: nameOf(parts, id),
    kind: kindOf(parts, id),
    address: over?.address ?? null,
    link: over?.way ?? null,
    state: partnerState(parts, id, peer),
    behind: behindOf(parts.pair, peer),
    conflict: conflictOf(parts, id, { dial, accept }),
    dial: verdictOf(dial),
    accept: verdictOf(accept),
    certificate:
      certificate.verdict === "ok" && certificate.fingerprint !== ""
        ? { fingerprint: certificate.fingerprint, not_after: rfc3339(certificate.notAfter) }
        : null,
  };
}

/** As seen from here: what it said of itself last, or that it does not answer. */
function partnerState(
  parts: StatusParts,
  id: NodeId,
  { linkUp, heardAt, duty, incompatible, complete, head }: Peer,
): PartnerStatus["state"] {
  const { pair, at } = parts;
  const isHeard = linkUp && heardAt !== null && at - heardAt <= pair.timers.giveUp;
  if (!isHeard || duty === null) return "unreachable";
  if (incompatible !== null) return "standby-incompatible";
  switch (duty) {
    case "main":
    case "lone":
      return isProtected(parts, id) ? "main-protected" : "main-exposed";
    case "standby":
      return complete && isCounted(pair, id) ? "standby-valid" : "standby-synchronising";
    case "fenced":
      return "fenced";
    case "none":
      // It says no more of itself than its place; one that is blank has none.
      return head === null || head.seq === 0 ? "blank" : "invalid-database";
  }
}

/** A Main knows its set; of another Standby only its own word is known. */
function isCounted(pair: PairState, id: NodeId): boolean {
  return pair.machine.duty !== "main" || pair.control.ackSet.includes(id) || isPermanent(pair, id);
}

/** Our certificate says complete no longer than the Main counts us in; a third may be counted too. */
function isProtected({ pair, state }: StatusParts, main: NodeId): boolean {
  if (isComplete(pair)) return true;
  const recorded = state.tables.pair.get(singleKey)?.ackSet ?? [];
  return recorded.some((id) => id !== main && id !== pair.self);
}

function behindOf({ head, machine }: PairState, peer: Peer): number | null {
  if (peer.head === null || !peer.linkUp) return null;
  const difference = head.seq - peer.head.seq;
  return Math.max(0, machine.duty === "main" ? difference : -difference);
}

function verdictOf(direction: Direction): DirectionVerdict {
  switch (direction.verdict) {
    case "not tried":
      return { verdict: "not tried", cause: null };
    case "ok":
      return { verdict: "ok", cause: null };
    case "refused":
      return { verdict: "refused", cause: direction.cause };
  }
}

function conflictOf(
  parts: ConflictParts,
  id: NodeId,
  directions: { readonly dial: Direction; readonly accept: Direction },
): PartnerStatus["conflict"] {
  for (const direction of ["dial", "accept"] as const) {
    const found = directions[direction];
    if (!isConflict(found)) continue;
    const partner = nameOf(parts, id);
    const [refuser, refused] =
      found.by === "us" ? [parts.self.name, partner] : [partner, parts.self.name];
    return {
      code: found.cause,
      direction,
      refused_by: refuser,
      ours: found.ours,
      theirs: found.theirs,
      remedy: remedyOf(found.cause, { refuser, refused }),
      effect: `${partner} and ${parts.self.name} cannot exchange duties while this stands.`,
      since: rfc3339(parts.now - (parts.at - found.since)),
    };
  }
  return null;
}

function remedyOf(code: string, sides: Sides): string {
  if (isTlsCauseCode(code)) return tellTlsCause(code, sides).remedy;
  return "Look at the certificates of both servers.";
}

/** The conflict that stands between this server and its duty: not every partner's does (HS14). */
export function conflictWhy(parts: ConflictParts): Why | null {
  const { pair } = parts;
  const { owner } = pair.control;
  const isMain = pair.machine.duty === "main";
  const concerns = (id: NodeId): boolean =>
    isMain ? !isPermanent(pair, id) : owner === null || owner === pair.self || id === owner;
  const conflict = [...pair.peers.keys()]
    .filter(concerns)
    .map((id) => conflictOf(parts, id, parts.directions(id)))
    .find((each) => each !== null);
  if (!conflict) return null;
  return {
    code: conflict.code,
    text: `${conflict.refused_by} refuses the link: ${conflict.ours}; ${conflict.theirs}.`,
    remedy: conflict.remedy,
  };
}

/** Every state in which somebody must act is an alarm, with the same words. */
function alarmsOf(parts: StatusParts, { cause, remedy, icon }: Description): readonly Alarm[] {
  if (cause === null || icon.colour === "grey") return parts.alarms;
  const since = rfc3339(parts.since);
  return [{ code: cause.code, since, text: cause.text, remedy: remedy ?? "" }, ...parts.alarms];
}
