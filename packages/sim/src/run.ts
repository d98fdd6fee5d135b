import { isComplete } from "@gridward/core/domain/pair/turn";
import type { PairState } from "@gridward/core/domain/pair/pair-state";
import type { Violation } from "./watcher.ts";
import { World } from "./world.ts";

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly acknowledged: number;
  readonly terms: number;
}

/** After the trouble a system is well within this time (I31), orders included. */
const healMs = 60_000;
const lookEvery = 1_500;

/** One run of one seed. Deterministic: the same seed gives the same run. */
export async function run(seed: number): Promise<Outcome> {
  return runWorld(new World(seed), seed);
}

/** The same for a world that somebody else looks into. */
export async function runWorld(world: World, seed: number): Promise<Outcome> {
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
    terms: Math.max(...world.pair.map(({ disk }) => disk.control.term)),
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
  watcher.checkEqual(...pair);
}

/** I31: one Main, a valid Standby that holds all, devices at head, every order answered. */
function findComplaint(world: World): string | undefined {
  const { pair, devices, operator, now } = world;
  const main = world.main();
  const standby = main && world.other(main.id);
  const ours = main?.process?.conductor.pair;
  const theirs = standby?.process?.conductor.pair;
  if (!main || !ours || !theirs) return "a server does not run or none is Main";
  if (ours.machine.duty !== "main" || ours.machine.phase !== "serving")
    return "the Main takes no changes";
  if (theirs.machine.duty !== "standby" || theirs.machine.phase !== "following") {
    return "the Standby does not follow";
  }
  const isHeldOff = (ours.peers.get(theirs.self)?.admitAfter ?? 0) > now;
  const isAdmitted = isComplete(theirs) && ours.control.ackSet.includes(theirs.self);
  if (!isAdmitted && !isHeldOff) return "the Standby is not valid";
  if (theirs.head.hash !== ours.head.hash) return "the Standby is behind";
  const debtors = new Set(operator.pending.values());
  if (pair.some(({ process }) => process && debtors.has(process))) return "an order has no answer";
  if (devices.some((device) => !device.isAtHead(main))) return "a device is behind";
  return undefined;
}

function brief(pair: PairState | undefined): string {
  if (!pair) return "not running";
  const { term, ackSet } = pair.control;
  return `${JSON.stringify(pair.machine)} term ${term} set ${ackSet.join("+")}`;
}
