import { rmSync } from "node:fs";
import { join } from "node:path";
import { member, runServer, statusOf, waitFor } from "./cast.ts";
import { expect, signIn, text } from "./device-scenes.ts";
import { firstDevice, killBoth, mainOf, standbyOf, swap } from "./pair-scenes.ts";
import { isRecord, until } from "./stage.ts";
import type { Scene, Step } from "./story.ts";

/** What is not lost when the servers have parted, and when a database is gone. */
export async function* recoveryScenes(scene: Scene): AsyncGenerator<Step> {
  yield* setAsideScene(scene);
  yield* backupScene(scene);
}

function since(startedAt: number): string {
  return `${Math.round(performance.now() - startedAt)} ms`;
}

async function* setAsideScene(scene: Scene): AsyncGenerator<Step> {
  const { stage } = scene;
  const [old, next] = [mainOf(scene), standbyOf(scene)];
  await waitFor(stage, old, "main-protected");
  await stage.end(next.name, "SIGKILL");
  await stage.must("group", "create", "made-alone");
  await stage.must("account", "disable", "lukas");
  await stage.end(old.name, "SIGKILL");
  await runServer(stage, next);
  const order = ["--local", next.directory, "--force", "--yes", "--reason", "demonstration"];
  await stage.must("pair", "promote", ...order);
  swap(scene);
  const startedAt = performance.now();
  await runServer(stage, old);
  await waitFor(stage, old, "standby-valid");
  await waitFor(stage, next, "main-protected");
  const back = since(startedAt);
  const [first, second, ...others] = await until("the changes are listed", 20_000, async () => {
    const rows = await open(scene);
    return rows.length > 1 ? rows : undefined;
  });
  const isFirst = first?.lowers === true && first.what.includes("lukas");
  expect(isFirst && second?.lowers === false && others.length === 0, "two to judge, worst first", {
    first,
    second,
    others,
  });
  await stage.must("pair", "set-aside", "reapply", first?.id ?? "");
  await stage.must("pair", "set-aside", "reject", second?.id ?? "", "--reason", "not wanted");
  const judgedAt = performance.now();
  await until("the alarm is gone everywhere", 20_000, async () => {
    const statuses = await Promise.all(scene.servers.map((server) => statusOf(stage, server)));
    const shown = JSON.stringify(statuses.map(({ alarms }) => alarms));
    return shown.includes("pair.set-aside") ? undefined : true;
  });
  yield {
    ids: ["HS9"],
    says: `${old.name} acknowledged two changes alone, ${next.name} forced Main; ${old.name} back as a valid Standby in ${back}, both set aside, first "${first?.what}": re-applied, the other rejected, alarm gone after ${since(judgedAt)}`,
  };
}

interface Listed {
  readonly id: string;
  readonly what: string;
  readonly lowers: boolean;
}

/**
 * The open ones. A Main killed under load may have held changes that nobody was told of; their
 * makers sent them again, so they are judged already.
 */
async function open({ stage }: Scene): Promise<readonly Listed[]> {
  const { data } = await stage.run("pair", "set-aside", "list");
  if (!Array.isArray(data)) return [];
  const rows = data.filter(isRecord).filter(({ judged }) => judged === null);
  return rows.map((row) => ({
    id: String(row["id"]),
    what: String(row["what"]),
    lowers: row["lowers_security"] === true,
  }));
}

async function* backupScene(scene: Scene): AsyncGenerator<Step> {
  const { stage } = scene;
  const [main, standby, device] = [mainOf(scene), standbyOf(scene), firstDevice(scene)];
  const made = await stage.must("backup", "key", "create");
  const key = stage.secretFile("recovery-key", String(made["recovery_key"]));
  await stage.must("backup", "key", "confirm", "--local", main.directory, "--key-file", key);
  const file = stage.path("demo.gwbackup");
  await stage.must("backup", "create", "--local", main.directory, "--out", file);
  await stage.must("group", "create", "lost-by-the-restore");
  await killBoth(scene);
  const order = ["backup", "restore", file, "--key-file", key, "--into", main.directory];
  const { changes_lost: lost } = await stage.must(...order, "--dry-run");
  rmSync(join(main.directory, "generations"), { recursive: true });
  const startedAt = performance.now();
  await stage.must(...order, "--yes");
  await runServer(stage, main);
  await waitFor(stage, main, "main-exposed", "main-protected");
  const restored = since(startedAt);
  const member1 = await until("anna signs in through the restored Main", 30_000, async () => {
    const ended = await signIn(stage, device, "anna");
    return ended.exit === 0 && text(ended, "source") === "main" ? ended : undefined;
  });
  await stage.must("ied", "logout", device.directory);
  const term = String(member(await statusOf(stage, main), "position", "term"));
  const backAt = performance.now();
  await runServer(stage, standby);
  await waitFor(stage, standby, "standby-valid");
  await waitFor(stage, main, "main-protected");
  yield {
    ids: ["HS12"],
    says: `both off, database of ${main.name} wiped and restored from a backup in ${restored} (term ${term}, ${String(lost)} changes lost, said before); anna signs in through ${text(member1, "source")}; ${standby.name} valid again in ${since(backAt)}`,
  };
}
