import type { Result } from "@gridward/core/base/result";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import { type ControlFault, tellControlVersion } from "@gridward/runtime/journal/control-store";

/** Why a control record is not believed: what another version wrote is whole, and stays untouched. */
export function refuseControl(directory: string, fault: ControlFault): Result<never, Refusal> {
  return fault === "unsupported"
    ? refuse("control.unsupported", `${directory}: ${tellControlVersion(directory)}`)
    : refuse("control.unreadable", `${directory}: ${fault}`);
}
