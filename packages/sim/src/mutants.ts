import { laterMutants } from "./later-mutants.ts";
import { ackSet, asMain, asStandby, type Mutant, orders, start, term } from "./mutant.ts";
import { rareMutants } from "./rare-mutants.ts";

const mode = "core/src/domain/pair/mode.ts";
const takeover = "core/src/domain/pair/takeover.ts";
const ledger = "server/src/ledger.ts";
const writer = "server/src/writer.ts";

/** Every one must be found by the simulator; one that is not shows a hole in the simulator. */
export const mutants: readonly Mutant[] = [
  {
    name: "acknowledges before the Standby holds it",
    rule: "R1",
    file: asMain,
    find: "durable = Math.min(durable, peerOf(turn, member).acked?.seq ?? 0);",
    replace: "durable = head.seq;",
  },
  {
    name: "a Standby confirms before it has written",
    rule: "R1",
    file: asStandby,
    find: `    act(turn, { kind: "append", entries: fresh });`,
    replace: `    say(turn, from, { kind: "ack", term: control.term, head: turn.state.head });
    act(turn, { kind: "append", entries: fresh });`,
  },
  {
    name: "a widening is not recorded",
    rule: "R2",
    file: ackSet,
    find: `  keep(turn, { ackSet });
  turn.state = { ...turn.state, unprotected: null };`,
    replace: `  turn.state = { ...turn.state, control: { ...control, ackSet }, unprotected: null };`,
  },
  {
    name: "a widening is said before it is recorded",
    rule: "R2",
    file: asMain,
    find: "  widen(turn, from);",
    replace: `  const ackSet = [...control.ackSet, from];
  say(turn, from, { kind: "admit", term: control.term, ackSet });
  widen(turn, from);`,
  },
  {
    name: "a narrowing is relied on before it is recorded",
    rule: "R2",
    file: ackSet,
    find: `  keep(turn, { ackSet });
  const { at } = turn.clocks;`,
    replace: `  turn.state = { ...turn.state, control: { ...control, ackSet } };
  turn.actions.push({ kind: "commit", seq: turn.state.head.seq });
  keep(turn, { ackSet });
  const { at } = turn.clocks;`,
  },
  {
    name: "a narrowing is not recorded",
    rule: "R2",
    file: ackSet,
    find: `  keep(turn, { ackSet });
  const { at } = turn.clocks;`,
    replace: `  turn.state = { ...turn.state, control: { ...control, ackSet } };
  const { at } = turn.clocks;`,
  },
  {
    name: "a Standby is added before it caught up",
    rule: "R3",
    file: asMain,
    find: `  if (!asks) return;
  const { term } = turn.state.control;`,
    replace: `  setAdmitting(turn, machine, null);
  widen(turn, id);
  const { ackSet } = turn.state.control;
  return say(turn, id, { kind: "admit", term: turn.state.control.term, ackSet });
  const { term } = turn.state.control;`,
  },
  {
    name: "the digest is not compared at admission",
    rule: "R3",
    file: asMain,
    find: " && proof.digest === turn.history.digest();",
    replace: ";",
  },
  {
    name: "a restart mints a term",
    rule: "R5",
    file: start,
    find: "start: control.start + 1,",
    replace: "term: control.term + 1, start: 1,",
  },
  {
    name: "a restart raises no start number",
    rule: "R5",
    file: start,
    find: "start: control.start + 1,",
    replace: "start: control.start,",
  },
  {
    name: "a term is offered before that is recorded",
    rule: "R5",
    file: asMain,
    find: "  keep(turn, { handover: { term, to } });",
    replace: "",
  },
  {
    name: "a higher term does not fence",
    rule: "R7",
    file: term,
    find: "if (said.term > control.term) learnTerm",
    replace: `if (turn.state.machine.duty === "main") return true;
  else if (said.term > control.term) learnTerm`,
  },
  {
    name: "the same term of another owner stops nobody",
    rule: "R7",
    file: term,
    find: `    become(turn, { duty: "none", phase: "two-mains", other: owner });`,
    replace: "",
  },
  {
    name: "the certificate is erased after the cut",
    rule: "R8",
    file: asStandby,
    find: `  keep(turn, { certificate: null, highest: fork });
  act(turn, { kind: "export-tail", tail });
  act(turn, { kind: "truncate", after: fork });`,
    replace: `  act(turn, { kind: "export-tail", tail });
  act(turn, { kind: "truncate", after: fork });
  keep(turn, { certificate: null, highest: fork });`,
  },
  {
    name: "a first pass certifies itself complete",
    rule: "R8",
    file: asStandby,
    find: "      complete: false,\n",
    replace: "      complete: true,\n",
  },
  {
    name: "a first pass is certified before it is verified",
    rule: "R8",
    file: "runtime/src/journal/replay.ts",
    find: "  if (digestOf(state, sha256) === digest) return undefined;",
    replace: '  if (digest !== "") return undefined;',
  },
  {
    name: "a dropped Standby is not told",
    rule: "R8",
    file: ackSet,
    find: "  if (peer.linkUp) sayHello(turn, member);",
    replace: "",
  },
  {
    name: "a dropped Standby stays complete",
    rule: "R8",
    file: asStandby,
    find: "    keep(turn, { certificate: { ...control.certificate, complete: false } });",
    replace: "",
  },
  {
    name: "a tail is cut before it is exported",
    rule: "R10",
    file: asStandby,
    find: `  act(turn, { kind: "export-tail", tail });
  act(turn, { kind: "truncate", after: fork });`,
    replace: `  act(turn, { kind: "truncate", after: fork });
  act(turn, { kind: "export-tail", tail });`,
  },
  {
    name: "a tail that was acknowledged is given up without a file",
    rule: "R10",
    file: asStandby,
    find: `    act(turn, { kind: "export-tail", tail });
    const entries`,
    replace: "    const entries",
  },
  {
    name: "a tail that was acknowledged is cut",
    rule: "R10",
    file: asStandby,
    find: "  if (!isUnacknowledged) {",
    replace: "  if (!isUnacknowledged && fork.seq === 0) {",
  },
  {
    name: "prepared changes are visible on the Main",
    rule: "I10",
    file: ledger,
    find: "    return this.#committed.state;",
    replace: "    return this.#last.state;",
  },
  {
    name: "prepared changes are visible on the Standby",
    rule: "I10",
    file: asStandby,
    find: "  commitUpTo(turn, Math.min(message.committed, turn.state.head.seq));",
    replace: "  commitUpTo(turn, turn.state.head.seq);",
  },
  {
    name: "a promotion needs no certificate",
    rule: "I3",
    file: orders,
    find: "  if (isComplete(state)) return checkOthers(state, at);",
    replace: "  if (!isComplete(state)) return checkOthers(state, at);",
  },
  {
    name: "a blank server is promoted",
    rule: "I5",
    file: orders,
    find: "  if (control.incarnation !== null) return undefined;",
    replace: "  if (control.term >= 0) return undefined;",
  },
  {
    name: "an invalid database is promoted by force",
    rule: "I5",
    file: orders,
    find: `  if (machine.duty === "none" && machine.phase === "invalid") {`,
    replace: `  if (machine.duty === "none" && machine.phase === "invalid" && control.term < 0) {`,
  },
  {
    name: "a repeated request is decided twice",
    rule: "I11",
    file: writer,
    find: "const before = findAnswer(state, waiting.requestId);",
    replace: "const before: ReturnType<typeof findAnswer> = undefined;",
  },
  {
    name: "an unknown outcome is answered as refused",
    rule: "I12",
    file: writer,
    find: `for (const { requestId, answer } of waiters) answer(refuse("pair.unknown-outcome", requestId));`,
    replace: `for (const { requestId, answer } of waiters) answer(refuse("pair.not-main", requestId));`,
  },
  {
    name: "abandoned changes are answered as done",
    rule: "I1",
    file: writer,
    find: "    const waiters = [...this.#unconfirmed.values()].flat();",
    replace: `    const waiters: Waiting[] = [];
    for (const [seq, held] of this.#unconfirmed) {
      for (const { answer } of held) answer(ok({ seq, answer: {} }));
    }`,
  },
  {
    name: "another system is followed",
    rule: "I19",
    file: term,
    find: "const isOther = hello.systemId !== null && ours !== null && hello.systemId !== ours;",
    replace: "const isOther = false;",
  },
  {
    name: "a Main that goes on alone tells nobody",
    rule: "R8",
    file: orders,
    find: "    greetAll(turn); // Who is dropped hears first that it is complete no more (R8).\n",
    replace: "",
  },
  {
    name: "a promotion counts on from the term of another system",
    rule: "I19",
    file: orders,
    find: `if (peer.incompatible !== "other-system") term = Math.max(term, peer.term);`,
    replace: "term = Math.max(term, peer.term);",
  },
  {
    name: "a member whose admission was cut off is not proved again",
    rule: "I31",
    file: asMain,
    find: "const isDone = control.ackSet.includes(id) && peer.complete;",
    replace: "const isDone = control.ackSet.includes(id);",
  },
  {
    name: "a member that does not follow is waited for without end",
    rule: "I32",
    file: ackSet,
    find: "  noteIdleness(turn, member);",
    replace: "",
  },
  {
    name: "a permanent Standby is promoted by force",
    rule: "R15",
    file: orders,
    find: "  if (isPermanent(state, state.self)) return permanent;\n",
    replace: "",
  },
  {
    name: "a permanent Standby is admitted like any other",
    rule: "R15",
    file: asMain,
    find: "  if (isPermanent(turn.state, id)) return prove(turn, id);\n",
    replace: "",
  },
  {
    name: "a permanent Standby is never proved",
    rule: "I31",
    file: asMain,
    find: "sent < head.seq || complete || turn.clocks.at < admitAfter) return;",
    replace: "sent < head.seq || complete || turn.clocks.at >= admitAfter) return;",
  },
  {
    name: "a term whose first entry was cut off is never recorded",
    rule: "I25",
    file: start,
    find: "unrecorded: isOwner && !isRecorded(found),",
    replace: "unrecorded: false,",
  },
  {
    name: "a Standby that is not in the set takes over",
    rule: "R4",
    file: takeover,
    find: "  if (control.owner === null || !isComplete(turn.state)) return;",
    replace: "  if (control.owner === null) return;",
  },
  {
    name: "in witness mode a Main drops its Standby alone",
    rule: "R4",
    file: ackSet,
    find: `return mode === "witness" ? "by the witness" : "alone";`,
    replace: `return "alone";`,
  },
  {
    name: "in pair mode a Main drops its Standby alone",
    rule: "R4",
    file: ackSet,
    find: `if (switching !== null || mode === "pair") return "never";`,
    replace: `if (switching !== null) return "never";`,
  },
  {
    name: "a Standby is dropped while the mode is switched",
    rule: "R4",
    file: ackSet,
    find: `if (switching !== null || mode === "pair") return "never";`,
    replace: `if (mode === "pair" && switching === null) return "never";
  if (switching !== null) return "alone";`,
  },
  {
    name: "the mode is switched before the old right is given up",
    rule: "R4",
    file: mode,
    find: `const unsure = membersOf(turn).find((id) => peerOf(turn, id).rights.kept !== "manual");`,
    replace: "const unsure = membersOf(turn).find((id) => peerOf(turn, id).acked === null);",
  },
  {
    name: "a right is confirmed before it is recorded",
    rule: "R4",
    file: mode,
    find: "  if (control.mode !== mode) keep(turn, { mode });",
    replace: "  turn.state = { ...turn.state, control: { ...control, mode } };",
  },
  {
    name: "a candidate goes on listening to the old Main",
    rule: "R6",
    file: asStandby,
    find: `    return hearWhileCandidate(turn, machine, from, message); // R6`,
    replace: `    hearWhileCandidate(turn, machine, from, message);`,
  },
  {
    name: "a question whose answer was lost is taken for refused",
    rule: "R9",
    file: takeover,
    find: `  if (turn.state.control.candidacy !== null) return aimOnlyFor(turn, { kind: "settle" });`,
    replace: "",
  },
  {
    name: "an offer is taken back without settling it",
    rule: "R9",
    file: asMain,
    find: `  if (turn.state.control.mode === "witness") aimOnlyFor(turn, { kind: "settle" });`,
    replace: `  if (turn.state.control.mode === "witness") return takeBack(turn);`,
  },
  {
    name: "the witness forgets to compare",
    rule: "R9",
    file: "core/src/domain/arbiter.ts",
    find: `  if (request.version !== record.version) return { record, answer: { kind: "conflict", record } };`,
    replace: "",
  },
  {
    name: "a term is taken that the witness did not give",
    rule: "R5",
    file: takeover,
    find: `  if (control.mode === "witness") return beCandidate(turn, "takeover", [turn.state.self]);`,
    replace: "",
  },
  {
    name: "a hand-over passes the witness by",
    rule: "R5",
    file: asStandby,
    find: `  if (offer.mode === "witness") return beCandidate(turn, "changeover", ackSet, offer.round);`,
    replace: "",
  },
  ...laterMutants,
  ...rareMutants,
];
