import { serverRoutes } from "@gridward/core/api/server-routes";
import { callRoute, type Target } from "./api-client.ts";
import type { Asked, Cli } from "./cli.ts";
import { readLogin, saveLogin } from "./saved-login.ts";

/**
 * Who signed in while there was one server must find the second when the first is off: until
 * another is known, each answer is followed by the question who else there is.
 */
export async function learnServers(cli: Cli, asked: Asked, target: Target): Promise<void> {
  const login = readLogin(cli.program.stateDirectory);
  if (login === undefined || login.servers.length > 1 || asked.dryRun) return;
  const input = { params: {}, query: {}, body: null };
  const system = await callRoute(target, serverRoutes.system, input, asked);
  if (!system.ok) return; // The command itself was answered; the next one asks again.
  const servers = [
    ...new Set([...login.servers, ...system.value.data.servers.map(({ url }) => url)]),
  ];
  if (servers.length > login.servers.length) {
    saveLogin(cli.program.stateDirectory, { ...login, servers });
  }
}
