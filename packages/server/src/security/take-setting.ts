import type { Result } from "@gridward/core/base/result";
import { securityKey, securityNames } from "@gridward/core/base/security-settings";
import {
  isCopied,
  namesItsOwn,
  settingKey,
  type Setting,
} from "@gridward/core/codec/server-settings";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import { readSecurityChange } from "@gridward/core/domain/security-change";
import type { Actor } from "@gridward/core/domain/types";
import { readSettings, writeSetting } from "../own-settings.ts";
import type { SecurityChanges } from "./security-changes.ts";

export interface TakeSettingParts {
  readonly directory: string;
  readonly changes: Pick<SecurityChanges, "begin">;
}

/** HS16: a setting that a partner gives this server; one of Connection Security holds at once. */
export function takeSetting(
  { directory, changes }: TakeSettingParts,
  setting: Setting,
  actor: Actor,
): Result<readonly Setting[], Refusal> {
  const name = securityNames.find((each) => settingKey(each) === setting.key);
  if (name === undefined || !isCopied(setting.key)) return writeSetting(directory, setting);
  if (namesItsOwn(setting)) return refuse("pair.own-certificate", setting.key);
  const change = readSecurityChange({ [securityKey(name)]: String(setting.value) });
  if (!change.ok) return change;
  // Who orders it comes in at another server; what says who comes in here is not given over.
  const objection = (): null => null;
  const order = { change: change.value, isConfirmed: false, isTry: false, actor, objection };
  // What is copied stands where it is ordered, and administrators came in there under it.
  const done = changes.begin({ ...order, mustProve: false });
  return done.ok || done.error.code === "security.unchanged" ? readSettings(directory) : done;
}
