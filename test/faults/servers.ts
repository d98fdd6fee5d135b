import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { localSocketPath } from "@gridward/runtime/os/local-socket";
import { type Answered, Api, type Change, freshRequestId } from "../../scripts/demo/api.ts";
import { type DemoServer, initServer as initDefault, member } from "../../scripts/demo/cast.ts";
import { type Ended, isRecord, type Stage, until } from "../../scripts/demo/stage.ts";
import { root } from "../../scripts/sources.ts";

/** Real servers to break: started as an operator starts them, watched through their own socket. */

export const adminPassword = "Breaks-it-on-purpose-7";
/**
 * The longest way is that of a Standby that was dropped twice: 4 s until it is, 20 s held off, then
 * caught up and proved. Twice that, as the machine of the tests may be busy with another file of them.
 */
export const stateLimitMs = 60_000;

/** A number in `server.toml`, from the next start of this server on. */
export function setNumber(
  { directory }: Pick<DemoServer, "directory">,
  key: string,
  value: number,
): void {
  const path = join(directory, "server.toml");
  const line = new RegExp(`^${key} = \\d+$`, "m");
  const text = readFileSync(path, "utf8");
  assert.match(text, line);
  writeFileSync(path, text.replace(line, `${key} = ${value}`));
}

/**
 * No server gives its duty away because the machine of the tests is busy: a minute without a turn is
 * the most that can be set. `gray` plays servers that do, and sets what it needs.
 */
export const slowAfterMs = 60_000;

export async function initServer(stage: Stage, name: string): Promise<DemoServer> {
  const server = await initDefault(stage, name);
  setNumber(server, "slow_after_ms", slowAfterMs);
  return server;
}

/** Asks the local socket: no process is started for a look. Null where nobody answers. */
async function askLocal(
  { directory }: Pick<DemoServer, "directory">,
  method: "GET" | "POST",
  path: string,
  body: unknown,
): Promise<Answered | null> {
  const text = body === null ? "" : JSON.stringify(body);
  const headers = body === null ? {} : { "content-type": "application/json" };
  const sent = request({
    socketPath: localSocketPath(directory),
    method,
    path,
    headers: { ...headers, "request-id": freshRequestId() },
    timeout: 20_000,
  });
  sent.on("timeout", () => sent.destroy());
  sent.end(text);
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      sent.once("response", resolve).once("error", reject);
    });
    let answer = "";
    for await (const piece of response) answer += String(piece);
    const parsed: unknown = JSON.parse(answer);
    return { status: response.statusCode ?? 0, body: isRecord(parsed) ? parsed : {} };
  } catch {
    return null;
  }
}

export async function orderLocally(
  server: Pick<DemoServer, "directory">,
  path: string,
  body: unknown,
): Promise<Answered | null> {
  return askLocal(server, "POST", path, body);
}

export type Status = Readonly<Record<string, unknown>>;

/** `server status`, without a process for each look; undefined while nobody answers. */
export async function lookAt(server: Pick<DemoServer, "directory">): Promise<Status | undefined> {
  const answered = await askLocal(server, "GET", "/local/status", null);
  const shown = member(answered?.body, "data");
  return isRecord(shown) ? shown : undefined;
}

export async function waitUntil(
  server: Pick<DemoServer, "directory" | "name">,
  what: string,
  isSo: (status: Status) => boolean,
): Promise<Status> {
  let last: Status | undefined;
  try {
    return await until(`${server.name}: ${what}`, stateLimitMs, async () => {
      last = (await lookAt(server)) ?? last;
      return last !== undefined && isSo(last) ? last : undefined;
    });
  } catch (error) {
    throw new Error(`${String(error)}; it is ${JSON.stringify(last)}`, { cause: error });
  }
}

export async function waitForState(
  server: Pick<DemoServer, "directory" | "name">,
  ...states: readonly string[]
): Promise<Status> {
  return waitUntil(server, states.join(" or "), ({ state }) => states.includes(String(state)));
}

/** Every change waits for just these. */
export async function waitForAckSet(
  server: Pick<DemoServer, "directory" | "name">,
  ...names: readonly string[]
): Promise<void> {
  await waitUntil(server, `${names.join()} are its ack set`, ({ ack_set: set }) => {
    return (
      Array.isArray(set) && set.length === names.length && names.every((id) => set.includes(id))
    );
  });
}

/** What this server says of its partners, not what they say of themselves. */
export async function waitForPartner(
  server: Pick<DemoServer, "directory" | "name">,
  state: string,
): Promise<Status> {
  return waitUntil(server, `a partner is ${state}`, ({ partners }) => {
    return (
      Array.isArray(partners) && partners.some((partner) => member(partner, "state") === state)
    );
  });
}

