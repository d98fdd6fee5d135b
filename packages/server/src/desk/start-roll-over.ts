import type { ChangeAnswer } from "@gridward/core/api/route";
import { ok, type Result } from "@gridward/core/base/result";
import { issuingAuthority } from "@gridward/core/domain/authority-in-use";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import { singleKey } from "@gridward/core/domain/state";
import { createNextAuthority } from "../ca/authority.ts";
import type { Caller } from "./caller.ts";
import type { DeskParts } from "./desk-parts.ts";
import { checkMain, giveOrder, repeatedAnswer, systemKeyOf } from "./order.ts";

/** PK7: on the Main, which alone makes an authority. Its key is journalled sealed, and nowhere else. */
export async function startRollOver(
  { front, systemKey }: DeskParts,
  caller: Caller,
  dryRun: boolean | undefined,
): Promise<Result<ChangeAnswer, Refusal>> {
  const repeated = repeatedAnswer(front, caller);
  if (repeated !== undefined) return ok(repeated);
  const isMain = checkMain(front);
  if (!isMain.ok) return isMain;
  const key = systemKeyOf(systemKey);
  if (!key.ok) return key;
  const state = front.state();
  const present = issuingAuthority(state);
  if (present === undefined) return refuse("server.unavailable", "no authority");
  const site = state.tables.system.get(singleKey)?.site ?? "";
  const made = createNextAuthority({ site, systemKey: key.value, now: front.now() }, present);
  if (!made.ok) return made;
  const { row: authority, certificate } = made.value;
  const command = { kind: "start-roll-over", authority, certificate } as const;
  return giveOrder(front, { command, caller, dryRun });
}
