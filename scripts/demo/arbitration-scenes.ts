import { storm } from "./api.ts";
import { member, runServer, statusOf, waitFor } from "./cast.ts";
import { expect } from "./device-scenes.ts";
import { atOnce, mainOf, missing, standbyOf, swap, urls } from "./pair-scenes.ts";
import { freePort, until } from "./stage.ts";
import type { Scene, Step } from "./story.ts";

/** Who goes on when a server is taken out, dies or is silent, in each arbitration mode. */
export async function* arbitrationScenes(scene: Scene): AsyncGenerator<Step> {
  await signInAgain(scene);
  yield* maintenanceScene(scene);
  yield* witnessScene(scene);
  yield* pairModeScene(scene);
}

/** A sign-in learns the servers that are there: the first one was before B had joined. */
async function signInAgain({ stage }: Scene): Promise<void> {
  const { account } = await stage.must("whoami");
  await stage.must(
    "login",
    String(member(account, "name")),
    "--password-file",
    stage.path("admin"),
  );
}

function since(startedAt: number): string {
  return `${Math.round(performance.now() - startedAt)} ms`;
}

async function* maintenanceScene(scene: Scene): AsyncGenerator<Step> {
  const { stage } = scene;
  const [main, standby] = [mainOf(scene), standbyOf(scene)];
  await waitFor(stage, main, "main-protected");
  const startedAt = performance.now();
  await stage.must("pair", "maintenance", "on", "--local", standby.directory);
  await waitFor(stage, standby, "maintenance");
  await waitFor(stage, main, "main-exposed");
  const exposed = since(startedAt);
  const why = String(member(await statusOf(stage, main), "cause", "text"));
  await stage.must("group", "create", "made-in-maintenance");
  const offAt = performance.now();
  await stage.must("pair", "maintenance", "off", "--local", standby.directory);
  await waitFor(stage, standby, "standby-valid");
  await waitFor(stage, main, "main-protected");
  yield {
    ids: ["HS18"],
    says: `${standby.name} in maintenance, ${main.name} exposed and goes on after ${exposed}: "${why}"; off: valid again by itself in ${since(offAt)}`,
  };
}

async function* witnessScene(scene: Scene): AsyncGenerator<Step> {
  const { stage } = scene;
  await addWitness(scene);
  await stage.must("pair", "mode", "witness");
  const [old, next] = [mainOf(scene), standbyOf(scene)];
  await waitFor(stage, next, "standby-valid");
  let lastAt = Infinity;
  let stoodStill = 0;
  const changes = await storm(
    scene.api,
    () => urls(scene),
    { prefix: "witnessed", count: 800, atOnce },
    (done) => {
      if (done === atOnce) process.kill(old.pid, "SIGKILL");
      if (done >= atOnce) {
        stoodStill = Math.max(stoodStill, performance.now() - lastAt);
        lastAt = performance.now();
      }
    },
  );
  await waitFor(stage, next, "main-exposed", "main-protected");
  swap(scene);
  const lost = await missing(scene, changes);
  expect(lost.length === 0, "every acknowledged change is there once", lost.slice(0, 5));
  yield {
    ids: ["HS7", "HS8"],
    says: `witness mode: ${old.name} killed under ${atOnce} concurrent changes, ${next.name} took over by itself, changes stood still for ${Math.round(stoodStill)} ms: all ${changes.length} acknowledged changes there, none twice`,
  };
  const startedAt = performance.now();
  await stage.end(old.name, "SIGKILL");
  await runServer(stage, old);
  await waitFor(stage, old, "standby-valid");
  await waitFor(stage, next, "main-protected");
  yield {
    ids: ["HS9"],
    says: `${old.name} returns and is a valid Standby by itself in ${since(startedAt)}`,
  };
}

async function addWitness({ stage, servers }: Scene): Promise<void> {
  const directory = stage.path("witness");
  const place = ["--listen", "127.0.0.1", "--port", String(await freePort())];
  const made = await stage.must("witness", "init", directory, ...place);
  await stage.start("witness", "witness", "run", directory);
  const code = stage.secretFile("witness-code", String(made["code"]));
  await stage.must("pair", "witness", "add", "--allow-same-host", "--code-file", code);
  for (const server of servers) {
    await until(`${server.name} is connected to the witness`, 30_000, async () => {
      const { arbitration } = await statusOf(stage, server);
      return member(arbitration, "witness", "state") === "connected" ? true : undefined;
    });
  }
}

async function* pairModeScene(scene: Scene): AsyncGenerator<Step> {
  const { stage } = scene;
  const [main, standby] = [mainOf(scene), standbyOf(scene)];
  await stage.must("pair", "mode", "pair");
  await waitFor(stage, main, "main-protected");
  const startedAt = performance.now();
  await stage.end(standby.name, "SIGKILL");
  await waitFor(stage, main, "main-read-only");
  const stopped = since(startedAt);
  const { remedy } = await statusOf(stage, main);
  const refused = await stage.run("group", "create", "made-alone");
  const isRefused = refused.error?.code.startsWith("pair.") === true;
  expect(isRefused, "changes have stopped", refused);
  const backAt = performance.now();
  await runServer(stage, standby);
  await waitFor(stage, main, "main-protected");
  await stage.must("group", "create", "made-by-the-pair");
  const back = since(backAt);
  await waitFor(stage, standby, "standby-valid");
  await stage.must("pair", "mode", "manual");
  await stage.must("pair", "witness", "remove", "--yes");
  await stage.end("witness", "SIGTERM");
  yield {
    ids: ["HS7"],
    says: `pair mode: ${standby.name} off, ${main.name} stops changes after ${stopped}: "${String(remedy)}"; it returns: changes go on by themselves in ${back}`,
  };
}
