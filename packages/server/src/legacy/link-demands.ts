import type { SecuritySettings } from "@gridward/core/base/security-settings";
import type { Instant } from "@gridward/core/base/time";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { LinkSettings } from "@gridward/runtime/link/link-settings";
import { linkSettings } from "../security/standing-settings.ts";
import { isServedLegacy } from "./legacy-peers.ts";

/** CS7: a legacy partner is judged by its pairing key alone; nobody else is (design §6). */
export function linkDemands(
  settings: SecuritySettings,
  address: string,
  parts: { readonly state: () => DirectoryState; readonly now: () => Instant },
): LinkSettings {
  const demands = linkSettings(settings);
  if (!isServedLegacy(settings, address, parts)) return demands;
  return { ...demands, validate: false, requireCertificate: false };
}
