// Paired commits, first pass, changeover, promotion and memory, on real servers over real TLS.
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

const accounts = Number(process.argv[2] ?? 50_000);
const secondsEach = Number(process.argv[3] ?? 5);
const stage = new Stage();

try {
  await bench();
} finally {
  await stage.clear();
}

async function bench(): Promise<void> {
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
  await firstPass(a, b);
  for (const writers of [1, 8, 64]) await pairedCommits(api, a, writers);
  await changeover(a, b);
  await promotion(a, b);
  say("resident memory", accounts, `A ${residentMb(a)} MB`);
  api.close();
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

async function firstPass(a: DemoServer, b: DemoServer): Promise<void> {
  const invited = await stage.must("pair", "invite", "--name", "B");
  const code = stage.secretFile("join", String(invited["code"]));
  await stage.must("server", "join", b.directory, "--code-file", code);
  const joinedAt = performance.now();
  await waitFor(stage, b, "standby-valid");
  say(
    "first pass",
    accounts,
    `${ms(joinedAt)} ms from the end of join to valid (with process start of the waiting CLI); slapd 37,500-51,600 ms measured before`,
  );
  say("resident memory", accounts, `A ${residentMb(a)} MB, B ${residentMb(b)} MB`);
}

/** Each writer waits for its answer, then sends the next: what one administrator's script sees. */
async function pairedCommits(api: Api, a: DemoServer, writers: number): Promise<void> {
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
