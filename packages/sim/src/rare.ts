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
}

export interface Rare extends RareFaults {
  readonly dice: Random;
}

export function drawRare(seed: number): Rare {
  const dice = seededRandom(seed ^ 0x2545f491);
  const seldom = (share: number, value: number): number => (dice.chance(share) ? value : 0);
  return {
    dice,
    versionSkew: seldom(0.1, 0.5),
    bentShare: 0.7,
    lostSlots: seldom(0.15, 0.6),
    refusedDirections: seldom(0.3, 0.3),
    wallJumpEvery: seldom(0.2, 3_000),
  };
}