/** Creates a system on a blank running server; a client with an administrator's session. */
export async function foundSystem(stage: Stage, server: DemoServer): Promise<Api> {
  const order = { base: "dc=fault,dc=example", site: "Fault", administrator: "admin" };
  const founded = await orderLocally(server, "/local/system", order);
  const code = member(founded?.body, "data", "code");
  assert.equal(typeof code, "string", JSON.stringify(founded));
  const ca = stage.readText(server.name, "certificates", "authority.pem");
  const first = await signIn(server, ca, { name: "admin", code });
  const path = "/v1/session/password";
  const body = { password: adminPassword };
  const changed = await first.call(server.url, { method: "POST", path, body });
  assert.equal(changed?.status, 200, JSON.stringify(changed));
  first.close();
  return signIn(server, ca, { name: "admin", password: adminPassword });
}

export async function signIn(server: DemoServer, ca: string, body: unknown): Promise<Api> {
  const stranger = new Api(ca, "");
  const answered = await stranger.call(server.url, { method: "POST", path: "/v1/session", body });
  stranger.close();
  const token = member(answered?.body, "data", "token");
  assert.ok(typeof token === "string", JSON.stringify(answered));
  return new Api(ca, token);
}

/** What a sign-in with the right or a wrong password ends in, as an HTTP status. */
export async function signInStatus(
  stage: Stage,
  server: DemoServer,
  password: string,
): Promise<number> {
  const stranger = new Api(stage.readText(server.name, "certificates", "authority.pem"), "");
  const body = { name: "admin", password };
  const answered = await stranger.call(server.url, { method: "POST", path: "/v1/session", body });
  stranger.close();
  return answered?.status ?? 0;
}

export async function invite(api: Api, main: DemoServer, name: string): Promise<string> {
  const order = { method: "POST", path: "/v1/pair/invites", body: { name } };
  const invited = await api.call(main.url, order);
  const code = member(invited?.body, "data", "code");
  assert.ok(typeof code === "string", JSON.stringify(invited));
  return code;
}

/** Makes a server a Standby, up to where the first pass may begin. */
export async function joinTo(api: Api, main: DemoServer, standby: DemoServer): Promise<void> {
  const code = await invite(api, main, standby.name);
  const joined = await orderLocally(standby, "/local/join", { code });
  assert.equal(joined?.status, 200, JSON.stringify(joined));
}

export async function promote(server: DemoServer, force: boolean): Promise<Answered | null> {
  return orderLocally(server, "/local/promote", { force, reason: "a test of faults" });
}

/** One account more; null where no server could say what became of it. */
export async function addAccount(
  api: Api,
  server: DemoServer,
  name: string,
): Promise<Answered | null> {
  const body = { name, display_name: name, roles: [{ role: "VIEWER" }] };
  const requestId = freshRequestId();
  return api.call(server.url, { method: "POST", path: "/v1/accounts", body, requestId });
}

/** Names of all accounts as a server shows them, each as often as it is there. */
export async function accountNames(api: Api, server: DemoServer): Promise<readonly string[]> {
  const names: string[] = [];
  let cursor = "";
  for (;;) {
    const path = `/v1/accounts?limit=100${cursor === "" ? "" : `&cursor=${cursor}`}`;
    const page = await api.call(server.url, { method: "GET", path });
    const rows = member(page?.body, "data", "rows");
    assert.ok(Array.isArray(rows), JSON.stringify(page));
    for (const row of rows) names.push(String(member(row, "name")));
    const next = member(page?.body, "data", "next");
    if (typeof next !== "string") return names;
    cursor = encodeURIComponent(next);
  }
}

/** Rule I1: what was acknowledged is there, once; each account of a storm has its own name. */
export function assertNoneLost(acknowledged: readonly Change[], names: readonly string[]): void {
  const lost = acknowledged.filter(
    ({ name }) => names.filter((each) => each === name).length !== 1,
  );
  assert.deepEqual(
    lost.map(({ name }) => name),
    [],
  );
}

/** `gridward server run` where it must refuse: what it said, and its exit code. */
export async function startRefused(directory: string): Promise<Ended> {
  const child = spawn(
    process.execPath,
    [join(root, "bin", "gridward"), "server", "run", directory],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (piece: string) => (stderr += piece));
  child.stdout.once("data", () => child.kill("SIGKILL")); // It is ready: it did not refuse.
  const exit = await new Promise<number>((done) => {
    child.once("close", (code) => done(code ?? -1));
  });
  return { exit, data: null, error: null, stderr };
}

/** A refusal of a start is one sentence, then a remedy, and no trace of our own code. */
export function assertSaid(
  ended: Ended,
  exit: number,
  code: string,
  ...words: readonly RegExp[]
): void {
  assert.equal(ended.exit, exit, ended.stderr);
  assert.match(ended.stderr, new RegExp(`^[A-Z].*\\n[A-Z].* \\[${code}\\]\\n$`));
  for (const word of words) assert.match(ended.stderr, word);
}

/** A refusal of a command, in the envelope. */
export function assertRefused(ended: Ended, exit: number, code: string): void {
  assert.deepEqual([ended.exit, ended.error?.code], [exit, code], JSON.stringify(ended));
}
