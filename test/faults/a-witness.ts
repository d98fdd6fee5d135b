import assert from "node:assert/strict";
import type { Answered, Api } from "../../scripts/demo/api.ts";
import { type DemoServer, member } from "../../scripts/demo/cast.ts";
import { freePort, isRecord, type Stage, until } from "../../scripts/demo/stage.ts";
import { lookAt } from "./servers.ts";

/** A real witness to break: started as an operator starts it. */
export interface TestWitness {
  readonly directory: string;
  pid: number;
  code: string;
}

export async function initWitness(stage: Stage, listen = "127.0.0.1"): Promise<TestWitness> {
  const directory = stage.path("witness");
  const port = String(await freePort());
  const place = ["--listen", listen, "--port", port];
  const made = await stage.must("witness", "init", directory, ...place);
  return { directory, pid: 0, code: String(made["code"]) };
}

export async function runWitness(stage: Stage, witness: TestWitness): Promise<void> {
  witness.pid = (await stage.start("witness", "witness", "run", witness.directory)).pid;
}

export async function askToAdd(
  api: Api,
  main: DemoServer,
  code: string,
  allowSameHost = true,
): Promise<Answered | null> {
  const body = { code, allow_same_host: allowSameHost };
  return api.call(main.url, { method: "POST", path: "/v1/pair/witness", body });
}

export async function addWitness(api: Api, main: DemoServer, code: string): Promise<void> {
  const added = await askToAdd(api, main, code);
  assert.equal(added?.status, 200, JSON.stringify(added));
}

/** A new code, by the owner of the directory. */
export async function newCode(stage: Stage, { directory }: TestWitness): Promise<string> {
  return String((await stage.must("witness", "code", directory))["code"]);
}

/** What the register says, read off the disk. */
export async function registerOf(
  stage: Stage,
  { directory }: TestWitness,
): Promise<Record<string, unknown>> {
  const { record } = await stage.must("witness", "status", directory);
  return isRecord(record) ? record : {};
}

export async function waitForWitness(server: DemoServer, state: string): Promise<void> {
  await until(`${server.name} sees the witness ${state}`, 60_000, async () => {
    const seen = member(await lookAt(server), "arbitration", "witness", "state");
    return seen === state ? true : undefined;
  });
}

export async function setMode(api: Api, main: DemoServer, mode: string): Promise<void> {
  const order = { method: "POST", path: "/v1/pair/mode", body: { mode } };
  const set = await api.call(main.url, order);
  assert.equal(set?.status, 200, JSON.stringify(set));
}

/** Codes of the alarms that stand. */
export async function alarmsOf(server: DemoServer): Promise<readonly unknown[]> {
  const alarms = (await lookAt(server))?.["alarms"];
  return Array.isArray(alarms) ? alarms.map((alarm) => member(alarm, "code")) : [];
}
