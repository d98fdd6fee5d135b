import type { Result } from "@gridward/core/base/result";
import type { ChangeOrder } from "@gridward/core/domain/command";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { Duty } from "@gridward/core/domain/server-status";
import { type Clock, runSoon } from "@gridward/runtime/os/clock";
import { serverCondition } from "../condition.ts";
import type { Receipt } from "../parts.ts";
import { answerSubmits } from "./answer-submit.ts";
import type { Writer } from "../writer.ts";
import type { Conductor } from "./conductor.ts";
import type { OtherFrame, PartnerWire } from "./partner-wire.ts";
import { PassOn } from "./pass-on.ts";
import { encodePassOn, isPassOn, parsePassOn } from "./pass-on-frame.ts";

/** What of the pair this is carried out with. */
interface PairParts {
  readonly conductor: Conductor;
  readonly writer: Writer;
  readonly wire: PartnerWire;
  readonly passOn: PassOn;
}

export interface SubmitParts {
  readonly duty: () => Duty;
  readonly write: (order: ChangeOrder) => Promise<Result<Receipt, Refusal>>;
  readonly passOn: (order: ChangeOrder) => Promise<Result<Receipt, Refusal>>;
}

/**
 * Writes a change on a Main and passes it on from a Standby. One that was refused because the duty
 * had just moved goes once more, to where it is now: nothing of it was written.
 */
export async function submitChange(
  { duty, write, passOn }: SubmitParts,
  order: ChangeOrder,
): Promise<Result<Receipt, Refusal>> {
  const send = async (now: Duty): Promise<Result<Receipt, Refusal>> =>
    now === "standby" ? passOn(order) : write(order);
  const before = duty();
  const done = await send(before);
  const hasMoved = !done.ok && done.error.code === "pair.not-main" && duty() !== before;
  return hasMoved ? send(duty()) : done;
}

/** A Standby passes on while its own view is fresh: what it prepares, it prepares from the truth. */
export function openPassOn(
  { conductor, wire }: Pick<PairParts, "conductor" | "wire">,
  clock: Clock,
): PassOn {
  return new PassOn({
    main: () => {
      const { duty, fresh } = serverCondition(conductor.pair, clock.monotonic(), clock.now());
      const { owner } = conductor.pair.control;
      const main = owner === null ? undefined : conductor.pair.peers.get(owner);
      const isThere = main?.linkUp === true && main.duty === "main";
      return duty === "standby" && fresh && isThere ? owner : null;
    },
    isSilent: (main) => {
      const { peers, timers } = conductor.pair;
      const heardAt = peers.get(main)?.heardAt ?? null;
      return heardAt === null || clock.monotonic() - heardAt > timers.fresh;
    },
    state: () => conductor.state,
    committedSeq: () => conductor.pair.committed,
    route: (to) => wire.route(to),
    monotonic: () => clock.monotonic(),
    soon: runSoon,
  });
}

/** Reads the frames of this conversation, on either side of it, and leaves all others alone. */
export function takePassedOn(
  pair: Omit<PairParts, "wire">,
): (frame: OtherFrame) => boolean | undefined {
  const answer = answerSubmits({
    state: () => pair.conductor.state,
    write: async (order) => pair.writer.submit(order),
  });
  return ({ from, json, reply }) => {
    if (!isPassOn(json)) return undefined;
    const frame = parsePassOn(json);
    if (!frame.ok) return false;
    if (frame.value.kind === "submitted") pair.passOn.take(from, frame.value);
    else {
      const { id, submission } = frame.value;
      void answer(from, submission).then((outcome) => {
        reply(encodePassOn({ kind: "submitted", id, outcome }));
      });
    }
    return true;
  };
}
