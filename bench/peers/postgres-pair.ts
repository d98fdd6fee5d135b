// PostgreSQL as Debian ships it: a primary and a synchronous hot standby over TLS, each commit on
// both disks before its answer. Nothing of the system's own clusters is touched.
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeId } from "@gridward/core/base/identity";
import { createTemporary } from "@gridward/runtime/trust/temporary";
import { createTlsKey, keyToPem } from "@gridward/runtime/trust/x509/keys";
import { freePort } from "../../scripts/demo/stage.ts";
import type { Commits } from "../latencies.ts";

const programs = "/usr/lib/postgresql/15/bin";
/** PostgreSQL refuses to run as root. */
const asPostgres = ["-u", "postgres", "--"];

export type PeerCommits = Pick<Commits, "perSecond" | "p50Ms">;

export interface PostgresPair {
  /** Inserts of 300 bytes, each its own transaction, by `writers` connections over TLS. */
  readonly commits: (writers: number, seconds: number) => PeerCommits;
  readonly stop: () => void;
}

export function hasPostgres(): boolean {
  return existsSync(join(programs, "pgbench")) && process.getuid?.() === 0;
}

export async function startPostgresPair(): Promise<PostgresPair> {
  const home = mkdtempSync(join(tmpdir(), "gridward-bench-postgres-"));
  const paths = { home, main: join(home, "main"), standby: join(home, "standby") };
  const ports = [await freePort(), await freePort()] as const;
  const stop = (): void => {
    for (const directory of [paths.standby, paths.main]) {
      if (!existsSync(join(directory, "postmaster.pid"))) continue;
      run("pg_ctl", "-D", directory, "-m", "immediate", "-w", "stop");
    }
    rmSync(home, { recursive: true });
  };
  try {
    createMain(paths, ports[0]);
    run("psql", "-q", "-h", home, "-p", String(ports[0]), "-U", "postgres", "-c", tableOfChanges);
    createStandby(paths, ports);
  } catch (error) {
    stop();
    throw error;
  }
  const commits = (writers: number, seconds: number): PeerCommits =>
    measure(home, { port: ports[0], writers, seconds });
  return { commits, stop };
}

const tableOfChanges = "create table changes(seq bigserial primary key, body text)";

interface Paths {
  readonly home: string;
  readonly main: string;
  readonly standby: string;
}

function createMain({ home, main }: Paths, port: number): void {
  const key = createTlsKey();
  const order = { key, node: nodeId("postgres"), name: "postgres", hosts: ["127.0.0.1"] };
  const certificate = createTemporary({ ...order, now: Date.now() });
  mkdirSync(join(home, "tls"));
  writeFileSync(join(home, "tls", "key.pem"), keyToPem(key).reveal(), { mode: 0o600 });
  writeFileSync(join(home, "tls", "certificate.pem"), certificate.toString());
  const insert = `insert into changes(body) values('${"x".repeat(300)}');\n`;
  writeFileSync(join(home, "insert.sql"), insert, { mode: 0o644 });
  execFileSync("chown", ["-R", "postgres", home]);
  run("initdb", "-D", main, "-A", "trust", "-U", "postgres", "--no-locale", "-E", "UTF8");
  const lines = [
    "listen_addresses='127.0.0.1'",
    `unix_socket_directories='${home}'`,
    "ssl=on",
    "ssl_min_protocol_version='TLSv1.3'",
    `ssl_cert_file='${join(home, "tls", "certificate.pem")}'`,
    `ssl_key_file='${join(home, "tls", "key.pem")}'`,
    "wal_level=replica",
    "synchronous_commit=on",
    "hot_standby=on",
  ];
  appendFileSync(join(main, "postgresql.conf"), `${lines.join("\n")}\n`);
  const hosts = ["local all all trust", "hostssl all all 127.0.0.1/32 trust"];
  hosts.push("hostssl replication all 127.0.0.1/32 trust");
  writeFileSync(join(main, "pg_hba.conf"), `${hosts.join("\n")}\n`);
  start(main, port);
}

function createStandby(paths: Paths, [main, standby]: readonly [number, number]): void {
  const { home } = paths;
  const source = `host=127.0.0.1 port=${main} user=postgres sslmode=require application_name=standby`;
  run("pg_basebackup", "-D", paths.standby, "-d", source, "-R", "-X", "stream", "-c", "fast");
  const settings = join(paths.standby, "postgresql.auto.conf");
  appendFileSync(settings, `primary_conninfo='${source}'\n`);
  start(paths.standby, standby);
  const psql = ["-q", "-h", home, "-p", String(main), "-U", "postgres"];
  const synchronous = "alter system set synchronous_standby_names='standby'";
  run("psql", ...psql, "-c", synchronous, "-c", "select pg_reload_conf()");
  // The first commit that needs the standby waits for it: from here on the pair stands.
  run("psql", ...psql, "-c", "insert into changes(body) values('first')");
}

function start(directory: string, port: number): void {
  const log = join(directory, "log");
  run("pg_ctl", "-D", directory, "-o", `-p ${port}`, "-l", log, "-w", "start");
}

function measure(
  home: string,
  { port, writers, seconds }: { port: number; writers: number; seconds: number },
): PeerCommits {
  const words = ["-n", "-h", "127.0.0.1", "-p", String(port), "-U", "postgres", "-M", "prepared"];
  const load = ["-f", join(home, "insert.sql"), "-c", String(writers), "-T", String(seconds)];
  const log = ["-l", "--log-prefix", join(home, `log-${writers}`)];
  const said = run("pgbench", ...words, ...load, ...log, "postgres");
  const script = `cat ${join(home, `log-${writers}`)}.* | awk '{print $3}' | sort -n`;
  const times = execFileSync("sh", ["-c", script], { encoding: "utf8", maxBuffer: 2 ** 27 })
    .trim()
    .split("\n");
  return {
    perSecond: Number(/tps = ([\d.]+)/.exec(said)?.[1]),
    p50Ms: Number(times[Math.floor(times.length / 2)]) / 1000,
  };
}

function run(program: string, ...words: readonly string[]): string {
  const found = program === "psql" ? "/usr/bin/psql" : join(programs, program);
  return execFileSync("runuser", [...asPostgres, found, ...words], {
    encoding: "utf8",
    cwd: "/",
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", PGSSLMODE: "require" },
    stdio: ["ignore", "pipe", "pipe"],
  });
}
