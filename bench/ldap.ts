// node bench/ldap.ts [--users 50000] [--seconds 3]: our directory beside slapd, in one run, test by
// test in turn, on the same core (the generator on the other); prints figures and ratios.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { Secret } from "@gridward/core/base/secret";
import { createPasswordHasher } from "@gridward/runtime/os/argon2";
import { type Load, type Measured, measure, type Target } from "./ldap/load.ts";
import { passwordOfAll } from "./ldap/people.ts";
import { hasSlapd, startSlapd } from "./peers/slapd.ts";

const { values } = parseArgs({
  options: {
    users: { type: "string", default: "50000" },
    seconds: { type: "string", default: "3" },
  },
});
process.once("SIGINT", () => process.exit(130));
const users = Number(values.users);
const seconds = Number(values.seconds);
const canPin = spawnSync("taskset", ["-c", "1", "true"]).status === 0;
const pinned = canPin ? ["taskset", "-c", "0"] : [];
if (canPin) spawnSync("taskset", ["-a", "-cp", "1", String(process.pid)]);

const tests: readonly (readonly [string, Omit<Load, "users" | "seconds">])[] = [
  ["search by uid, 1 connection", { mode: "search", connections: 1, depth: 1 }],
  ["search by uid, 8 connections", { mode: "search", connections: 8, depth: 1 }],
  ["search by uid, 8 connections, 8 pipelined", { mode: "search", connections: 8, depth: 8 }],
  ["bind, Argon2id 19 MiB, 4 connections", { mode: "bind", connections: 4, depth: 1 }],
];

const hashed = await createPasswordHasher().hash(new Secret(passwordOfAll));
if (!hashed.ok) throw new Error("the hasher is overloaded before anything began");
const ours = await startOurs(hashed.value);
const slapd = hasSlapd()
  ? await startSlapd({ users, verifier: hashed.value, prefix: pinned })
  : undefined;
try {
  if (slapd === undefined) console.log("slapd is not installed (Debian: slapd, slapd-contrib).");
  console.log(`${users} people, LDAPS, ${canPin ? "one core for the server" : "cores shared"}`);
  for (const [title, load] of tests) {
    const own = await measure(ours, { ...load, users, seconds });
    const peer = slapd && (await measure(slapd, { ...load, users, seconds }));
    report(title, own, peer);
  }
} finally {
  await slapd?.stop();
  await ours.stop();
}

function report(title: string, own: Measured, peer: Measured | undefined): void {
  console.log(`\n${title}`);
  console.log(`  ours   ${describe(own)}`);
  if (peer === undefined) return;
  console.log(`  slapd  ${describe(peer)}`);
  const [rate, tail] = [own.perSecond / peer.perSecond, own.p99Ms / peer.p99Ms];
  const [mine, theirs] = [own.serverCpu / own.perSecond, peer.serverCpu / peer.perSecond];
  console.log(
    `  ratio  rate ${rate.toFixed(2)}, p99 ${tail.toFixed(2)}, server's CPU each ${(mine / theirs).toFixed(2)}`,
  );
}

function describe(result: Measured): string {
  const { perSecond, p50Ms, p99Ms, generatorCpu, serverCpu } = result;
  return [
    `${Math.round(perSecond)}/s`.padStart(10),
    `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`,
    `CPU of server ${serverCpu.toFixed(2)}, of generator ${generatorCpu.toFixed(2)}`,
  ].join("  ");
}

async function startOurs(
  verifier: string,
): Promise<Target & { readonly stop: () => Promise<void> }> {
  const file = new URL("./ldap-server.ts", import.meta.url).pathname;
  const [program, ...words] = [...pinned, process.execPath];
  const child = spawn(program, [...words, file, String(users), verifier], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  const line = await new Promise<string>((resolve) => {
    child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString("utf8")));
  });
  const [port = 0, pid = 0] = line.split(" ").map(Number);
  return {
    port,
    pid,
    stop: async () => {
      child.stdin.end();
      await exit;
    },
  };
}
