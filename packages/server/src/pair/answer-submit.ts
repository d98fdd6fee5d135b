import type { NodeId } from "@gridward/core/base/identity";
import type { Result } from "@gridward/core/base/result";
import type { ChangeOrder } from "@gridward/core/domain/command";
import type { PassedOrder } from "@gridward/core/domain/parse-order";
import { type Refusal, refuse } from "@gridward/core/domain/refusal";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { Receipt } from "../parts.ts";

/** Changes of one Standby that wait here at the same time. */
export const submittedMost = 256;

export interface AnswerSubmitParts {
  readonly state: () => DirectoryState;
  /** Writes it here, and nowhere else: what was passed on is not passed on again. */
  readonly write: (order: ChangeOrder) => Promise<Result<Receipt, Refusal>>;
}

/**
 * The Main's side of passing changes on (HS17): judged by the Main's own state, in the name of who
 * asked the Standby, whose name is noted beside it. A Standby speaks as a server only for itself.
 */
export function answerSubmits({
  state,
  write,
}: AnswerSubmitParts): (from: NodeId, order: PassedOrder) => Promise<Result<Receipt, Refusal>> {
  const underWay = new Map<NodeId, number>();
  return async (from, { command, actor, requestId }) => {
    const { servers } = state().tables;
    const server = servers.get(from);
    // Still named as Main, but its database is gone or invalid: it knows nobody.
    if (servers.size === 0) return refuse("server.unavailable", "");
    if (server === undefined) return refuse("pair.server-not-found", from);
    const isItself = actor.kind === "server" && actor.id === from;
    if (actor.kind === "server" && !isItself) {
      return refuse("access.denied", `${server.name} does not speak for ${actor.name}`);
    }
    const count = underWay.get(from) ?? 0;
    if (count >= submittedMost) return refuse("server.overloaded", "too many changes wait");
    underWay.set(from, count + 1);
    try {
      const asked = isItself ? actor : { ...actor, via: server.name };
      return await write({ command, actor: asked, requestId });
    } finally {
      underWay.set(from, (underWay.get(from) ?? 1) - 1);
    }
  };
}
