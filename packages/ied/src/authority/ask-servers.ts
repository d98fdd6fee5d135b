import type { Secret } from "@gridward/core/base/secret";
import type { DeviceSignInAnswer } from "@gridward/core/codec/replica/message";
import type { Standing } from "../replica/conversation.ts";
import type { ServerLine } from "../replica/server-line.ts";

export type FinalAnswer = Exclude<DeviceSignInAnswer, { readonly outcome: "unavailable" }>;

/** As much of a line as asking it takes. */
export type AskedLine = Pick<ServerLine, "standing" | "lastGood" | "ready" | "signIn">;

export interface Asked {
  readonly name: string;
  readonly password: Secret<string>;
  readonly accessPoint: string;
}

/**
 * DV1: Main, then a valid Standby, each asked once. Final is an accepted sign-in, or a refusal by a
 * server that hears its Main; everything else sends us to the next. Undefined: none could say.
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
  for (const line of lines.toSorted(inOrder)) {
    const answer = await line.signIn(asked);
    if (answer === "lost" || answer.outcome === "unavailable") continue;
    if (answer.outcome === "accepted" || answer.fresh) return answer;
  }
  return undefined;
}

/** Main with the highest term, fresh Standby, stale Standby; among equals the last good one. */
function inOrder(left: AskedLine, right: AskedLine): number {
  return (
    rank(left.standing) - rank(right.standing) ||
    (right.standing?.term ?? 0) - (left.standing?.term ?? 0) ||
    right.lastGood - left.lastGood
  );
}

function rank(standing: Standing): number {
  if (standing === null) return 3;
  if (standing.duty !== "standby") return 0;
  return standing.fresh ? 1 : 2;
}
