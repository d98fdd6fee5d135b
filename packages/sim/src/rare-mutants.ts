import { asStandby, type Mutant, start, term } from "./mutant.ts";

const doubted = "core/src/domain/pair/doubted-control.ts";
const age = "core/src/domain/age.ts";

/** Rules that only rare faults reach: lost slots, other versions, restores, machines started anew. */
export const rareMutants: readonly Mutant[] = [
  {
    name: "a doubtful record counts only whom it names",
    rule: "R17",
    file: doubted,
    find: "const ackSet = owner === self ? [self, ...others] : control.ackSet;",
    replace: "const { ackSet } = control;",
  },
  {
    name: "a doubtful record is not corrected by the journal",
    rule: "R17",
    file: doubted,
    find: "const isBehind = recorded !== null && recorded.term > control.term;",
    replace: "const isBehind = recorded !== null && recorded.term < 0;",
  },
  {
    name: "what a Main of another version says is taken",
    rule: "R16",
    file: term,
    find: "return heedTerm(turn, from, message) && incompatible === null;",
    replace: "return heedTerm(turn, from, message);",
  },
  {
    name: "a restore begins the next term",
    rule: "R5",
    file: "core/src/domain/restore-term.ts",
    find: "return restoreTermStep * (Math.floor(highest / restoreTermStep) + 1);",
    replace: "return highest + 1;",
  },
  {
    name: "what a restored Main lacks is taken for unacknowledged",
    rule: "R10",
    file: asStandby,
    find: "isOneOfTwo && !mayBeRestored(head.term, control.term);",
    replace: "isOneOfTwo;",
  },
  {
    name: "a restore does not say that changes have one copy",
    rule: "I14",
    file: "core/src/domain/decide-backup.ts",
    find: "? { since: at, reason } : null,",
    replace: "? null : null,",
  },
  {
    name: "an invalid database stays certified",
    rule: "R8",
    file: start,
    find: "withoutClaims(control), fault !== null);",
    replace: "withoutClaims(control), false);",
  },
  {
    name: "the uptime of another start of the machine is believed",
    rule: "CN5",
    file: age,
    find: "before?.boot === uptime.boot ?",
    replace: "before !== null ?",
  },
  {
    name: "time that no clock shows is not counted",
    rule: "CN5",
    file: age,
    find: "now - record.latest : restartPenalty;",
    replace: "now - record.latest : 0;",
  },
  {
    name: "the clock on the wall is believed while the machine goes on",
    rule: "CN5",
    file: age,
    find: "if (run >= 0) return",
    replace: "if (run > Number.MAX_SAFE_INTEGER) return",
  },
];
