import { type ArbitrationMode, arbitrationModes } from "@gridward/core/domain/arbitration-mode";
import type { ServerKind } from "@gridward/core/domain/types";
import type { NetworkFaults } from "./network.ts";
import type { Random } from "./random.ts";

/** Fault rates of one run, drawn from its seed: each run is hostile in its own way (swarm). */
export interface Faults extends NetworkFaults {
  /** How long the trouble lasts, milliseconds. */
  readonly troubleMs: number;
  readonly crashEvery: number;
  /** Share of crashes that come between two durable acts. */
  readonly fuseShare: number;
  /** A Main is lost for longer than its Standby waits. */
  readonly outageEvery: number;
  readonly freezeEvery: number;
  /** The disk of a journal is full for some seconds. */
  readonly fullEvery: number;
  readonly orderEvery: number;
  readonly forceShare: number;
  readonly submitEvery: number;
  /** Share of answers that a client does not get; it asks again, often at the other server. */
  readonly lostAnswers: number;
  /** Share of starts of an unfinished Standby with one bit of its state turned. */
  readonly corruptStarts: number;
  /** Share of crashes after which the journal cannot be read, of one server in a run. */
  readonly brokenDisks: number;
  /** Share of first passes with one row damaged on the way. */
  readonly damagedPasses: number;
  /** Messages travel as text and are parsed, as on the real link. */
  readonly isParsed: boolean;
  readonly mode: ArbitrationMode;
  /** Share of the operator's orders that switch the mode. */
  readonly switchShare: number;
  /** Share of the operator's orders that take a server out for maintenance. */
  readonly maintenanceShare: number;
  /** The witness is stopped, or a server is cut from it, so often. */
  readonly witnessEvery: number;
  /** Share of its stops that lose what it remembered. */
  readonly amnesia: number;
  /** Share of questions to the witness that arrive late, and of its answers that are lost. */
  readonly lateQuestions: number;
  readonly lostVerdicts: number;
  readonly beginning: Beginning;
  /** The Main is lost in the first pass, and somebody forces the half-made Standby. */
  readonly isInterrupted: boolean;
  readonly stranger: "none" | "main" | "blank";
  readonly devices: number;
  /** A third server of our system: one that may be promoted, or a permanent Standby (HS14). */
  readonly third: ServerKind | null;
}

/** "fresh": a Main and a blank server; "orphans": two Standbys whose Main is lost for ever. */
export type Beginning = "fresh" | "orphans";

export function drawFaults(random: Random): Faults {
  const sometimes = (low: number, high: number): number =>
    random.chance(0.3) ? 0 : random.between(low, high);
  const seldom = (share: number, value: number): number => (random.chance(share) ? value : 0);
  const faults = {
    troubleMs: random.between(12_000, 36_000),
    cutEvery: sometimes(3_000, 30_000),
    cutLasts: random.between(500, 10_000),
    oneWay: seldom(0.5, 0.3),
    delay: random.chance(0.5) ? 3 : random.between(5, 800),
    noticeAfter: random.between(200, 8_000),
    lag: seldom(0.3, random.between(1, 1_000)),
    crashEvery: sometimes(3_000, 30_000),
    fuseShare: random.next(),
    outageEvery: seldom(0.5, random.between(6_000, 20_000)),
    freezeEvery: sometimes(4_000, 30_000),
    fullEvery: seldom(0.25, random.between(4_000, 20_000)),
    orderEvery: sometimes(2_000, 20_000),
    forceShare: seldom(0.5, 0.3),
    submitEvery: random.between(400, 5_000),
    lostAnswers: seldom(0.5, 0.2),
    corruptStarts: seldom(0.1, 0.5),
    brokenDisks: seldom(0.1, 0.3),
    damagedPasses: seldom(0.1, 0.5),
    isParsed: random.chance(0.25),
    mode: arbitrationModes[random.below(arbitrationModes.length)] ?? "manual",
    switchShare: seldom(0.3, 0.4),
    maintenanceShare: seldom(0.3, 0.3),
    witnessEvery: sometimes(3_000, 30_000),
    amnesia: seldom(0.3, 0.3),
    lateQuestions: seldom(0.5, 0.2),
    lostVerdicts: seldom(0.5, 0.2),
    beginning: random.chance(0.06) ? "orphans" : "fresh",
    isInterrupted: random.chance(0.1),
    stranger: drawStranger(random),
    devices: random.below(4),
  } as const;
  return { ...faults, third: drawThird(random, faults) };
}

/** In pair mode exactly two may be promoted; orphans are two. */
function drawThird(
  random: Random,
  { mode, beginning }: Pick<Faults, "mode" | "beginning">,
): ServerKind | null {
  const draw = random.below(6);
  if (beginning === "orphans" || draw > 1) return null;
  return draw === 0 && mode !== "pair" ? "promotable" : "permanent";
}

function drawStranger(random: Random): Faults["stranger"] {
  if (random.chance(0.9)) return "none";
  return random.chance(0.5) ? "main" : "blank";
}
