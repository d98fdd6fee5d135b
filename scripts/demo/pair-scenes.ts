import { type Change, storm } from "./api.ts";
import {
  type DemoDevice,
  type DemoServer,
  member,
  runServer,
  waitFor,
  waitForDevice,
} from "./cast.ts";
import { expect, signIn, text, waitForReplica } from "./device-scenes.ts";
import { until } from "./stage.ts";
import type { Scene, Step } from "./story.ts";

export const atOnce = 200;

/** What happens when servers change duty, die, and come back. */
export async function* pairScenes(scene: Scene): AsyncGenerator<Step> {
  yield* changeoverScene(scene);
  yield* killScene(scene);
  yield* bothLostScene(scene);
  yield* replicationOffScene(scene);
  yield* disableScene(scene);
}

export function mainOf({ servers, main }: Scene): DemoServer {
  return servers[main];
}

export function standbyOf({ servers, main }: Scene): DemoServer {
  return servers[main === 0 ? 1 : 0];
}

export function swap(scene: Scene): void {
  scene.main = scene.main === 0 ? 1 : 0;
}

async function* changeoverScene(scene: Scene): AsyncGenerator<Step> {
  const { stage } = scene;
  const to = standbyOf(scene);
  let order: Promise<Record<string, unknown>> | undefined;
  const changes = await storm(
    scene.api,
    () => urls(scene),
    { prefix: "planned", count: 800, atOnce },
    (done) => {
      if (done === atOnce) order = stage.must("pair", "changeover", "--to", to.name);
    },
  );
  const done = await order;
  swap(scene);
  await waitFor(stage, mainOf(scene), "main-protected");
  const lost = await missing(scene, changes);
  expect(lost.length === 0, "no acknowledged change is lost", lost.slice(0, 5));
  const ms = String(member(done, "ms"));
  yield {
    ids: ["HS6", "HS8"],
    says: `planned changeover to ${to.name} in ${ms} ms under ${atOnce} concurrent changes: ${changes.length} made, none lost, none twice`,
  };
}

async function* killScene(scene: Scene): AsyncGenerator<Step> {
  const { stage } = scene;
  const old = mainOf(scene);
  const next = standbyOf(scene);
  await waitFor(stage, next, "standby-valid");
  let takeover: Promise<Record<string, unknown>> | undefined;
  const changes = await storm(
    scene.api,
    () => urls(scene),
    { prefix: "killed", count: 800, atOnce },
    (done) => {
      if (done === atOnce) {
        process.kill(old.pid, "SIGKILL");
        takeover = until("the Standby is promoted", 20_000, () => tryPromote(scene, next));
      }
    },
  );
  const done = await takeover;
  swap(scene);
  const lost = await missing(scene, changes);
  expect(lost.length === 0, "every acknowledged change is there once", lost.slice(0, 5));
  const ms = String(member(done, "ms"));
  yield {
    ids: ["HS7", "HS8"],
    says: `${old.name} killed under ${atOnce} concurrent changes, ${next.name} promoted in ${ms} ms: all ${changes.length} acknowledged changes there, none twice`,
  };
  await stage.end(old.name, "SIGKILL");
  await runServer(stage, old);
  await waitFor(stage, old, "standby-valid");
  await waitFor(stage, next, "main-protected");
  yield {
    ids: ["HS9"],
    says: `${old.name} returns, is fenced by the higher term and is a valid Standby by itself`,
  };
}

async function tryPromote(
  scene: Scene,
  server: DemoServer,
): Promise<Record<string, unknown> | undefined> {
  const words = ["pair", "promote", "--local", server.directory, "--reason", "the Main was killed"];
  const ended = await scene.stage.run(...words);
  return ended.exit === 0 ? { ms: member(ended.data, "ms") } : undefined;
}

export function urls({ servers }: Scene): readonly string[] {
  return servers.map(({ url }) => url);
}

/**
 * What was acknowledged and is not there exactly once: each change is asked for again with its own
 * request id and must have the outcome of the first time.
 */
