import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "./command.ts";
import { root } from "./sources.ts";

const list = "test/peers/packages.txt";

/**
 * Installs the Debian packages whose programs the peer tests talk to, where that is possible.
 * Answers whether all of them are there; says what is missing and how to get it when not.
 */
export async function preparePeers(isWanted: boolean): Promise<boolean> {
  const wanted = readFileSync(join(root, list), "utf8").split("\n").filter(Boolean);
  if (!isWanted) return skip("--no-peers was given");
  console.log(`Peer tests need these Debian packages: ${wanted.join(", ")}.`);
  if (!existsSync("/etc/debian_version")) {
    return skip(`this is not Debian; install what gives the programs of ${list}`);
  }
  const missing: string[] = [];
  for (const name of wanted) if (!(await isInstalled(name))) missing.push(name);
  if (missing.length === 0) return true;
  if (process.getuid?.() !== 0) {
    return skip(`missing: ${missing.join(", ")}; as root: apt-get install ${missing.join(" ")}`);
  }
  console.log(`Installing ${missing.join(", ")} with apt-get; no daemon of theirs is started ...`);
  const report = await withoutDaemons(() => install(missing));
  return report === undefined || skip(`apt-get failed:\n${report}`);
}

function skip(why: string): boolean {
  console.log(`Peer tests are skipped (test/peers and whatever reads GRIDWARD_PEERS): ${why}.`);
  return false;
}

async function isInstalled(name: string): Promise<boolean> {
  const { code, output } = await runCommand("dpkg-query", ["-W", "-f=${Status}", name]);
  return code === 0 && output === "install ok installed";
}

/** Undefined when installed, else what apt-get said. */
async function install(names: readonly string[]): Promise<string | undefined> {
  const environment = { DEBIAN_FRONTEND: "noninteractive" };
  const words = ["install", "-y", "--no-install-recommends", ...names];
  if ((await runCommand("apt-get", words, { environment })).code === 0) return undefined;
  // The lists of packages may be old, or have never been fetched.
  const update = await runCommand("apt-get", ["update"], { environment });
  const again = await runCommand("apt-get", words, { environment });
  return again.code === 0 ? undefined : update.output + again.output;
}

/** Debian asks policy-rc.d before it starts a daemon; 101 means no. */
async function withoutDaemons<Value>(work: () => Promise<Value>): Promise<Value> {
  const policy = "/usr/sbin/policy-rc.d";
  const kept = `${policy}.before-gridward`;
  const hadOne = existsSync(policy);
  if (hadOne) renameSync(policy, kept);
  writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    return await work();
  } finally {
    rmSync(policy);
    if (hadOne) renameSync(kept, policy);
  }
}
