import type { Refusal } from "../refusal.ts";
import type { PairState } from "./pair-state.ts";

/** Why changes are not taken now, and whether one that arrives may wait for that to end. */
export interface Closed {
  readonly refusal: Refusal;
  readonly mayWait: boolean;
}

/** May a change be written here now? Undefined: yes. */
export function checkAccepts({ machine, control, unrecorded }: PairState): Closed | undefined {
  switch (machine.duty) {
    case "main":
      return checkMainAccepts(machine, control.handover !== null, unrecorded);
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

function closed(code: Refusal["code"], detail: string, mayWait: boolean): Closed {
  return { refusal: { code, detail }, mayWait };
}
