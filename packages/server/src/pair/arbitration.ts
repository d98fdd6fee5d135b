import { type Instant, type Millis, rfc3339, second } from "@gridward/core/base/time";
import type { ArbitrationMode } from "@gridward/core/domain/arbitration-mode";
import type { Alarm, ServerStatus } from "@gridward/core/domain/server-status";
import { isThisMachine } from "@gridward/runtime/os/machine";
import type { WitnessState, WitnessView } from "./witness-wire.ts";

/** Who decides when a server is silent, and how the witness stands, as design §10 shows it. */
export function arbitrationStatus(
  mode: ArbitrationMode,
  view: WitnessView | null,
): ServerStatus["arbitration"] {
  const witness = view && { address: placeOf(view), state: view.state };
  return { mode, witness };
}

function placeOf({ witness }: WitnessView): string {
  return `${witness.address}:${witness.port}`;
}

/** A start and a dial take their time: not every silence is one that somebody must look at. */
const silentFor: Millis = 10 * second;

const again =
  "Run `gridward witness code DIR` on the witness, then `gridward pair witness add` at the Main.";

type Trouble = Pick<Alarm, "code" | "text" | "remedy">;

const troubles: Readonly<Record<Exclude<WitnessState, "connected">, Trouble>> = {
  silent: {
    code: "pair.witness-silent",
    text: "The witness does not answer.",
    remedy:
      "Start the witness, or mend the network to it. One that was made anew is added with its code.",
  },
  blank: {
    code: "pair.witness-blank",
    text: "The witness remembers nothing, so it abstains: its register was lost or damaged.",
    remedy: again,
  },
  older: {
    code: "pair.witness-older",
    text: "The witness shows an older register than before: it was put back from a copy.",
    remedy: again,
  },
  "other-system": {
    code: "pair.witness-other-system",
    text: "The witness serves another system.",
    remedy: "Run `gridward pair witness remove` and add a witness of this system.",
  },
};

/** Standing alarms of the witness, each with what to do. */
export function openWitnessAlarms(): (
  view: WitnessView | null,
  now: { readonly mode: ArbitrationMode; readonly at: Millis; readonly now: Instant },
) => readonly Alarm[] {
  let looked: { witness: WitnessView["witness"]; isHere: boolean } | undefined;
  return (view, { mode, at, now }) => {
    if (view === null) return [];
    const { witness, state, since } = view;
    if (looked?.witness !== witness) {
      looked = { witness, isHere: witness.machine !== null && isThisMachine(witness.machine) };
    }
    const alarms: Alarm[] = [];
    if (looked.isHere) alarms.push({ ...sameHost, since: rfc3339(witness.addedAt) });
    const stands = at - since;
    if (state === "connected" || (state === "silent" && stands < silentFor)) return alarms;
    const { text, ...trouble } = troubles[state];
    const why = view.refusal === null ? "" : ` (${view.refusal})`;
    const said = `${text} ${effectOf(mode)}${why}`;
    return [...alarms, { ...trouble, text: said, since: rfc3339(now - stands) }];
  };
}

/** What is missed while the witness gives no right. */
function effectOf(mode: ArbitrationMode): string {
  return mode === "witness"
    ? "Meanwhile no Standby takes over by itself, and if the Standby fails changes stop."
    : `In mode ${mode} nothing waits for it.`;
}

const sameHost: Trouble = {
  code: "pair.witness-same-host",
  text: "The witness runs on the machine of this server: both are lost together.",
  remedy: "Put the witness on a third machine, then add that one.",
};
