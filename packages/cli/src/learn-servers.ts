import { serverRoutes } from "@gridward/core/api/server-routes";
import { callRoute, type Answered, type Target } from "./api-client.ts";
import { signedInTarget, type Asked, type Cli } from "./cli.ts";
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

/** PK7: whom to believe from now on, told by who is believed still. A pin stays as it is. */
export async function learnAnchors(cli: Cli, asked: Asked): Promise<void> {
  const target = signedInTarget(cli, asked);
  if (!target.ok) return;
  const input = { params: {}, query: {}, body: null };
  const system = await callRoute(target.value, serverRoutes.system, input, asked);
  const login = readLogin(cli.program.stateDirectory);
  if (!system.ok || login === undefined || login.ca === null) return;
  saveLogin(cli.program.stateDirectory, { ...login, ca: system.value.data.certificate });
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
