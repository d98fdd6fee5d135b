import { err, ok, type Result } from "@gridward/core/base/result";
import type { RequestId } from "@gridward/core/base/identity";
import type { Secret } from "@gridward/core/base/secret";
import type { ArbiterEntry } from "@gridward/core/domain/arbiter";
import type { Refusal } from "@gridward/core/domain/refusal";
import { singleKey } from "@gridward/core/domain/state";
import type { Actor, WitnessRow } from "@gridward/core/domain/types";
import type { Clock } from "@gridward/runtime/os/clock";
import type { FrontEndParts } from "./parts.ts";
import type { Pair } from "./pair/open-pair.ts";
import { seedWitness } from "./pair/seed-witness.ts";
import { knownServers } from "./pair/witness-wire.ts";

export interface ArbitrationParts {
  readonly pair: Pair;
  readonly front: Pick<FrontEndParts, "submit" | "state">;
  readonly clock: Clock;
  readonly stop: AbortSignal;
}

export interface AddWitnessOrder {
  readonly code: Secret<string>;
  readonly allowSameHost: boolean;
  readonly actor: Actor;
  readonly requestId: RequestId;
}

export interface AddedWitness {
  /** Null where the journal named this witness before. */
  readonly seq: number | null;
  readonly address: string;
}

/**
 * On the Main: fills the register of the witness with what this Main records of itself, then names
 * the witness in the journal, so that every server speaks to it.
 */
export async function addWitness(
  { pair, front, clock, stop }: ArbitrationParts,
  { code, allowSameHost, actor, requestId }: AddWitnessOrder,
): Promise<Result<AddedWitness, Refusal>> {
  const { control, machine, self } = pair.conductor.pair;
  const { systemId } = control;
  if (systemId === null) return err({ code: "system.blank", detail: "" });
  if (machine.duty !== "main" || control.owner !== self) {
    return err({ code: "pair.not-main", detail: machine.duty });
  }
  if (machine.phase === "draining") return err({ code: "pair.draining", detail: "" });
  const entry = async (): Promise<ArbiterEntry> => {
    // An answer under way may let a server go, which what is recorded here does not say yet.
    while (pair.conductor.pair.arbitration.asked !== null && !stop.aborted) {
      await clock.sleep(askedPauseMs, stop);
    }
    const { head: floor, control: now } = pair.conductor.pair;
    return { systemId, term: now.term, owner: now.owner ?? self, ackSet: now.ackSet, floor };
  };
  const seeded = await seedWitness(code, {
    self,
    entry,
    version: () =>
      Math.max(pair.conductor.pair.control.arbiterVersion, pair.witness.view?.seen ?? 0),
    servers: knownServers(front.state().tables.servers),
    allowSameHost,
    clock,
    stop,
  });
  if (!seeded.ok) return seeded;
  const witness = seeded.value;
  const done = await front.submit({
    command: { kind: "add-witness", witness },
    actor,
    requestId,
  });
  const address = `${witness.address}:${witness.port}`;
  if (done.ok) return ok({ seq: done.value.seq, address });
  // A Main that waits for its witness takes no change, and needs none where it is the same one.
  if (!isSameWitness(front.state().tables.witness.get(singleKey), witness)) return done;
  return ok({ seq: null, address });
}

/** A question to a witness is open for 2 s at most. */
const askedPauseMs = 50;

function isSameWitness(before: WitnessRow | undefined, now: WitnessRow): boolean {
  return (
    before?.id === now.id &&
    before.pairingKey === now.pairingKey &&
    before.address === now.address &&
    before.port === now.port
  );
}
