import { join } from "node:path";
import * as z from "zod";
import { serverCost } from "@gridward/core/api/device-package";
import { utf8 } from "@gridward/core/base/bytes";
import { parseJsonBytes } from "@gridward/core/base/json";
import { costDefault, inOrderOfCost } from "@gridward/core/domain/server-order";
import {
  makeDirectory,
  readFileBounded,
  removePath,
  writeFileAtomic,
} from "@gridward/runtime/os/files";

/** What outlives `gridward login`: where the servers are, how they are recognised, the session. */
const savedLogin = z.strictObject({
  version: z.literal(1),
  /** In the order in which they were named. */
  servers: z.array(z.url()).min(1).max(16),
  /** What asking one costs, where it is not the usual. */
  costs: z.record(z.string(), serverCost).default({}),
  /** The server that was Main when it last answered; null: not known. */
  main: z.url().nullable().default(null),
  ca: z.string().nullable(),
  fingerprint: z.string().nullable(),
  /** Where the certificate lies that is presented; the key stays there. */
  identity: z
    .strictObject({ certificate: z.string(), key: z.string().nullable() })
    .nullable()
    .default(null),
  account: z.string(),
  token: z.string(),
  expires_at: z.string(),
  must_change: z.boolean(),
});

export type SavedLogin = z.infer<typeof savedLogin>;

const fileBytesMax = 256 * 1024;

/** Undefined where nobody signed in, or the file is not ours to understand. */
export function readLogin(stateDirectory: string): SavedLogin | undefined {
  const file = readFileBounded(loginPath(stateDirectory), fileBytesMax);
  return file.ok ? savedLogin.safeParse(parseJsonBytes(file.value)).data : undefined;
}

/** Readable by its owner only: the token opens whatever the account may do. */
export function saveLogin(stateDirectory: string, login: SavedLogin): void {
  makeDirectory(stateDirectory);
  writeFileAtomic(loginPath(stateDirectory), utf8(`${JSON.stringify(login, null, 2)}\n`));
}

export function forgetLogin(stateDirectory: string): void {
  removePath(loginPath(stateDirectory));
}

/** CS3: the servers in the order in which they are tried, each with its cost. */
export function serversToTry(
  login: Pick<SavedLogin, "servers" | "costs" | "main">,
): readonly { readonly url: string; readonly cost: number }[] {
  const places = login.servers.map((url) => {
    const cost = login.costs[url] ?? costDefault;
    return { url, cost, isMain: url === login.main, answers: "fresh" } as const;
  });
  return inOrderOfCost(places).map(({ url, cost }) => ({ url, cost }));
}

function loginPath(stateDirectory: string): string {
  return join(stateDirectory, "login.json");
}
