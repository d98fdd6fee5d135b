// node bench/takeover.ts: a Main killed with SIGKILL, until the other server has acknowledged a
// change, with a witness and without, by the usual timers and by those of a quick and quiet network.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Api, freshRequestId } from "../scripts/demo/api.ts";
import { type DemoServer, initServer, runServer, waitFor } from "../scripts/demo/cast.ts";
import { freePort, Stage, until } from "../scripts/demo/stage.ts";
import { createSystem } from "./create-system.ts";

const times = 3;

for (const suspectAfter of [6_000, 600]) {
  for (const mode of ["witness", "pair"] as const) {
    const gaps: number[] = [];
    for (let time = 0; time < times; time++) gaps.push(await takeover(suspectAfter, mode));
    const told = gaps.map((gap) => `${Math.round(gap)} ms`).join(", ");
    console.log(`takeover, ${mode} mode, suspect_after_ms ${suspectAfter}: ${told}`);
  }
}

async function takeover(suspectAfter: number, mode: "witness" | "pair"): Promise<number> {
  const stage = new Stage();
  try {
    const a = await initServer(stage, "A");
    const b = await initServer(stage, "B");
    for (const server of [a, b]) setTimer(server, suspectAfter);
    await runServer(stage, a);
    const { ca, token } = await createSystem(stage, a);
    await runServer(stage, b);
    const invited = await stage.must("pair", "invite", "--name", "B");
    const code = stage.secretFile("join", String(invited["code"]));
    await stage.must("server", "join", b.directory, "--code-file", code);
    await waitFor(stage, b, "standby-valid");
    if (mode === "witness") await addWitness(stage);
    await stage.must("pair", "mode", mode);
    await waitFor(stage, a, "main-protected");
    const api = new Api(ca, token);
    process.kill(a.pid, "SIGKILL");
    const killedAt = performance.now();
    await until("a change is taken", 60_000, async () => isTaken(api, b));
    api.close();
    return performance.now() - killedAt;
  } finally {
    await stage.clear();
  }
}

async function isTaken(api: Api, { url }: DemoServer): Promise<true | undefined> {
  const name = `after${freshRequestId().toLowerCase()}`;
  const body = { name, display_name: name, roles: [{ role: "VIEWER" }] };
  const done = await api.call(url, { method: "POST", path: "/v1/accounts", body });
  return done !== null && done.status < 300 ? true : undefined;
}

function setTimer({ directory }: DemoServer, suspectAfter: number): void {
  const path = join(directory, "server.toml");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace(/suspect_after_ms = \d+/, `suspect_after_ms = ${suspectAfter}`));
}

async function addWitness(stage: Stage): Promise<void> {
  const directory = stage.path("witness");
  const place = ["--listen", "127.0.0.1", "--port", String(await freePort())];
  const made = await stage.must("witness", "init", directory, ...place);
  await stage.start("witness", "witness", "run", directory);
  const code = stage.secretFile("witness-code", String(made["code"]));
  await stage.must("pair", "witness", "add", "--allow-same-host", "--code-file", code);
}
