import type { Machine } from "@gridward/core/domain/pair/pair-state";
import { type Phase, phaseOf } from "@gridward/core/domain/pair/states";
import { findMove, type MoveCause } from "@gridward/core/domain/pair/transitions";

/** What brought a move about; for the most part the new state has more to say. */
const words: Readonly<Record<MoveCause, string>> = {
  start: "this program started",
  create: "a system was created here",
  tick: "a time was over",
  "link-up": "the link opened",
  "link-down": "the link was lost",
  message: "another server said so",
  appended: "the journal was written",
  "disk-full": "the disk here was full",
  "snapshot-begun": "the Main sends its whole database",
  "snapshot-progress": "the copy went on",
  "generation-ready": "the copy of the Main's database is verified and in its place",
  "snapshot-failed": "the copy broke off, and what was here before stays",
  "snapshot-sent": "the copy was sent",
  "database-invalid": "the database may not be used",
  "order-changeover": "a changeover was ordered",
  "order-promote": "a promotion was ordered",
  "order-mode": "another mode was ordered",
  "order-maintenance": "maintenance was ordered, or its end",
  "partner-answered": "the partner answered",
  "partner-removed": "a server was removed",
  "arbiter-answered": "the witness answered",
};

type Words = Partial<Readonly<Record<MoveCause, string>>>;

/** Who becomes Main is in no want of a remedy, so that its state says nothing of why it is so. */
const toServing: Words = {
  start: "this program started, and the term is its own",
  tick: "the Main was silent, and this server may succeed it alone",
  message: "the Main handed over",
  "arbiter-answered": "the witness granted the term",
};

const toAnother: Words = { message: "another server is Main of a higher term" };

const finer: Partial<Readonly<Record<`${Phase | "off"} > ${Phase}`, Words>>> = {
  "off > serving": toServing,
  "connecting > serving": toServing,
  "following > serving": toServing,
  "candidate > serving": toServing,
  "serving > connecting": toAnother,
  "draining > connecting": toAnother,
  "read-only > connecting": toAnother,
  "draining > serving": {
    tick: "the hand-over came to nothing within 10 s",
    message: "the target refused the duty",
    "arbiter-answered": "the witness settled the hand-over",
    "order-promote": "an operator let it go on alone",
  },
  "read-only > serving": {
    tick: "every member of the ack set follows again",
    "order-promote": "an operator let it go on alone",
  },
  "candidate > connecting": {
    tick: "the Main lives",
    "arbiter-answered": "the witness refused the term",
  },
  "connecting > following": { message: "the Main sends what comes after the last change here" },
};

/** Of the events that came since `from`, the one that leads `to` there; in words. */
export function whyMoved(
  from: Machine | null,
  to: Machine,
  events: ReadonlySet<MoveCause>,
): string | null {
  const before: Phase | "off" = from === null ? "off" : phaseOf(from);
  const after = phaseOf(to);
  if (before === after) return null;
  const expected = findMove(before, after)?.on ?? [];
  const cause = expected.find((each) => events.has(each)) ?? [...events].at(-1) ?? expected[0];
  if (cause === undefined) return null;
  return finer[`${before} > ${after}`]?.[cause] ?? words[cause];
}
