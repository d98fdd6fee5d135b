import type { Pair } from "../pair/open-pair.ts";
import { Upload } from "../set-aside/upload.ts";
import type { Basis } from "./basis.ts";

/** HS9: from now on what this server sets aside is brought into the system. */
export function openUpload({ directory, identity, clock, note }: Basis, pair: Pair): Upload {
  return new Upload({
    directory,
    self: { id: identity.node, name: identity.name },
    state: () => pair.conductor.state,
    isInHistory: () => {
      const { machine } = pair.conductor.pair;
      return "phase" in machine && ["serving", "following"].includes(machine.phase);
    },
    submit: async (order) => pair.submit(order),
    clock,
    note,
  });
}
