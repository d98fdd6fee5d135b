// Paired commits, propagation, first pass, changeover, promotion and memory, on real servers over
// real TLS; then the same of PostgreSQL's synchronous pair and of slapd, with ratios.
import { readFileSync } from "node:fs";
import {
  type DemoServer,
  initServer,
  member,
  runServer,
  statusOf,
  waitFor,
} from "../scripts/demo/cast.ts";
import { Stage, until } from "../scripts/demo/stage.ts";
import { type Door, measureChanges, measurePropagation } from "./change-load.ts";
import { createSystem } from "./create-system.ts";
import { fillAccounts } from "./fill-accounts.ts";
import { type Commits, commitsOf, cpuMsOf, sayMs, spreadOf } from "./latencies.ts";
import { measureLdapChanges } from "./ldap/changes.ts";
import { hasPostgres, startPostgresPair } from "./peers/postgres-pair.ts";
import {
  firstPassOfSlapd,
  hasSlapd,
  root,
  rootPassword,
  type Slapd,
  startSlapd,
} from "./peers/slapd.ts";

const accounts = Number(process.argv[2] ?? 50_000);
const secondsEach = Number(process.argv[3] ?? 5);
const stage = new Stage();
const writersOfCommits = [1, 8, 64];
/** At once, where we stand beside slapd and measure how fast a change spreads under load. */
const writersOfOthers = 8;
/** A server that runs for years has its code compiled. */
const warmUpSeconds = 2;

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
  const main = await createSystem(stage, a);
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
  await measureChanges(main, { writers: writersOfOthers, seconds: warmUpSeconds, accounts });
  for (const writers of writersOfCommits) {
    commits.set(writers, await pairedCommits(main, writers, [a, b]));
  }
  const standby = { ...main, port: b.https };
  await propagation({ main, standby });
  await changeover(a, b);
  await promotion(a, b);
  say("resident memory", accounts, `A ${residentMb(a)} MB`);
  return { firstPassMs, commits };
}

async function besideSlapd(): Promise<void> {
  if (!hasSlapd()) return console.log("slapd is not installed (Debian: slapd, slapd-contrib).");
  const source = await startSlapd({ users: accounts, verifier: "x".repeat(97), prefix: [] });
  try {
    const passMs = await firstPassOfSlapd(source);
    const ratio = (ours.firstPassMs / passMs).toFixed(2);
    say("first pass of slapd", accounts, `${Math.round(passMs)} ms, ours/slapd ${ratio}`);
    await changesOfSlapd(source);
  } finally {
    await source.stop();
  }
}

/** slapd's are durable on one disk when they are answered, ours on two. */
async function changesOfSlapd({ port }: Slapd): Promise<void> {
  const load = { writers: writersOfOthers, users: accounts, seconds: secondsEach };
  const as = { dn: root, password: rootPassword };
  const peer = commitsOf(await measureLdapChanges({ port, as, ...load }), secondsEach);
  const own = ours.commits.get(writersOfOthers);
  const ratio = ((own?.perSecond ?? Number.NaN) / peer.perSecond).toFixed(2);
  say(
    `durable changes of slapd over LDAPS, ${writersOfOthers} at once`,
    accounts,
    `${peer.perSecond}/s, ${sayMs(peer)}; ours/slapd rate ${ratio}`,
  );
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

async function pairedCommits(
  main: Door,
  writers: number,
  servers: readonly DemoServer[],
): Promise<Commits> {
  const before = servers.map(({ pid }) => cpuMsOf(pid));
  const times = await measureChanges(main, { writers, seconds: secondsEach, accounts });
  const commits = commitsOf(times, secondsEach);
  const spent = servers.map(({ name, pid }, index) => {
    const each = (cpuMsOf(pid) - (before[index] ?? 0)) / times.length;
    return `${name} ${each.toFixed(2)} ms`;
  });
  say(
    `paired commits over HTTPS, ${writers} at once`,
    accounts,
    `${commits.perSecond}/s, ${sayMs(commits)}; processor for each: ${spent.join(", ")}`,
  );
  return commits;
}

async function propagation(doors: { readonly main: Door; readonly standby: Door }): Promise<void> {
  const idle = await measurePropagation(doors, "person0", secondsEach);
  say("from the Main's answer to the Standby's, idle", accounts, sayMs(spreadOf(idle)));
  const load = { writers: writersOfOthers, seconds: secondsEach, accounts };
  const [busy] = await Promise.all([
    measurePropagation(doors, "admin", secondsEach),
    measureChanges(doors.main, load),
  ]);
  say(
    `from the Main's answer to the Standby's, ${writersOfOthers} writers`,
    accounts,
    sayMs(spreadOf(busy)),
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
