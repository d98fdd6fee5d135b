import { decided, type CommandOf, type Decision } from "./decision.ts";
import { refuse } from "./refusal.ts";
import { singleKey, type DirectoryState } from "./state.ts";

/** One witness at most; the same one may be added again, with a new code. */
export function addWitness(state: DirectoryState, command: CommandOf<"add-witness">): Decision {
  const { witness } = command;
  const present = state.tables.witness.get(singleKey);
  if (present !== undefined && present.id !== witness.id) {
    return refuse("witness.exists", `${present.address}:${present.port}`);
  }
  return decided([{ kind: "witness-added", witness }], { id: witness.id });
}

/** Not while it decides: nobody could take over, and nobody could go on alone. */
export function removeWitness(state: DirectoryState): Decision {
  if (!state.tables.witness.has(singleKey)) return refuse("pair.no-witness", "");
  if (state.tables.pair.get(singleKey)?.mode === "witness") return refuse("witness.in-use", "");
  return decided([{ kind: "witness-removed" }]);
}