export async function missing(
  scene: Scene,
  changes: readonly Change[],
): Promise<readonly string[]> {
  const lost: string[] = [];
  const seen = new Map<number, string>();
  for (const change of changes) {
    if (change.sequence === null) lost.push(`${change.name}: ${change.refused}`);
    else if (seen.has(change.sequence)) {
      lost.push(`${change.name} has the place of ${seen.get(change.sequence)}`);
    } else seen.set(change.sequence, change.name);
  }
  const queue = [...changes];
  const worker = async (): Promise<void> => {
    for (let change = queue.pop(); change !== undefined; change = queue.pop()) {
      const { name, requestId, sequence } = change;
      const body = { name, display_name: name, roles: [{ role: "VIEWER" }] };
      const again = await scene.api.call(mainOf(scene).url, {
        method: "POST",
        path: "/v1/accounts",
        body,
        requestId,
      });
      const found = member(again?.body, "data", "sequence");
      if (found !== sequence) {
        lost.push(
          `${name}: acknowledged as ${sequence}, now ${JSON.stringify(again?.body).slice(0, 200)}`,
        );
      }
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return lost;
}

export async function killBoth({ stage, servers }: Scene): Promise<void> {
  await Promise.all(servers.map(({ name }) => stage.end(name, "SIGKILL")));
}

async function startBoth(scene: Scene): Promise<void> {
  const { stage, servers } = scene;
  for (const server of servers) await runServer(stage, server);
  await waitFor(stage, mainOf(scene), "main-protected");
  await waitFor(stage, standbyOf(scene), "standby-valid");
}

export function firstDevice({ devices }: Scene): DemoDevice {
  const [first] = devices;
  if (!first) throw new Error("no device");
  return first;
}

async function* bothLostScene(scene: Scene): AsyncGenerator<Step> {
  const { stage } = scene;
  const device = firstDevice(scene);
  await waitForReplica(stage, device);
  await killBoth(scene);
  const member1 = await signIn(stage, device, "anna");
  expect(
    member1.exit === 0 && text(member1, "source") === "replica",
    "anna signs in from the replica",
    member1,
  );
  const athstat = await stage.must("ied", "athstat", device.directory);
  expect(athstat["loggedon"] === true, "ATHSTAT shows LOGGEDON", athstat);
  const stranger = await signIn(stage, device, "egon");
  expect(stranger.exit === 3, "egon is in no group of this device", stranger);
  await stage.must("ied", "logout", device.directory);
  yield {
    ids: ["DV1", "DV2", "DV9"],
    says: "both servers killed: anna signs in from the replica, egon of no group is refused, ATHSTAT shows LOGGEDON",
  };
  await startBoth(scene);
}

async function* replicationOffScene(scene: Scene): AsyncGenerator<Step> {
  const { stage } = scene;
  const device = firstDevice(scene);
  await stage.must("device", "replication", "off", device.name);
  await waitForDevice(stage, device, "its replica is erased", (status) => {
    return (
      member(status, "replication", "enabled") === false &&
      Number(member(status, "replication", "accounts") ?? 0) === 0
    );
  });
  await killBoth(scene);
  const denied = await signIn(stage, device, "anna");
  expect(denied.exit !== 0, "nobody signs in without a server", denied);
  await startBoth(scene);
  const again = await until("anna signs in through a server again", 30_000, async () => {
    const ended = await signIn(stage, device, "anna");
    return ended.exit === 0 ? ended : undefined;
  });
  await stage.must("ied", "logout", device.directory);
  await stage.must("device", "replication", "on", device.name);
  await waitForReplica(stage, device);
  yield {
    ids: ["DV3"],
    says: `replication off: replica erased, everybody denied while no server answers; back through ${text(again, "source")} when one does`,
  };
}

async function* disableScene(scene: Scene): AsyncGenerator<Step> {
  const { stage, devices } = scene;
  for (const device of devices) await waitForReplica(stage, device);
  const before = await counts(scene);
  const startedAt = performance.now();
  await stage.must("account", "disable", "viktor");
  await until("viktor is gone from every replica", 30_000, async () => {
    const now = await counts(scene);
    return now.every((count, index) => count === (before[index] ?? 0) - 1) ? true : undefined;
  });
  const ms = Math.round(performance.now() - startedAt);
  yield {
    ids: ["DV2"],
    says: `viktor disabled at the server: gone from the replica of all ${devices.length} devices within ${ms} ms`,
  };
}

async function counts({ stage, devices }: Scene): Promise<readonly number[]> {
  const statuses = await Promise.all(
    devices.map(({ directory }) => stage.must("ied", "status", directory)),
  );
  return statuses.map((status) => Number(member(status, "replication", "accounts")));
}
