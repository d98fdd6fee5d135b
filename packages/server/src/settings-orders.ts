import { err, ok, type Result } from "@gridward/core/base/result";
import { isCopied, namesItsOwn, type Setting } from "@gridward/core/codec/server-settings";
import { type Refusal, refuse } from "@gridward/core/domain/refusal";
import type { ServerRow } from "@gridward/core/domain/types";
import type { OwnIdentity } from "./own-identity.ts";
import { readSettings } from "./own-settings.ts";
import type { OperatorParts, ServerSettings } from "./parts.ts";
import type { Pair } from "./pair/open-pair.ts";

export interface SettingsOrderParts {
  readonly directory: string;
  readonly identity: Pick<OwnIdentity, "node">;
  readonly pair: {
    readonly conductor: Pick<Pair["conductor"], "state">;
    readonly settings: Pick<Pair["settings"], "ask" | "give">;
  };
}

/** HS16: what every server of the system is set to, each asked over its link. */
export async function compareSettings(
  parts: SettingsOrderParts,
): Promise<readonly ServerSettings[]> {
  return Promise.all(
    serversOf(parts).map(async ({ id, name }) => {
      const isOwn = id === parts.identity.node;
      const told = isOwn ? readSettings(parts.directory) : await parts.pair.settings.ask(id);
      return { server: name, settings: told.ok ? told.value : null };
    }),
  );
}

export async function copySetting(
  parts: SettingsOrderParts,
  { key, to, actor }: Parameters<OperatorParts["copySetting"]>[0],
): Promise<Result<Setting, Refusal>> {
  if (!isCopied(key)) return refuse("pair.own-setting", key);
  const target = serversOf(parts).find(({ name }) => name === to);
  if (target === undefined) return refuse("pair.server-not-found", to);
  if (target.id === parts.identity.node) return refuse("pair.unchanged", to);
  const own = readSettings(parts.directory);
  if (!own.ok) return own;
  const setting = own.value.find((each) => each.key === key);
  if (setting === undefined) return refuse("pair.own-setting", key);
  if (namesItsOwn(setting)) return refuse("pair.own-certificate", `${key} = ${setting.value}`);
  const given = await parts.pair.settings.give(target.id, setting, actor);
  return given.ok ? ok(setting) : err(given.error);
}

function serversOf({ pair }: SettingsOrderParts): readonly ServerRow[] {
  const servers = [...pair.conductor.state.tables.servers.values()];
  return servers.toSorted((left, right) => (left.name < right.name ? -1 : 1));
}
