import { ok, type Result } from "@gridward/core/base/result";
import { costDefault, costMax, costMin, parseCosts } from "@gridward/core/domain/server-order";
import { failed, type CommandFailure } from "./failure.ts";

/** What `--cost` takes, for its line of help. */
export const costsSay = `which server is asked first, as A=1,B=6: the lowest of ${costMin} to ${costMax}; ${costDefault} unless set`;

/** `--cost A=1,B=6`; none where it was not given. */
export function readCosts(
  text: string | undefined,
): Result<ReadonlyMap<string, number>, CommandFailure> {
  if (text === undefined) return ok(new Map());
  const costs = parseCosts(text);
  return costs.ok ? costs : failed("client.wrong-use", `--cost ${costs.error}`);
}

/** The costs of servers that were named as the system names them, or by an address in use. */
export function costsByUrl(
  costs: ReadonlyMap<string, number>,
  urls: readonly string[],
  servers: readonly { readonly name: string; readonly url: string }[],
): Result<ReadonlyMap<string, number>, CommandFailure> {
  const byUrl = new Map<string, number>();
  for (const [key, cost] of costs) {
    const origin = URL.parse(key.includes("://") ? key : `https://${key}`)?.origin;
    const ofName = servers.filter(({ name }) => name === key).map(({ url }) => url);
    const meant = ofName.length > 0 ? ofName : urls.filter((url) => url === origin);
    if (meant.length === 0) {
      const names = [...new Set(servers.map(({ name }) => name))].join(", ");
      return failed("client.wrong-use", `--cost ${key}: no server of the system; it has ${names}`);
    }
    for (const url of meant) byUrl.set(url, cost);
  }
  return ok(byUrl);
}
