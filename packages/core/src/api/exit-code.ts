/** Exit codes of every program (design §10). Fixed for ever. */
export const exitCode = {
  done: 0,
  fault: 1,
  wrongUse: 2,
  notSignedIn: 3,
  notAllowed: 4,
  notFound: 5,
  alreadySo: 6,
  refusedByRule: 7,
  noServer: 8,
  onlyStandby: 9,
  timedOut: 10,
  partlyDone: 11,
  foundSomething: 12,
  interrupted: 130,
} as const;
