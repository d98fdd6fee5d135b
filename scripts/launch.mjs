// Starts a TypeScript script of this repository under whatever Node (18 or newer) a machine has:
// installs what package-lock.json names, finds Node 24, runs the script, passes signals and the
// exit code on. Plain JavaScript without dependencies, because it runs before there are any.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const leastNode = { major: 24, minor: 18 };
const root = fileURLToPath(new URL("..", import.meta.url));
const modules = join(root, "node_modules");

installWhenNeeded();
runUnderNode24(process.argv.slice(2));

/** The hash of the lock file is kept beside what was installed from it. */
function installWhenNeeded() {
  const stamp = join(modules, ".gridward-lock");
  const wanted = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8").trim() === wanted) return;
  console.error("Installing what package-lock.json names (npm ci, about a minute, only once) ...");
  const npm = process.env["npm_execpath"];
  const ci = ["ci", "--include=dev", "--include=optional", "--loglevel=error", "--no-progress"];
  const done = npm?.endsWith(".js")
    ? spawnSync(process.execPath, [npm, ...ci], { cwd: root, encoding: "utf8" })
    : spawnSync("npm", ci, { cwd: root, encoding: "utf8", shell: process.platform === "win32" });
  if (done.status !== 0) {
    console.error(done.stdout ?? "", done.stderr ?? "");
    stop(`npm ci failed (${done.error?.message ?? `exit ${done.status}`}); see its output above.`);
  }
  writeFileSync(stamp, wanted);
}

function runUnderNode24(command) {
  const child = spawn(findNode(), command, {
    stdio: "inherit",
    env: {
      ...process.env,
      PATH: join(modules, ".bin") + delimiter + (process.env["PATH"] ?? ""),
    },
  });
  child.on("error", (error) => stop(`Node 24 cannot be started: ${error.message}`));
  child.on("exit", (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal];
  });
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  // A terminal sends Ctrl-C to the child too; a second one would mean "at once".
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
}

function findNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > leastNode.major || (major === leastNode.major && minor >= leastNode.minor)) {
    return process.execPath;
  }
  const pinned = join(modules, `node-${process.platform}-${process.arch}`, "bin", "node");
  if (existsSync(pinned)) return pinned;
  return stop(
    `Gridward needs Node ${leastNode.major}.${leastNode.minor} or newer, this is ` +
      `${process.versions.node} on ${process.platform}-${process.arch}, for which npm has no ` +
      "pinned copy: install Node 24 from nodejs.org and start again.",
  );
}

function stop(sentence) {
  console.error(sentence);
  process.exit(1);
}
