import { type Random, seededRandom } from "./random.ts";

/** Faults of few runs, drawn from a stream of their own: all other runs are as without them. */
export interface RareFaults {
  /** Share of starts as another version, which says and understands only whose term it is. */
  readonly versionSkew: number;
  /** Share of the disks that break whose journal is really bent, and found out by the product. */
  readonly bentShare: number;
  /** Share of crashes after which the newer slot of the control record is gone. */
  readonly lostSlots: number;
  /** Share of ordered changeovers whose other direction is refused. */
  readonly refusedDirections: number;
  /** The clock on the wall jumps so often, milliseconds. */
  readonly wallJumpEvery: number;
  /** Share of starts of a server that follow one of its machine. */
  readonly reboots: number;
  /** A backup is taken so often, milliseconds; 0: none in this run. */
  readonly backupEvery: number;
  /** When all databases are lost at once, if a backup is left; 0: never. */
  readonly fireAt: number;
  /** When an operator who sees a lost database restores a backup there; 0: only when nothing else is left. */
  readonly restoreAt: number;
  /** Share of restores where nothing was lost. */
  readonly needless: number;
  /** Share of ordered changeovers in which the plug is pulled. */
  readonly pulledHandovers: number;
}

export interface Rare extends RareFaults {
  readonly dice: Random;
  /** For the plugs that are pulled. */
  readonly pullDice: Random;
}

export function drawRare(seed: number): Rare {
  const dice = seededRandom(seed ^ 0x2545f491);
  const pullDice = seededRandom(seed ^ 0x3c6ef372);
  const seldom = (share: number, value: number): number => (dice.chance(share) ? value : 0);
  return {
    dice,
    pullDice,
    pulledHandovers: pullDice.chance(0.2) ? 0.9 : 0,
    versionSkew: seldom(0.1, 0.5),
    bentShare: 0.7,
    lostSlots: seldom(0.15, 0.6),
    refusedDirections: seldom(0.3, 0.3),
    wallJumpEvery: seldom(0.2, 3_000),
    reboots: seldom(0.1, 0.5),
    ...drawDisaster(dice, seldom),
  };
}

function drawDisaster(
  dice: Random,
  seldom: (share: number, value: number) => number,
): Pick<Rare, "backupEvery" | "fireAt" | "restoreAt" | "needless"> {
  const none = { backupEvery: 0, fireAt: 0, restoreAt: 0, needless: 0 };
  if (!dice.chance(0.15)) return none;
  return {
    backupEvery: dice.between(1_000, 12_000),
    fireAt: seldom(0.5, dice.between(4_000, 24_000)),
    restoreAt: seldom(0.7, dice.between(5_000, 30_000)),
    needless: 0.5,
  };
}
