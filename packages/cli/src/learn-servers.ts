import { serverRoutes } from "@gridward/core/api/server-routes";
import { callRoute, type Answered, type Target } from "./api-client.ts";
import type { Asked, Cli } from "./cli.ts";
import { readLogin, saveLogin } from "./saved-login.ts";

/** What an answer tells of the servers beside what was asked. */
export async function learnServers(
  { cli, asked }: { readonly cli: Cli; readonly asked: Asked },
  target: Target,
  answered: WhoAnswered,
): Promise<void> {
  if (asked.dryRun) return;
  learnMain(cli, answered);
  await learnOthers(cli, asked, target);
}

type WhoAnswered = Pick<Answered<unknown>, "from" | "meta">;

/** CS3: of servers of the same cost the Main is asked first, so who answered as one is kept. */
function learnMain(cli: Cli, { from, meta }: WhoAnswered): void {
  const login = readLogin(cli.program.stateDirectory);
  if (login === undefined || from === null || !login.servers.includes(from)) return;
  const other = login.main === from ? null : login.main;
  const main = isMainDuty(meta) ? from : other;
  if (main !== login.main) saveLogin(cli.program.stateDirectory, { ...login, main });
}

export function isMainDuty({ duty }: WhoAnswered["meta"]): boolean {
  return duty === "main" || duty === "lone";
}

/**
 * Who signed in while there was one server must find the second when the first is off: until
 * another is known, each answer is followed by the question who else there is.
 */
async function learnOthers(cli: Cli, asked: Asked, target: Target): Promise<void> {
  const login = readLogin(cli.program.stateDirectory);
  if (login === undefined || login.servers.length > 1) return;
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
