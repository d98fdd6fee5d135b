import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

/** Debian's ldap-utils, for tests that need them. */
export const needsTools = { skip: whyNot() };

function whyNot(): string | false {
  if (process.env["GRIDWARD_PEERS"] === "0") return "GRIDWARD_PEERS=0: no peers here";
  const hasTools = spawnSync("ldapwhoami", ["-VV"]).error === undefined;
  return hasTools ? false : "ldap-utils is not installed";
}

export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** Runs one of them to its end; it verifies the server by what `settings` says. */
export async function ldapTool(
  tool: string,
  words: readonly string[],
  settings: NodeJS.ProcessEnv & { readonly LDAPTLS_CACERT: string },
): Promise<Said> {
  const child = spawn(tool, ["-o", "ldif-wrap=no", ...words], {
    env: { ...process.env, LDAPTLS_REQCERT: "demand", ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = once(child, "close");
  const [out, error] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
  await closed;
  return { code: child.exitCode, out: out.join(""), error: error.join("") };
}
