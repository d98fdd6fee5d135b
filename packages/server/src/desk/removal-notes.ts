import { rfc3339 } from "@gridward/core/base/time";
import { singleKey, type DirectoryState } from "@gridward/core/domain/state";
import type { ServerRow } from "@gridward/core/domain/types";
import type { FrontEndParts } from "../parts.ts";

/** HS14: what an operator should know before a server is removed: what is lost, and what is not. */
export function removalNotes(
  { state, status }: Pick<FrontEndParts, "state" | "status">,
  server: ServerRow,
): readonly string[] {
  const { name } = server;
  const seen = status().partners.find((partner) => partner.name === name);
  const runs = seen !== undefined && seen.state !== "unreachable";
  const all = [
    runs && `${name} answers now (${seen.state}). It stops serving as soon as it is removed.`,
    !runs &&
      `${name} does not answer. If it runs somewhere, it signs people in from its old database ` +
        "until it hears of its removal, 14 days at most: make sure that it is off.",
    mayHoldMore(state(), server),
    `What only ${name} holds stays on its disk, and no command brings it in afterwards. To keep ` +
      "it, start it first, let it follow, and run `gridward pair set-aside list`.",
    `The disk of ${name} still holds keys of this system, which are not replaced: destroy it.`,
    isLastStandby(state(), server) &&
      "No Standby is left: changes have one copy, and nobody can take over, until another joins.",
  ];
  return all.filter((note) => note !== false);
}

/** Of two Mains one after the other, the later may lack what the earlier one acknowledged. */
function mayHoldMore({ tables }: DirectoryState, { id, name, kind }: ServerRow): string | false {
  const pair = tables.pair.get(singleKey);
  if (pair === undefined || pair.owner === id || kind === "permanent") return false;
  if (pair.by !== "forced-promotion" && pair.by !== "restore") return false;
  const main = tables.servers.get(pair.owner)?.name ?? pair.owner;
  const how = pair.by === "restore" ? "by a restore" : "by force";
  return (
    `${main} became Main ${how} at ${rfc3339(pair.since)}: changes that ${name} had confirmed ` +
    "before may be missing in the system, and are lost with it."
  );
}

function isLastStandby({ tables }: DirectoryState, { id, kind }: ServerRow): boolean {
  const owner = tables.pair.get(singleKey)?.owner;
  const others = [...tables.servers.values()].filter((each) => each.id !== id && each.id !== owner);
  return kind === "promotable" && !others.some((each) => each.kind === "promotable");
}
