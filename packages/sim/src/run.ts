import type { Violation } from "./watcher.ts";
import { World } from "./world.ts";

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly acknowledged: number;
  readonly terms: number;
}

/** Trouble, then time to heal. */
const troubleMs = 40_000;
const healMs = 50_000;

/** One run of one seed. Deterministic: the same seed gives the same run. */
export async function run(seed: number): Promise<Outcome> {
  const world = new World(seed);
  world.begin();
  await advance(world, troubleMs);
  world.calm();
  await advance(world, troubleMs + healMs);
  checkHealed(world);
  const main = world.main();
  if (main) world.watcher.checkEnd(main);
  return {
    seed,
    violations: world.watcher.violations,
    acknowledged: world.watcher.acknowledged.size,
    terms: Math.max(...world.servers.map(({ control }) => control.term)),
  };
}

/** Answers travel as promises: they are let through after each piece of work. */
async function advance(world: World, until: number): Promise<void> {
  while (world.schedule.step(until)) {
    if (world.watcher.violations.length > 0) return;
    await Promise.resolve();
  }
}

/** I31: one Main, a valid Standby, equal digests. */
function checkHealed({ watcher, servers, now }: World): void {
  const pairs = servers.flatMap(({ process }) => (process ? [process.conductor] : []));
  const mains = pairs.filter(({ pair }) => pair.machine.duty === "main");
  const standbys = pairs.filter(({ pair }) => pair.machine.duty === "standby");
  const states = servers.map(({ id, process }) => `${id}: ${describe(process?.conductor.pair)}`);
  if (mains.length !== 1 || standbys.length !== 1) {
    return watcher.fail("I31", `after healing: ${states.join(", ")}`);
  }
  const [main] = mains;
  const [standby] = standbys;
  const peer = standby && main?.pair.peers.get(standby.pair.self);
  const isAdmitted = peer && main.pair.control.ackSet.includes(standby.pair.self);
  const isHeldOff = peer && peer.acked !== null && peer.admitAfter > now;
  if (!main || (!isAdmitted && !isHeldOff)) {
    return watcher.fail("I31", `the Standby was not admitted: ${states.join(", ")}`);
  }
  const headsAgree = main.ledger?.head.seq === standby?.ledger?.head.seq;
  if (headsAgree && main.ledger?.digest !== standby?.ledger?.digest) {
    watcher.fail("I9", "equal heads and different digests");
  }
}

function describe(
  pair: { readonly machine: object; readonly control: { readonly term: number } } | undefined,
): string {
  return pair ? `${JSON.stringify(pair.machine)} term ${pair.control.term}` : "not running";
}
