import type { NodeId } from "../../base/identity.ts";
import { assert } from "../../base/result.ts";
import type { ArbiterRecord } from "../arbiter.ts";
import type { PairRow } from "../types.ts";
import { aimOnlyFor } from "./arbitration.ts";
import { act, become, commitUpTo, greetAll, isPermanent, keep, peerOf, type Turn } from "./turn.ts";

/** R5: the only place where a term begins. Recorded before anything is said or written in it. */
export function takeTerm(
  turn: Turn,
  grant: Pick<PairRow, "term" | "by" | "ackSet" | "unprotected">,
): void {
  const { self, head } = turn.state;
  assert(!isPermanent(turn.state, self), "a permanent Standby never takes a term (HS14)");
  keep(turn, {
    term: grant.term,
    owner: self,
    start: 1,
    ackSet: grant.ackSet,
    certificate: null,
    handover: null,
    switching: null,
    candidacy: null,
    maintenance: null,
  });
  turn.state = { ...turn.state, unprotected: grant.unprotected };
  become(turn, { duty: "main", phase: "serving", admitting: null });
  aimOnlyFor(turn, null);
  // All that is durable here belongs to the new term's history, acknowledged or not.
  const holdsAlone = grant.ackSet.every((member) => member === self);
  if (holdsAlone || grant.by === "changeover") commitUpTo(turn, head.seq);
  forgetFollowers(turn);
  const { mode } = turn.state.control;
  const pair = { ...grant, owner: self, mode, since: turn.clocks.now };
  act(turn, { kind: "record-term", pair });
  greetAll(turn);
}

/** Whoever follows us says so anew, and no right of the old term counts. */
function forgetFollowers(turn: Turn): void {
  const peers = new Map(turn.state.peers);
  for (const id of peers.keys()) {
    const peer = peerOf(turn, id);
    const rights = { ...peer.rights, told: null, kept: null };
    peers.set(id, { ...peer, acked: null, sent: 0, lateSince: null, rights });
  }
  turn.state = { ...turn.state, peers };
}

export const promotedAlone = "an operator promoted this server alone";

export function wasSilent(main: NodeId | null): string {
  return `${main ?? "the Main"} was silent`;
}

/** The witness gave us this term: in this very answer, or in one that was lost (R9). */
export function takeGranted(turn: Turn, record: ArbiterRecord, by: PairRow["by"]): void {
  const isAlone = record.ackSet.every((member) => member === turn.state.self);
  const { owner } = turn.state.control;
  const reason = by === "promotion" ? promotedAlone : wasSilent(owner);
  const unprotected = isAlone ? { since: turn.clocks.now, reason } : null;
  takeTerm(turn, { term: record.term, by, ackSet: record.ackSet, unprotected });
  if (by === "promotion") act(turn, { kind: "order-done" });
}
