import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../sources.ts";
import { Api } from "./api.ts";
import { arbitrationScenes } from "./arbitration-scenes.ts";
import {
  type DemoDevice,
  type DemoServer,
  initServer,
  member,
  passwords,
  runServer,
  statusOf,
  waitFor,
} from "./cast.ts";
import { deviceScenes, enrolDevices } from "./device-scenes.ts";
import { pairScenes } from "./pair-scenes.ts";
import { recoveryScenes } from "./recovery-scenes.ts";
import { securityScenes } from "./security-scenes.ts";
import type { Stage } from "./stage.ts";
import { until } from "./stage.ts";

/** One line of the demonstration: what was shown, and the features that it shows. */
export interface Step {
  readonly ids: readonly string[];
  readonly says: string;
}

/** Everything on the stage once the system stands. */
export interface Scene {
  readonly stage: Stage;
  readonly servers: readonly [DemoServer, DemoServer];
  readonly devices: readonly DemoDevice[];
  readonly api: Api;
  /** Index of the server that is Main now. */
  main: 0 | 1;
}

const group = "weidenbach";
const station = join(root, "examples", "station.scd");

/** The story, step by step. Each step waits for what it shows and throws when it does not come. */
export async function* story(
  stage: Stage,
  { isUnattended }: { readonly isUnattended: boolean },
): AsyncGenerator<Step> {
  const a = await initServer(stage, "A");
  await runServer(stage, a);
  const token = await createSystem(stage, a);
  yield {
    ids: ["AM1"],
    says: "system created on A, first administrator signed in with a one-time code",
  };
  const api = new Api(token.ca, token.token);
  await fillAccounts(stage, api, a);
  yield {
    ids: ["AM4"],
    says: "600 accounts and the people of the station made, in their replication group",
  };
  const b = await initServer(stage, "B");
  yield* joinStandby(stage, a, b);
  const scene: Scene = { stage, servers: [a, b], devices: await enrolled(stage), api, main: 0 };
  yield {
    ids: ["AM6", "PK3", "PK4"],
    says: "devices imported from a substation file; three made their keys, enrolled over EST, hold their replica",
  };
  yield* deviceScenes(scene);
  if (!isUnattended) return;
  yield* pairScenes(scene);
  yield* securityScenes(scene);
  yield* arbitrationScenes(scene);
  yield* recoveryScenes(scene);
  api.close();
}

async function createSystem(
  stage: Stage,
  a: DemoServer,
): Promise<{ readonly token: string; readonly ca: string }> {
  const base = ["--base", "dc=weidenbach,dc=example", "--site", "Weidenbach"];
  const created = await stage.must("system", "create", "--local", a.directory, ...base);
  const administrator = String(created["administrator"]);
  const code = stage.secretFile("first-code", String(created["code"]));
  const password = stage.secretFile("admin", passwords.admin);
  const ca = join(a.directory, "certificates", "authority.pem");
  const at = ["--server", a.url, "--ca", ca];
  await stage.must("login", administrator, ...at, "--code-file", code);
  await stage.must("password", "change", "--password-file", password, "--current-file", code);
  await stage.must("login", administrator, ...at, "--password-file", password);
  const { token } = await signInForApi(
    a,
    administrator,
    stage.readText("A", "certificates", "authority.pem"),
  );
  return { token, ca: stage.readText("A", "certificates", "authority.pem") };
}

async function signInForApi(
  a: DemoServer,
  account: string,
  ca: string,
): Promise<{ readonly token: string }> {
  const api = new Api(ca, "");
  const body = { name: account, password: passwords.admin };
  const answered = await api.call(a.url, { method: "POST", path: "/v1/session", body });
  api.close();
  const token = member(answered?.body, "data", "token");
  if (typeof token !== "string") throw new Error(`no session: ${JSON.stringify(answered)}`);
  return { token };
}

async function fillAccounts(stage: Stage, api: Api, a: DemoServer): Promise<void> {
  await stage.must("group", "create", group);
  const people = [
    ["anna", "OPERATOR", [group]],
    ["viktor", "VIEWER", [group]],
    ["lukas", "OPERATOR", [group]],
    ["egon", "ENGINEER", []],
  ] as const;
  for (const [name, role, groups] of people) {
    const file = stage.secretFile(name, passwords[name]);
    const joined = groups.flatMap((each) => ["--group", each]);
    const password = ["--password-file", file, "--no-must-change"];
    await stage.must("account", "create", name, "--role", role, ...joined, ...password);
  }
  const names = Array.from({ length: 600 }, (_, index) => `person${index}`);
  const worker = async (): Promise<void> => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const body = { name, display_name: `Person of ${name}`, roles: [{ role: "VIEWER" }] };
      const done = await api.call(a.url, { method: "POST", path: "/v1/accounts", body });
      if (done === null || done.status >= 300) {
        throw new Error(`account ${name}: ${JSON.stringify(done)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
}

/** HS3 first: the Main dies in the middle of the first pass, and what is half is never promoted. */
async function* joinStandby(stage: Stage, a: DemoServer, b: DemoServer): AsyncGenerator<Step> {
  await slowDown(stage, a, 60_000);
  await runServer(stage, b);
  const invited = await stage.must("pair", "invite", "--name", "B");
  const code = stage.secretFile("join-code", String(invited["code"]));
  await stage.must("server", "join", b.directory, "--code-file", code);
  const progress = await until("the first pass is under way", 30_000, async () => {
    const now = member(await statusOf(stage, b), "progress");
    return Number(member(now, "bytes_done")) > 0 ? now : undefined;
  });
  const done = Math.round(Number(member(progress, "bytes_done")) / 1_000);
  const total = Math.round(Number(member(progress, "bytes_total")) / 1_000);
  await stage.end("A", "SIGKILL");
  const reason = await refusedPromotion(stage, b);
  await stage.end("B", "SIGTERM");
  await runServer(stage, b);
  await refusedPromotion(stage, b);
  yield {
    ids: ["HS3"],
    says: `Main killed at ${done} of ${total} kB of the first pass; promotion of B refused, also after its restart: "${reason}"`,
  };
  await slowDown(stage, a, 0);
  await runServer(stage, a);
  await waitFor(stage, b, "standby-valid");
  const status = await statusOf(stage, b);
  const seq = String(member(status, "position", "sequence"));
  yield {
    ids: ["HS2"],
    says: `B made its first pass and follows: valid to change ${seq}, in the ack set`,
  };
}

async function refusedPromotion(stage: Stage, b: DemoServer): Promise<string> {
  const refused = await stage.run(
    "pair",
    "promote",
    "--local",
    b.directory,
    "--reason",
    "demonstration",
  );
  if (refused.exit !== 7) {
    throw new Error(`promotion of a half database: exit ${refused.exit} ${refused.stderr}`);
  }
  return String(refused.error?.message);
}

async function slowDown(stage: Stage, server: DemoServer, rate: number): Promise<void> {
  const file = join(server.directory, "server.toml");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace(/first_pass_rate = \d+/, `first_pass_rate = ${rate}`));
  if (!stage.isRunning(server.name)) return;
  await stage.end(server.name, "SIGTERM");
  await runServer(stage, server);
}

async function enrolled(stage: Stage): Promise<readonly DemoDevice[]> {
  await stage.must("device", "import-scl", station, "--group", group, "--dry-run");
  await stage.must("device", "import-scl", station, "--group", group);
  return enrolDevices(stage);
}
