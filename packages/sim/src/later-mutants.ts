import { ackSet, type Mutant, orders, term } from "./mutant.ts";

/** Rules of what is rare: lost slots, bent journals, other versions; and what people are told. */
export const laterMutants: readonly Mutant[] = [
  {
    name: "a Standby is dropped by the witness after it was dropped here",
    rule: "I13",
    file: ackSet,
    find: 'return aimFor(turn, { kind: "narrow", member,',
    replace: `narrow(turn, member, reason);
      return aimFor(turn, { kind: "narrow", member,`,
  },
  {
    name: "that one copy is left is not written down",
    rule: "I14",
    file: ackSet,
    find: `sayHello(turn, member);
  recordChange(turn, "ack set");`,
    replace: "sayHello(turn, member);",
  },
  {
    name: "a first pass that stands still is said to move",
    rule: "I21",
    file: "core/src/domain/pair/describe-standby.ts",
    find: `if (at - lastAt < timing.stalled) return { state: "standby-synchronising", why: null };`,
    replace: `if (at > lastAt) return { state: "standby-synchronising", why: null };`,
  },
  {
    name: "a changeover does not ask for both directions",
    rule: "I22",
    file: orders,
    find: "  if (!directionsOk) {",
    replace: "  if (!directionsOk && control.term < 0) {",
  },
  {
    name: "a fenced server does not say what to do",
    rule: "I34",
    file: "core/src/domain/pair/describe.ts",
    find: "remedy: why?.remedy ?? null,",
    replace: `remedy: state === "fenced" ? null : (why?.remedy ?? null),`,
  },
  {
    name: "another version is followed",
    rule: "R16",
    file: term,
    find: `hello.version === pairVersion ? null : "other-version"`,
    replace: `hello.version >= pairVersion ? null : "other-version"`,
  },
  {
    name: "a Standby that does not understand its Main stays complete",
    rule: "R16",
    file: term,
    find: `  if (incompatible === "other-version") doubtCertificate(turn, from);`,
    replace: "",
  },
  {
    name: "the hashes of a journal are not checked",
    rule: "I6",
    file: "runtime/src/journal/journal-rules.ts",
    find: "holds: ({ later }) => isHashed(later, sha256),",
    replace: `holds: ({ later }) => later.hash !== "" || isHashed(later, sha256),`,
  },
];
