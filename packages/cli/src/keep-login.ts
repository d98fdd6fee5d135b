import { serverRoutes } from "@gridward/core/api/server-routes";
import { sessionRoutes } from "@gridward/core/api/session-routes";
import type * as z from "zod";
import { ok, type Result } from "@gridward/core/base/result";
import { callRoute, type Answered, type Target } from "./api-client.ts";
import type { Asked, Cli } from "./cli.ts";
import type { IdentityFiles } from "./client-identity.ts";
import { costsByUrl } from "./costs.ts";
import type { CommandFailure } from "./failure.ts";
import { isMainDuty } from "./learn-servers.ts";
import { readLogin, saveLogin, type SavedLogin } from "./saved-login.ts";

interface Kept {
  readonly target: Extract<Target, { readonly kind: "servers" }>;
  readonly files: IdentityFiles | null;
  /** By name or address of a server, as they were written. */
  readonly costs: ReadonlyMap<string, number>;
  readonly session: z.output<typeof sessionRoutes.signIn.answer>;
}

/** Learns the other servers and the trust anchor, so that a changeover needs no new sign-in. */
export async function keepLogin(
  cli: Cli,
  asked: Asked,
  { target, files, costs, session }: Kept,
): Promise<Result<null, CommandFailure>> {
  const { token, account, expires_at, must_change } = session;
  const input = { params: {}, query: {}, body: null };
  const signedIn = { ...target, token };
  const system = await callRoute(signedIn, serverRoutes.system, input, asked);
  if (!system.ok) return system;
  const { data, from, meta } = system.value;
  const earlier = readLogin(cli.program.stateDirectory);
  const isNamed = asked.servers.length > 0 || earlier === undefined;
  const given = isNamed ? target.urls.map(({ origin }) => origin) : earlier.servers;
  const servers = [...new Set([...given, ...data.servers.map(({ url }) => url)])];
  const chosen = costsByUrl(costs, servers, namesOf(system.value));
  if (!chosen.ok) {
    // Nothing is kept of a command that was not understood.
    await callRoute(signedIn, sessionRoutes.signOut, input, asked);
    return chosen;
  }
  saveLogin(cli.program.stateDirectory, {
    version: 1,
    servers,
    costs: costsOf(servers, { ...earlier?.costs, ...Object.fromEntries(chosen.value) }),
    main: isMainDuty(meta) ? from : null,
    ca: data.certificate === "" ? target.trust.ca : data.certificate,
    fingerprint: target.trust.fingerprint,
    identity: files,
    account: account.name,
    token,
    expires_at,
    must_change,
  });
  return ok(null);
}

/** Also the address over which the server was reached, which may be another than it names. */
function namesOf({
  data,
  from,
  meta,
}: Answered<z.output<typeof serverRoutes.system.answer>>): readonly {
  readonly name: string;
  readonly url: string;
}[] {
  const named = data.servers.map(({ name, url }) => ({ name, url }));
  return from === null ? named : [...named, { name: meta.server, url: from }];
}

function costsOf(servers: readonly string[], costs: SavedLogin["costs"]): SavedLogin["costs"] {
  return Object.fromEntries(Object.entries(costs).filter(([url]) => servers.includes(url)));
}
