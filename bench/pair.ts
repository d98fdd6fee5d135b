// Paired commits, first pass, changeover, promotion and memory, on real servers over real TLS; then
// the same of PostgreSQL's synchronous pair and of slapd's replication, with ratios.
import { readFileSync } from "node:fs";
import { Api, freshRequestId } from "../scripts/demo/api.ts";
import {
  type DemoServer,
  initServer,
  member,
  passwords,
  runServer,
  statusOf,
  waitFor,
} from "../scripts/demo/cast.ts";
import { Stage, until } from "../scripts/demo/stage.ts";
import { fillAccounts } from "./fill-accounts.ts";
import { type Commits, hasPostgres, startPostgresPair } from "./peers/postgres-pair.ts";
import { firstPassOfSlapd, hasSlapd, startSlapd } from "./peers/slapd.ts";

const accounts = Number(process.argv[2] ?? 50_000);
const secondsEach = Number(process.argv[3] ?? 5);
const stage = new Stage();
const writersOfCommits = [1, 8, 64];

const ours = await stagedOurs();
await besideSlapd();
await besidePostgres();

interface Ours {
  readonly firstPassMs: number;
  readonly commits: ReadonlyMap<number, Commits>;
}

async function stagedOurs(): Promise<Ours> {
  try {
    return await measureOurs();
  } finally {
    await stage.clear();
  }
}

async function measureOurs(): Promise<Ours> {
  const a = await initServer(stage, "A");
  await runServer(stage, a);
  const api = await createSystem(a);
  await stage.end("A", "SIGTERM");
  fillAccounts(a.directory, accounts);
  const startedAt = performance.now();
  await runServer(stage, a);
  say(
    "start with accounts",
    accounts,
    `${ms(startedAt)} ms to ready, ${residentMb(a)} MB resident`,
  );
  const b = await initServer(stage, "B");
  await runServer(stage, b);
  const firstPassMs = await firstPass(a, b);
  const commits = new Map<number, Commits>();
  for (const writers of writersOfCommits) {
    commits.set(writers, await pairedCommits(api, a, writers));
  }
  await changeover(a, b);
  await promotion(a, b);
  say("resident memory", accounts, `A ${residentMb(a)} MB`);
  api.close();
  return { firstPassMs, commits };
}

async function besideSlapd(): Promise<void> {
  if (!hasSlapd()) return console.log("slapd is not installed (Debian: slapd, slapd-contrib).");
  const source = await startSlapd({ users: accounts, verifier: "x".repeat(97), prefix: [] });
  try {
    const passMs = await firstPassOfSlapd(source);
    const ratio = (ours.firstPassMs / passMs).toFixed(2);
    say("first pass of slapd", accounts, `${Math.round(passMs)} ms, ours/slapd ${ratio}`);
  } finally {
    await source.stop();
  }
}

async function besidePostgres(): Promise<void> {
  if (!hasPostgres()) return console.log("No PostgreSQL beside (Debian: postgresql; as root).");
  const pair = await startPostgresPair();
  try {
    for (const [writers, own] of ours.commits) {
      const peer = pair.commits(writers, secondsEach);
      const rate = (own.perSecond / peer.perSecond).toFixed(3);
      const middle = (own.p50Ms / peer.p50Ms).toFixed(2);
      console.log(
        `PostgreSQL's synchronous pair, ${writers} at once: ${Math.round(peer.perSecond)}/s, ` +
          `p50 ${peer.p50Ms.toFixed(2)} ms; ours/PostgreSQL rate ${rate}, p50 ${middle}`,
      );
    }
  } finally {
    pair.stop();
  }
}

async function createSystem(a: DemoServer): Promise<Api> {
  const base = ["--base", "dc=bench", "--site", "Bench"];
  const created = await stage.must("system", "create", "--local", a.directory, ...base);
  const code = stage.secretFile("code", String(created["code"]));
  const password = stage.secretFile("password", passwords.admin);
  const ca = `${a.directory}/certificates/authority.pem`;
  await stage.must("login", "admin", "--server", a.url, "--ca", ca, "--code-file", code);
  await stage.must("password", "change", "--current-file", code, "--password-file", password);
  await stage.must("login", "admin", "--server", a.url, "--ca", ca, "--password-file", password);
  const body = { name: "admin", password: passwords.admin };
  const anchor = readFileSync(ca, "utf8");
  const session = await new Api(anchor, "").call(a.url, {
    method: "POST",
    path: "/v1/session",
    body,
  });
  return new Api(anchor, String(member(session?.body, "data", "token")));
}

async function firstPass(a: DemoServer, b: DemoServer): Promise<number> {
  const invited = await stage.must("pair", "invite", "--name", "B");
  const code = stage.secretFile("join", String(invited["code"]));
  await stage.must("server", "join", b.directory, "--code-file", code);
  const joinedAt = performance.now();
  await waitFor(stage, b, "standby-valid");
  const passMs = ms(joinedAt);
  say(
    "first pass",
    accounts,
    `${passMs} ms from the end of join to valid (with process start of the waiting CLI)`,
  );
  say("resident memory", accounts, `A ${residentMb(a)} MB, B ${residentMb(b)} MB`);
  return passMs;
}

/** Each writer waits for its answer, then sends the next: what one administrator's script sees. */
async function pairedCommits(api: Api, a: DemoServer, writers: number): Promise<Commits> {
  const times: number[] = [];
  const end = performance.now() + secondsEach * 1_000;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() < end) {
      const number = next++ % accounts;
      const at = performance.now();
      const done = await api.call(a.url, {
        method: "PATCH",
        path: `/v1/accounts/person${number}`,
        body: { display_name: `Changed at ${at}` },
        requestId: freshRequestId(),
      });
      if (done?.status !== 200) throw new Error(`change: ${JSON.stringify(done)}`);
      times.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: writers }, worker));
  times.sort((left, right) => left - right);
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(2);
  const rate = Math.round(times.length / secondsEach);
  say(
    `paired commits over HTTPS, ${writers} at once`,
    accounts,
    `${rate}/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`,
  );
  return { perSecond: rate, p50Ms: times[Math.floor(times.length / 2)] ?? Number.NaN };
}

async function changeover(a: DemoServer, b: DemoServer): Promise<void> {
  const done = await stage.must("pair", "changeover", "--to", "B");
  say("planned changeover", accounts, `${String(done["ms"])} ms by the Main's clock`);
  await waitFor(stage, a, "standby-valid");
  await waitFor(stage, b, "main-protected");
}

async function promotion(a: DemoServer, b: DemoServer): Promise<void> {
  process.kill(b.pid, "SIGKILL");
  const done = await until("promoted", 20_000, async () => {
    const ended = await stage.run("pair", "promote", "--local", a.directory, "--reason", "bench");
    return ended.exit === 0 ? ended.data : undefined;
  });
  say(
    "promotion after SIGKILL",
    accounts,
    `${String(member(done, "ms"))} ms by the Standby's clock`,
  );
  const status = await statusOf(stage, a);
  if (status["state"] !== "main-exposed") throw new Error(`A is ${String(status["state"])}`);
}

function say(what: string, count: number, figures: string): void {
  console.log(`${what} (${count} accounts): ${figures}`);
}

function ms(since: number): number {
  return Math.round(performance.now() - since);
}

function residentMb({ pid }: DemoServer): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Math.round(Number(line?.[1] ?? 0) / 1024);
}
