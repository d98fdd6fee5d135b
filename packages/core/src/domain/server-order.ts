import { err, ok, type Result } from "../base/result.ts";

/** CS3: what it costs a client to ask a server, a whole number; unless it is set, `costDefault`. */
export const costMin = 1;
export const costMax = 99;
export const costDefault = 6;
export const costRule = `a cost is a whole number from ${costMin} to ${costMax}`;

/** Servers whose costs are given at once; a system has fewer. */
const costsMax = 16;

/** As much of a server as its place in the order takes. */
export interface ServerPlace {
  readonly cost: number;
  /** As far as the client knows. */
  readonly isMain: boolean;
  /** It answers; it answers, but has not heard its Main of late; it does not answer. */
  readonly answers: "fresh" | "stale" | "no";
}

/**
 * CS3: the order in which a client tries the servers of its system. Lowest cost first; of the same
 * cost the Main, then as they were given. Who is stale comes after all who are not, and who does
 * not answer after these. Nobody is left out: cost decides who is asked first, not who is believed.
 */
export function inOrderOfCost<Server extends ServerPlace>(
  servers: readonly Server[],
): readonly Server[] {
  return servers.toSorted(
    (left, right) =>
      lateness[left.answers] - lateness[right.answers] ||
      left.cost - right.cost ||
      Number(right.isMain) - Number(left.isMain),
  );
}

const lateness = { fresh: 0, stale: 1, no: 2 } as const;

/** Costs by server as people write them, `A=1,B=6`; the refusal is a sentence. */
export function parseCosts(text: string): Result<ReadonlyMap<string, number>, string> {
  const costs = new Map<string, number>();
  for (const part of text.split(",")) {
    const { server = "", cost = "" } = /^(?<server>.+)=(?<cost>[^=]*)$/.exec(part)?.groups ?? {};
    if (server === "") return err(`${part}: SERVER=COST is needed, such as A=1,B=6`);
    const value = /^\d{1,2}$/.test(cost) ? Number(cost) : 0;
    if (value < costMin) return err(`${part}: ${costRule}`);
    if (costs.has(server)) return err(`${part}: ${server} is named twice`);
    costs.set(server, value);
  }
  return costs.size > costsMax ? err(`at most ${costsMax} servers`) : ok(costs);
}
