import type { Instant } from "@gridward/core/base/time";
import { describe } from "@gridward/core/domain/pair/describe";
import type { Clock } from "@gridward/runtime/os/clock";
import type { EventLog } from "../event-log.ts";
import type { Pair } from "../pair/open-pair.ts";
import { withNames } from "../pair/server-names.ts";

interface StateWatch {
  /** Called when anything of the pair may have changed. */
  readonly look: () => void;
  /** When the state got the name that it has. */
  readonly since: () => Instant;
}

/** HS19: every change of state goes to the security events, once, with its cause. */
export function watchState(
  pair: () => Pair,
  told: { readonly events: EventLog; readonly tell: () => void; readonly clock: Clock },
): StateWatch {
  const { events, tell, clock } = told;
  const seen = { text: "", state: "", since: clock.now() };
  return {
    since: () => seen.since,
    look: () => {
      const { machine, control, unprotected } = pair().conductor.pair;
      const { state } = describe(pair().conductor.pair, clock.monotonic(), null);
      if (state !== seen.state) Object.assign(seen, { state, since: clock.now() });
      const phase = "phase" in machine ? machine.phase : "";
      const { term, ackSet } = control;
      const text = `${machine.duty} ${phase} of term ${term}, ack set of ${ackSet.length}`;
      if (text === seen.text) return;
      seen.text = text;
      const { servers } = pair().conductor.state.tables;
      events.onState(text, withNames(unprotected?.reason ?? "", servers.values()));
      tell();
    },
  };
}
