import type { ControlRecord } from "../control-record.ts";
import type { Found } from "./found.ts";

/**
 * R17: one slot of the control record is damaged, so that what the other says may be one write old.
 * The journal knows the terms and starts in which something was written; whoever may be in the ack
 * set counts as in it until the Main's own rules let it go; nothing vouches for the database,
 * and no set tells which changes that are there were acknowledged.
 */
export function doubtedControl(found: Found): ControlRecord {
  const { control, head, recorded, kinds, self } = found;
  const isBehind = recorded !== null && recorded.term > control.term;
  const { term, owner } = isBehind ? recorded : control;
  const written = head.term === term ? head.start : 0;
  const start = isBehind ? written : Math.max(control.start, written);
  const others = [...kinds.keys()].filter((id) => id !== self && kinds.get(id) === "promotable");
  const ackSet = owner === self ? [self, ...others] : control.ackSet;
  const doubtedUpTo = head.seq;
  // What the slot before names as written last may have been cut since (R17).
  return { ...control, term, owner, start, ackSet, certificate: null, doubtedUpTo, highest: head };
}
