import type { NodeId } from "@gridward/core/base/identity";
import type { DialCheck } from "../pair/dial-check.ts";
import type { PartnerWire } from "../pair/partner-wire.ts";

export interface RejudgeParts {
  readonly wire: Pick<PartnerWire, "forgetVerdicts" | "tryDial" | "drop">;
  readonly dialCheck: Pick<DialCheck, "isCalledBack">;
}

const reason = "it is not accepted under the security settings of now";

/**
 * CS8: both directions of a link are made anew under the settings of now, and take the place of
 * what was open; what does not pass any more is closed.
 */
export async function rejudge({ wire, dialCheck }: RejudgeParts, id: NodeId): Promise<void> {
  wire.forgetVerdicts(id);
  // First over the link that is open: a dial that is refused may be the end of it.
  const isCalledBack = await dialCheck.isCalledBack(id);
  const dialled = await wire.tryDial(id);
  if (dialled.outcome === "refused") wire.drop(id, "dial", reason);
  if (!isCalledBack) wire.drop(id, "accept", reason);
}
