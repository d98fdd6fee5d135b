import type { Refusal } from "../refusal.ts";
import type { PairState } from "./pair-state.ts";

/** Why changes are not taken now, and whether one that arrives may wait for that to end. */
export interface Closed {
  readonly refusal: Refusal;
  readonly mayWait: boolean;
}

/** May a change be written here now? Undefined: yes. */
export function checkAccepts(state: PairState): Closed | undefined {
  const { machine, control, unrecorded } = state;
  switch (machine.duty) {
    case "main":
      return checkMainAccepts(machine, control.handover !== null, unrecorded) ?? checkLeave(state);
    case "fenced":
      return closed("pair.fenced", "a higher term", false);
    case "standby":
      return closed("pair.not-main", "this server is Standby", false);
    case "none":
      if (machine.phase === "blank") return closed("system.blank", "no database", false);
      return closed("pair.not-main", `this server is ${machine.phase}`, false);
  }
}

function checkMainAccepts(
  machine: Extract<PairState["machine"], { readonly duty: "main" }>,
  isHandingOver: boolean,
  unrecorded: boolean,
): Closed | undefined {
  if (machine.phase === "read-only") {
    const code = machine.code === "disk.full" ? "disk.full" : "pair.read-only";
    return closed(code, machine.text, false);
  }
  if (machine.phase === "draining" || isHandingOver) return closed("pair.draining", "", true);
  const isHeld = unrecorded || machine.admitting !== null;
  return isHeld ? closed("pair.waiting", "", true) : undefined;
}

/** In witness mode a Main asks first whether it still is one (R11), and may be cut from everybody. */
function checkLeave({ control, arbitration }: PairState): Closed | undefined {
  if (control.mode !== "witness") return undefined;
  const { goal, trouble, record } = arbitration;
  if (record === null && trouble === null) return closed("pair.waiting", "", true);
  if (goal?.kind !== "narrow" || trouble === null) return undefined;
  return closed("pair.read-only", "neither the Standby nor the witness answers", false);
}

function closed(code: Refusal["code"], detail: string, mayWait: boolean): Closed {
  return { refusal: { code, detail }, mayWait };
}
