/** How many connections one door may have at once. */
export interface ConnectionLimit {
  readonly most: number;
  /** Called for each connection beyond. */
  readonly onTurnedAway: () => void;
}
