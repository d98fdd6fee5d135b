import type { NodeId } from "@gridward/core/base/identity";
import type { PairEvent } from "@gridward/core/domain/pair/event";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { OtherFrame } from "./partner-wire.ts";
import { keepRemoval, parseFarewell, type Removal, removalText } from "./removal.ts";

interface LeavingParts {
  readonly directory: string;
  readonly self: NodeId;
  readonly state: () => DirectoryState;
  readonly feed: (event: PairEvent) => void;
  /** Closes every connection but those to these servers. */
  readonly close: (all: readonly NodeId[], reason: string) => void;
}

/** A server that hears that it was removed, by a partner's word or by its own journal (HS14). */
export interface Leaving {
  /** Undefined: the frame is of another conversation. */
  readonly take: (frame: Pick<OtherFrame, "json">) => boolean | undefined;
  /** To be called after every commit. */
  readonly look: () => void;
}

/** From then on it is nothing in any system: it answers no sign-in, and dials nobody. */
export function openLeaving({ directory, self, state, feed, close }: LeavingParts): Leaving {
  const leave = (removal: Removal): void => {
    keepRemoval(directory, removal);
    feed({ kind: "database-invalid", code: "pair.removed", text: removalText(removal) });
    close([], "this server was removed from the system");
  };
  return {
    take: ({ json }) => {
      const removal = parseFarewell(json);
      if (removal === undefined) return undefined;
      leave(removal);
      return true;
    },
    look: () => {
      const row = state().tables.removed.get(self);
      if (row !== undefined) leave(row);
    },
  };
}
