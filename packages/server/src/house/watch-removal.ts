import { type Leaving, openLeaving } from "../pair/leaving.ts";
import type { Pair } from "../pair/open-pair.ts";
import type { Basis } from "./basis.ts";

/** HS14: what becomes of a server that is removed. */
export function watchRemoval({ directory, identity }: Basis, pair: () => Pair): Leaving {
  return openLeaving({
    directory,
    self: identity.node,
    state: () => pair().conductor.state,
    feed: (event) => pair().conductor.feed(event),
    close: (all, reason) => pair().wire.keepOnly(all, reason),
  });
}
