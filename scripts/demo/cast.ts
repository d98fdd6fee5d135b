import { freePort, isRecord, type Stage, until } from "./stage.ts";

/** One account server of the demonstration. */
export interface DemoServer {
  readonly name: string;
  readonly directory: string;
  readonly https: number;
  readonly ldaps: number;
  readonly url: string;
  pid: number;
}

/** One device of the demonstration. */
export interface DemoDevice {
  readonly name: string;
  readonly directory: string;
}

export const passwords = {
  admin: "Weidenbach-Keys-2026",
  anna: "Switching-110kV-Bay",
  viktor: "Only-Looking-7-Times",
  egon: "Setting-20kV-Relays",
  lukas: "Forgets-It-3x-A-Day",
} as const;

export async function initServer(stage: Stage, name: string): Promise<DemoServer> {
  const directory = stage.path(name);
  const [https, link, ldaps] = [await freePort(), await freePort(), await freePort()];
  const ports = ["--https", String(https), "--link", String(link), "--ldaps", String(ldaps)];
  await stage.must("server", "init", directory, "--name", name, "--listen", "127.0.0.1", ...ports);
  return { name, directory, https, ldaps, url: `https://127.0.0.1:${https}`, pid: 0 };
}

export async function runServer(stage: Stage, server: DemoServer): Promise<void> {
  const { pid } = await stage.start(server.name, "server", "run", server.directory);
  server.pid = pid;
}

export async function statusOf(stage: Stage, server: DemoServer): Promise<Record<string, unknown>> {
  return stage.must("server", "status", server.directory);
}

/** Waits with the product's own `server wait`. */
export async function waitFor(
  stage: Stage,
  server: DemoServer,
  ...states: readonly string[]
): Promise<void> {
  await stage.must(
    "server",
    "wait",
    server.directory,
    "--state",
    states.join(","),
    "--timeout",
    "60",
  );
}

async function deviceStatus(stage: Stage, device: DemoDevice): Promise<Record<string, unknown>> {
  return stage.must("ied", "status", device.directory);
}

export async function waitForDevice(
  stage: Stage,
  device: DemoDevice,
  what: string,
  isSo: (status: Record<string, unknown>) => boolean,
): Promise<Record<string, unknown>> {
  return until(`${device.name}: ${what}`, 60_000, async () => {
    const status = await deviceStatus(stage, device);
    return isSo(status) ? status : undefined;
  });
}

export function member(value: unknown, ...keys: readonly string[]): unknown {
  let found = value;
  for (const key of keys) found = isRecord(found) ? found[key] : undefined;
  return found;
}
