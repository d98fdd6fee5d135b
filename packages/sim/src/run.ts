import type { Millis } from "@gridward/core/base/time";
import { isCertified, isComplete, isPermanent } from "@gridward/core/domain/pair/turn";
import type { PairState } from "@gridward/core/domain/pair/pair-state";
import type { SimServer } from "./sim-server.ts";
import type { Violation } from "./violation.ts";
import { World } from "./world.ts";

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly acknowledged: number;
  readonly takeovers: number;
  /** Ways that the pair's machines went: "from > to". */
  readonly moves: readonly string[];
}

/** After the trouble a system is well within this time (I31). */
const healMs = 60_000;
const lookEvery = 1_500;

/** One run of one seed. Deterministic: the same seed gives the same run. */
export async function run(seed: number): Promise<Outcome> {
  const world = new World(seed);
  const { watcher } = world;
  world.begin();
  await advance(world, world.faults.troubleMs);
  world.calm();
  const before = watcher.acknowledged.size;
  const until = world.now + healMs;
  const isWell = (): boolean =>
    watcher.acknowledged.size > before && findComplaint(world) === undefined;
  while (watcher.violations.length === 0 && world.now < until && !isWell()) {
    await advance(world, world.now + lookEvery);
  }
  if (watcher.violations.length === 0) judge(world, isWell());
  return {
    seed,
    violations: watcher.violations,
    acknowledged: watcher.acknowledged.size,
    takeovers: watcher.taken.filter(({ term }) => term > 1).length, // The first is the founding.
    moves: [...watcher.moves],
  };
}

/** Answers travel as promises: they are let through after each piece of work. */
async function advance(world: World, until: number): Promise<void> {
  while (world.schedule.step(until)) {
    if (world.watcher.violations.length > 0) return;
    await Promise.resolve();
  }
}

function judge(world: World, isWell: boolean): void {
  const { watcher, pair } = world;
  const states = pair.map(({ id, process }) => `${id}: ${brief(process?.conductor.pair)}`);
  if (!isWell) {
    const complaint = findComplaint(world) ?? "no change was acknowledged";
    return watcher.fail("I31", `after healing, ${complaint}: ${states.join(", ")}`);
  }
  const main = world.main();
  if (main) watcher.checkEnd(main);
  watcher.checkAllEqual(pair);
}

/** I31: one Main, valid Standbys that hold all, devices at head. */
function findComplaint(world: World): string | undefined {
  const main = world.main();
  const ours = main?.process?.conductor.pair;
  if (!main?.process || !ours) return "none is Main";
  for (const { process, id } of world.others(main.id)) {
    const theirs = process?.conductor.pair;
    if (!theirs) return `${id} does not run`;
    const complaint = findPairComplaint(ours, theirs, main.process.monotonic());
    if (complaint !== undefined) return `${id}: ${complaint}`;
  }
  return findLateDevice(world, main);
}

function findPairComplaint(
  { machine, peers, control, head }: PairState,
  theirs: PairState,
  now: Millis,
): string | undefined {
  if (!("phase" in machine) || machine.phase !== "serving") return "the Main takes no changes";
  if (!("phase" in theirs.machine) || theirs.machine.phase !== "following") {
    return "the Standby does not follow";
  }
  const isHeldOff = (peers.get(theirs.self)?.admitAfter ?? 0) > now;
  const isAdmitted = isPermanent(theirs, theirs.self)
    ? isCertified(theirs)
    : isComplete(theirs) && control.ackSet.includes(theirs.self);
  if (!isAdmitted && !isHeldOff) return "the Standby is not valid";
  return theirs.head.hash === head.hash ? undefined : "the Standby is behind";
}

function findLateDevice({ devices }: World, main: SimServer): string | undefined {
  return devices.every((device) => device.isAtHead(main)) ? undefined : "a device is behind";
}

function brief(pair: PairState | undefined): string {
  if (!pair) return "not running";
  const { term, ackSet } = pair.control;
  return `${JSON.stringify(pair.machine)} term ${term} set ${ackSet.join("+")}`;
}
