import { chmodSync } from "node:fs";
import type { Server } from "node:net";
import { removePath } from "./files.ts";

/**
 * Listens on the local socket of a data directory, which its lock has made ours: a socket file
 * left there is that of a process which was killed. Only the owner may connect.
 */
export async function listenLocally(server: Server, path: string): Promise<void> {
  if (process.platform !== "win32") removePath(path);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  if (process.platform !== "win32") chmodSync(path, 0o600);
}
