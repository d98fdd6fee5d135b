/** Terms between two restores: more than changeovers ever make, so a restored term is the highest. */
const restoreTermStep = 1_000;

/**
 * A term further ahead than this is refused by devices: neither changeovers nor the restores that
 * one may sleep through lead there (fast-forward attack, research/ha-replication §2.11 rule 5).
 */
export const termLeapMax = 10 * restoreTermStep;

/** The term that a restore starts, above the highest that anybody remembers (research §2.10). */
export function termAfterRestore(highest: number): number {
  return restoreTermStep * (Math.floor(highest / restoreTermStep) + 1);
}

/** May a backup have been restored between these terms? What a Main lacks then proves nothing. */
export function mayBeRestored(earlier: number, later: number): boolean {
  return later >= termAfterRestore(earlier);
}
