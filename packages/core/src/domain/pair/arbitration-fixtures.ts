import { assert } from "../../base/result.ts";
import type { ArbiterAnswer, ArbiterRecord, ArbiterRequest } from "../arbiter.ts";
import type { ArbitrationMode } from "../arbitration-mode.ts";
import type { PairAction, PairEvent } from "./event.ts";
import {
  aControl,
  aProtectedMain,
  at,
  type Played,
  serverA,
  serverB,
  withPeer,
} from "./fixtures.ts";
import type { Peer } from "./pair-state.ts";
import { withControl } from "./phase-fixtures.ts";

/** Later than a silent server is given up, and suspected (D and G of the usual timers). */
export const [afterD, afterG] = [4_500, 6_500];

/** What the witness's register says, unless said otherwise: A is Main, and B is in its set. */
export function aRegister(changes: Partial<ArbiterRecord> = {}): ArbiterRecord {
  const { systemId } = aControl();
  assert(systemId !== null, "A is of a system");
  const ackSet = [serverA, serverB];
  return { systemId, version: 7, term: 1, owner: serverA, ackSet, floor: at(5), ...changes };
}

/** The question that was asked last, answered. */
export function answered(
  actions: readonly PairAction[],
  answer: ArbiterAnswer | { readonly kind: "silent" },
): PairEvent {
  const asked = actions.findLast((action) => action.kind === "ask-arbiter");
  assert(asked !== undefined, "the witness was asked");
  return { kind: "arbiter-answered", id: asked.id, answer };
}

export function askedOf(actions: readonly PairAction[]): ArbiterRequest | undefined {
  return actions.findLast((action) => action.kind === "ask-arbiter")?.request;
}

/** Main A whose Standby keeps the rights of this mode, unless said otherwise. */
export function aMain(mode: ArbitrationMode, peer: Partial<Peer> = {}): Played {
  const main = withControl(aProtectedMain(), { mode });
  const rights = { round: 1, told: mode, kept: mode, at: 0 };
  return withPeer(main, serverB, { ...main.state.peers.get(serverB), rights, ...peer });
}

/** The process ran on: what is silent is the partner. */
export function awake({ state, actions }: Played, time: number): Played {
  return { state: { ...state, heartbeatAt: time - 100 }, actions };
}
