import { ok } from "@gridward/core/base/result";
import { iconText } from "@gridward/core/domain/glyph";
import { type Badge, iconOf, type StateRow, states } from "@gridward/core/domain/pair/states";
import type { Outcome } from "./cli.ts";
import { failed } from "./failure.ts";

const urgency = {
  off: "nothing runs",
  calm: "nothing to do, unless a remedy is told",
  good: "nothing to do",
  act: "wait a moment, then do what the remedy says",
  investigate: "look into it now",
} as const;

/** gridward server states [STATE]: where no document and no server is at hand (HS13). */
export function explainStates(wanted: string | undefined): Outcome {
  const all = Object.entries(states);
  const found = wanted === undefined ? all : all.filter(([name]) => name === wanted);
  const [first] = found;
  if (first === undefined) {
    const names = all.map(([name]) => name).join(", ");
    return failed("client.wrong-use", `${wanted ?? ""} is no state; there are ${names}`);
  }
  if (wanted === undefined) {
    return ok({
      data: found.map(([state, row]) => explained(state, row)),
      meta: null,
      columns: ["state", "icon", "means"],
    });
  }
  const [state, row] = first;
  const { mark } = row;
  const paint = { text: iconText(iconOf(row)), colour: iconOf(row).colour };
  return ok({ data: { ...explained(state, row), urgency: urgency[mark] }, paint, meta: null });
}

function explained(state: string, row: StateRow) {
  const { duty, means, writes, signIns, mayBecomeMain, mustAct, variant } = row;
  return {
    state,
    icon: shown(row),
    ...(variant === undefined ? {} : { or: `${shown(variant)}, where ${variant.when}` }),
    duty,
    means,
    takes_changes: writes,
    signs_in: signIns,
    may_become_main: mayBecomeMain,
    somebody_must_act: mustAct,
  };
}

/** Never by colour alone: sign, word, and the name of the colour. */
function shown(badge: Badge): string {
  const icon = iconOf(badge);
  return `${iconText(icon)} (${icon.colour})`;
}
