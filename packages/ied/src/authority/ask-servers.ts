import type { Secret } from "@gridward/core/base/secret";
import type { DeviceSignInAnswer } from "@gridward/core/codec/replica/message";
import { inOrderOfCost, type ServerPlace } from "@gridward/core/domain/server-order";
import type { Standing } from "../replica/conversation.ts";
import type { ServerLine } from "../replica/server-line.ts";

export type FinalAnswer = Exclude<DeviceSignInAnswer, { readonly outcome: "unavailable" }>;

/** As much of a line as asking it takes. */
export type AskedLine = Pick<ServerLine, "cost" | "standing" | "lastGood" | "ready" | "signIn">;

export interface Asked {
  readonly name: string;
  readonly password: Secret<string>;
  readonly accessPoint: string;
}

/**
 * DV1: each server is asked once, unless costs say otherwise the Main first, then a valid Standby.
 * Final is an accepted sign-in, or a refusal by a server that hears its Main; everything else sends
 * us to the next. Undefined: none could say.
 */
export async function askServers(
  lines: readonly AskedLine[],
  asked: Asked,
): Promise<FinalAnswer | undefined> {
  const connected = lines.filter(({ standing }) => standing !== null);
  const first = await askInOrder(connected, asked);
  if (first !== undefined) return first;
  const others = lines.filter((line) => !connected.includes(line));
  await Promise.all(others.map((line) => line.ready()));
  return askInOrder(
    others.filter(({ standing }) => standing !== null),
    asked,
  );
}

async function askInOrder(
  lines: readonly AskedLine[],
  asked: Asked,
): Promise<FinalAnswer | undefined> {
  for (const line of inOrderToAsk(lines)) {
    const answer = await line.signIn(asked);
    if (answer === "lost" || answer.outcome === "unavailable") continue;
    if (answer.outcome === "accepted" || answer.fresh) return answer;
  }
  return undefined;
}

/**
 * CS3: lowest cost first. Of the same cost the Main with the highest term, fresh Standby, stale
 * Standby; among equals the last good one, then as they are listed.
 */
export function inOrderToAsk<Line extends ServerOfDevice>(lines: readonly Line[]): readonly Line[] {
  const ordered = lines.toSorted(amongEquals);
  const main = ordered.find(({ standing }) => isMain(standing));
  const places = ordered.map((line) => {
    const { standing } = line;
    // A Main that was replaced, and who follows it, is not put before its successor by cost.
    const isBehind = main !== undefined && standing !== null && termOf(line) < termOf(main);
    const cost = isBehind ? Math.max(line.cost, main.cost) : line.cost;
    return { line, cost, isMain: isMain(standing), answers: answersOf(standing) };
  });
  return inOrderOfCost(places).map(({ line }) => line);
}

/** As much of a line as its place takes. */
type ServerOfDevice = Pick<ServerLine, "cost" | "standing" | "lastGood">;

/** Main with the highest term, fresh Standby, stale Standby; among equals the last good one. */
function amongEquals(left: ServerOfDevice, right: ServerOfDevice): number {
  return (
    rank(left.standing) - rank(right.standing) ||
    termOf(right) - termOf(left) ||
    right.lastGood - left.lastGood
  );
}

function rank(standing: Standing): number {
  if (isMain(standing)) return 0;
  return { fresh: 1, stale: 2, no: 3 }[answersOf(standing)];
}

function isMain(standing: Standing): boolean {
  return standing !== null && standing.duty !== "standby";
}

function answersOf(standing: Standing): ServerPlace["answers"] {
  if (standing === null) return "no";
  return isMain(standing) || standing.fresh ? "fresh" : "stale";
}

function termOf({ standing }: ServerOfDevice): number {
  return standing?.term ?? 0;
}
