import type { NodeId } from "../../base/identity.ts";
import { type PairMessage, pairVersion } from "./message.ts";
import { aimOnlyFor } from "./arbitration.ts";
import { timersOf } from "./timing.ts";
import { act, become, isPermanent, keep, peerOf, sayHello, setPeer, type Turn } from "./turn.ts";

/**
 * Is this message said in our system and in our term? Otherwise it is answered here: another
 * system gets no byte (I19), a higher term fences (R7), a lower one is told the higher.
 */
export function heed(turn: Turn, from: NodeId, message: PairMessage): boolean {
  if (message.kind === "hello") noteHello(turn, from, message);
  if (message.kind === "heartbeat") setPeer(turn, from, pickView(message));
  const { incompatible } = peerOf(turn, from);
  if (incompatible === "other-system") return false;
  if (message.kind === "hello" || message.kind === "heartbeat") {
    // Whose term it is is said alike in every version; nothing else is taken across two (R16).
    return heedTerm(turn, from, message) && incompatible === null;
  }
  if (incompatible !== null) return false;
  // Handing over names the term to come; everything else is only said in the present one.
  return message.kind.startsWith("handover") || message.term === turn.state.control.term;
}

type Introduction = PairMessage & { readonly kind: "hello" | "heartbeat" };

function heedTerm(turn: Turn, from: NodeId, said: Introduction): boolean {
  const { control } = turn.state;
  if (said.term < control.term) {
    if (said.duty === "main") sayHello(turn, from);
    return false;
  }
  if (said.owner === null) return true;
  // Whatever made it say so: nobody obeys a Main that can be none (HS14).
  if (isPermanent(turn.state, said.owner)) return false;
  // The witness gave it to us before a crash: it says so itself when it is asked (R9).
  if (said.term > control.term && said.owner === turn.state.self) return false;
  if (said.term > control.term) learnTerm(turn, said.term, said.owner);
  else if (said.owner !== control.owner) return stopBoth(turn, from, said.owner);
  return true;
}

function pickView(message: Introduction) {
  const { duty, term, head, complete } = message;
  return { duty, term, head, complete };
}

function noteHello(
  turn: Turn,
  from: NodeId,
  hello: PairMessage & { readonly kind: "hello" },
): void {
  const ours = turn.state.control.systemId;
  const isOther = hello.systemId !== null && ours !== null && hello.systemId !== ours;
  if (ours === null && hello.systemId !== null && hello.duty === "main") {
    // Its control record was lost, and this partner is known by its key: it is of that system still.
    keep(turn, { systemId: hello.systemId });
  }
  const version = hello.version === pairVersion ? null : "other-version";
  const incompatible = isOther ? "other-system" : version;
  setPeer(turn, from, { ...pickView(hello), incompatible, suspectAfter: hello.suspectAfter });
  agreeOnTimers(turn);
  if (incompatible === "other-version") doubtCertificate(turn, from);
}

/**
 * R18: each suspects by its own setting; but what must be shorter than a partner's suspicion is so
 * whatever the partner's setting is. Nobody waits for who can take nothing over (HS14).
 */
function agreeOnTimers(turn: Turn): void {
  const { timers, peers } = turn.state;
  let least = timers.suspect;
  for (const [id, { suspectAfter }] of peers) {
    if (!isPermanent(turn.state, id)) least = Math.min(least, suspectAfter ?? least);
  }
  turn.state = { ...turn.state, timers: timersOf(timers.suspect, least) };
}

/** R16: we do not understand this Main when it says that changes go on without us. */
export function doubtCertificate(turn: Turn, from: NodeId): void {
  const { control, machine } = turn.state;
  const { owner, certificate } = control;
  if (owner !== from || certificate?.complete !== true) return;
  // What a candidate asked for is settled by the witness, which knows who was dropped (R9).
  if (machine.duty === "standby" && machine.phase === "candidate") return;
  keep(turn, { certificate: { ...certificate, complete: false } });
}

/** R7: whoever hears of a higher term acknowledges nothing more in the lower one. */
export function learnTerm(turn: Turn, term: number, owner: NodeId): void {
  const { machine } = turn.state;
  const handedOver =
    machine.duty === "main" && machine.phase === "draining" && machine.to === owner;
  const superseded = machine.duty === "main" || machine.duty === "fenced";
  const { certificate } = turn.state.control;
  keep(turn, {
    term,
    owner,
    start: 0,
    handover: null,
    switching: null,
    candidacy: null,
    // Complete says the Main of this term, or nobody (R8).
    certificate: certificate && { ...certificate, complete: false },
  });
  aimOnlyFor(turn, null);
  if (machine.duty === "main") {
    act(turn, { kind: "abandon-waiting" });
    turn.state = { ...turn.state, unprotected: null };
  }
  if (handedOver) act(turn, { kind: "order-done" });
  if (machine.duty === "none" && machine.phase !== "two-mains") return;
  if (machine.duty === "standby" && machine.phase === "maintenance") return;
  become(
    turn,
    superseded ? { duty: "fenced", by: owner } : { duty: "standby", phase: "connecting" },
  );
}

/** R7: one term, two owners: neither acknowledges until a person decides (I17). */
export function stopBoth(turn: Turn, from: NodeId, owner: NodeId): false {
  const { machine, control } = turn.state;
  if (control.owner === null) {
    keep(turn, { owner });
    return false;
  }
  if (machine.duty === "main") {
    act(turn, { kind: "abandon-waiting" });
    become(turn, { duty: "none", phase: "two-mains", other: owner });
    sayHello(turn, from);
  }
  return false;
}
