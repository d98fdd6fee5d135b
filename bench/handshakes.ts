// node bench/handshakes.ts [--seconds 3]: full handshakes with certificates at both ends, on LDAPS
// and on the link, beside what OpenSSL's own server and slapd do of them; memory while connections
// come and go; certificates issued; and how long an order takes to end 1,000 open connections.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { connect, type TLSSocket } from "node:tls";
import { parseArgs } from "node:util";
import { deviceId, nodeId } from "@gridward/core/base/identity";
import { dialLink } from "@gridward/runtime/link/dial";
import { strictLink } from "@gridward/runtime/link/link-settings";
import type { LinkIdentity } from "@gridward/runtime/link/identity";
import type { VerifiedPeer } from "@gridward/runtime/link/peer";
import { systemClock } from "@gridward/runtime/os/clock";
import { freshId } from "@gridward/runtime/os/random";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { buildCertificate } from "@gridward/runtime/trust/x509/certificate";
import { createTlsKey, keyToPem } from "@gridward/runtime/trust/x509/keys";
import { freePort } from "../scripts/demo/stage.ts";
import { hasSlapd, startSlapd } from "./peers/slapd.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "3" } } });
const seconds = Number(values.seconds);
const openMost = 1_000;
const clock = systemClock();
const canPin = spawnSync("taskset", ["-c", "1", "true"]).status === 0;
const pinned = canPin ? ["taskset", "-c", "0"] : [];
if (canPin) spawnSync("taskset", ["-a", "-cp", "1", String(process.pid)]);

const directory = mkdtempSync(join(tmpdir(), "gridward-bench-tls-"));
const file = (name: string): string => join(directory, name);
const authority = testAuthority("Bench", clock.now());
const node = nodeId(freshId());
const device = deviceId(freshId());
const client = authority.issue({ profile: "device", name: { kind: "device", device } });
writeFileSync(file("ca.pem"), authority.certificate.toString());
write(
  "server",
  authority.issue({ profile: "server", name: { kind: "server", node }, hosts: ["127.0.0.1"] }),
);
write("client", client);
const asClient = [
  "-cert",
  file("client.pem"),
  "-key",
  file("client.key"),
  "-CAfile",
  file("ca.pem"),
];

function write(name: string, { key, certificate }: ReturnType<typeof authority.issue>): void {
  writeFileSync(file(`${name}.pem`), certificate.toString());
  writeFileSync(file(`${name}.key`), keyToPem(key).reveal(), { mode: 0o600 });
}

interface Target {
  readonly port: number;
  readonly pid: number;
}

interface Rate {
  readonly perSecond: number;
  /** Of the server, in milliseconds, for each handshake. */
  readonly cpuMs: number;
}

const ours = startOurs();
const lines = createInterface({ input: ours.stdout })[Symbol.asyncIterator]();
const [ldapsPort = 0, linkPort = 0, serverPid = 0] = (await nextLine()).split(" ").map(Number);
const doors = { ldaps: ldapsPort, link: linkPort, pid: serverPid };

function startOurs() {
  const [program, ...words] = [...pinned, process.execPath];
  const server = join(import.meta.dirname, "handshake-server.ts");
  return spawn(program, [...words, server, directory, node], {
    stdio: ["pipe", "pipe", "inherit"],
  });
}

async function nextLine(): Promise<string> {
  const { value, done } = await lines.next();
  if (done === true) throw new Error("the server ended");
  return value;
}

/** CPU seconds of a process and what it waited for, of 100 ticks a second. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function residentKib(pid: number): number {
  const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(found?.[1] ?? 0);
}

/** OpenSSL's client, one full handshake after the other. */
function handshakes(target: Target, forSeconds = seconds): Rate {
  const words = [
    "s_time",
    "-connect",
    `127.0.0.1:${target.port}`,
    "-new",
    "-time",
    String(forSeconds),
  ];
  const before = cpuSeconds(target.pid);
  const said = spawnSync("openssl", [...words, ...asClient], { encoding: "utf8" });
  const [, count = "0", real = "1"] =
    /(\d+) connections in (\d+) real seconds/.exec(said.stdout) ?? [];
  const done = Number(count);
  return {
    perSecond: done / Number(real),
    cpuMs: ((cpuSeconds(target.pid) - before) * 1_000) / done,
  };
}

function show(title: string, own: Rate, peers: Readonly<Record<string, Rate | null>>): void {
  const describe = ({ perSecond, cpuMs }: Rate): string =>
    `${perSecond.toFixed(0).padStart(6)}/s  CPU of the server ${cpuMs.toFixed(2)} ms each`;
  console.log(`\n${title}\n  ours            ${describe(own)}`);
  for (const [name, rate] of Object.entries(peers)) {
    if (rate === null) continue;
    const [share, cost] = [own.perSecond / rate.perSecond, own.cpuMs / rate.cpuMs];
    console.log(`  ${name.padEnd(15)} ${describe(rate)}`);
    console.log(`  ratio           rate ${share.toFixed(2)}, CPU each ${cost.toFixed(2)}`);
  }
}

async function startOpenssl(): Promise<Target & { readonly stop: () => void }> {
  const port = await freePort();
  const words = [
    "s_server",
    "-accept",
    String(port),
    "-Verify",
    "2",
    "-quiet",
    "-CAfile",
    file("ca.pem"),
  ];
  const shown = ["-cert", file("server.pem"), "-key", file("server.key")];
  const [program, ...more] = [...pinned, "openssl"];
  const child: ChildProcess = spawn(program, [...more, ...words, ...shown, "-num_tickets", "0"], {
    stdio: "ignore",
  });
  await new Promise((go) => setTimeout(go, 500));
  return { port, pid: child.pid ?? 0, stop: () => void child.kill() };
}

/** The whole of a link: TLS, both chains judged, both verdicts; four at a time. */
async function links(): Promise<Rate> {
  const before = cpuSeconds(doors.pid);
  const until = performance.now() + seconds * 1_000;
  let done = 0;
  const dialler = async (): Promise<void> => {
    while (performance.now() < until) {
      (await dialDevice())?.close("measured");
      done++;
    }
  };
  await Promise.all([dialler(), dialler(), dialler(), dialler()]);
  return { perSecond: done / seconds, cpuMs: ((cpuSeconds(doors.pid) - before) * 1_000) / done };
}

const deviceIdentity: LinkIdentity = {
  name: { kind: "device", device },
  certificate: client.certificate,
  issuers: [],
  key: client.key,
  anchors: [authority.certificate.toString()],
  lists: [],
  pairingKey: null,
};

async function dialDevice(): Promise<VerifiedPeer | null> {
  const outcome = await dialLink({
    protocol: "gridward-replica/1",
    address: "127.0.0.1",
    port: doors.link,
    identity: deviceIdentity,
    settings: strictLink,
    expectedNode: node,
    partnerKey: null,
    clock,
    stop: new AbortController().signal,
  });
  return outcome.outcome === "verified" ? outcome.peer : null;
}

/** How much a server grew over so many handshakes, after as many for a start. */
function growth(target: Target): string {
  handshakes(target);
  const before = residentKib(target.pid);
  const { perSecond } = handshakes(target, seconds * 2);
  const after = residentKib(target.pid);
  return `${before} -> ${after} KiB over ${(perSecond * seconds * 2).toFixed(0)} connections`;
}

function issuing(): void {
  const key = createTlsKey();
  const order = { profile: "device", name: { kind: "device", device }, publicKey: key } as const;
  const startedAt = performance.now();
  let count = 0;
  while (performance.now() - startedAt < seconds * 1_000) {
    buildCertificate(
      { ...order, subject: { commonName: "x" }, hosts: [], now: clock.now() },
      authority,
    );
    count++;
  }
  const own = count / ((performance.now() - startedAt) / 1_000);
  const said = spawnSync("openssl", ["speed", "-seconds", "1", "ecdsap256"], { encoding: "utf8" });
  const limit = Number(/\(nistp256\)\s+\S+\s+\S+\s+([\d.]+)/.exec(said.stdout)?.[1] ?? 0);
  console.log(`\ncertificates built and signed, P-256\n  ours            ${own.toFixed(0)}/s`);
  console.log(
    `  OpenSSL signs   ${limit.toFixed(0)}/s\n  ratio           ${(own / limit).toFixed(3)}`,
  );
}

/** From the order until the last of them is closed, as the clients see it. */
async function enforcement(
  what: string,
  word: string,
  ended: readonly Promise<unknown>[],
): Promise<void> {
  const startedAt = performance.now();
  ours.stdin.write(`${word}\n`);
  await Promise.all(ended);
  const ms = performance.now() - startedAt;
  const judged = Number(/[\d.]+/.exec(await nextLine())?.[0] ?? 0);
  console.log(
    `\n${ended.length} open ${what}: judged in ${judged.toFixed(0)} ms, all closed after ${ms.toFixed(0)} ms`,
  );
}

async function openLdaps(): Promise<TLSSocket> {
  const socket = connect({
    port: doors.ldaps,
    host: "127.0.0.1",
    rejectUnauthorized: false,
    maxVersion: "TLSv1.2",
  });
  await once(socket, "secureConnect");
  return socket.resume();
}

async function manyOf<One>(open: () => Promise<One | null>): Promise<readonly One[]> {
  const all: One[] = [];
  const opener = async (): Promise<void> => {
    while (all.length < openMost) {
      const one = await open();
      if (one !== null) all.push(one);
    }
  };
  await Promise.all([opener(), opener(), opener()]);
  return all;
}

const openssl = await startOpenssl();
const tls = ["TLSVerifyClient demand", `TLSCACertificateFile ${file("ca.pem")}`];
const shown = [
  `TLSCertificateFile ${file("server.pem")}`,
  `TLSCertificateKeyFile ${file("server.key")}`,
];
const slapd = hasSlapd()
  ? await startSlapd({
      users: 10,
      verifier: "x".repeat(97),
      prefix: pinned,
      tls: [...tls, ...shown],
    })
  : undefined;
try {
  const ldaps = { port: doors.ldaps, pid: doors.pid };
  show("LDAPS, full handshakes with two certificates, one client", handshakes(ldaps), {
    "openssl s_server": handshakes(openssl),
    slapd: slapd === undefined ? null : handshakes(slapd),
  });
  show("link, TLS and both verdicts, four at a time", await links(), {});
  console.log(`\nmemory while connections come and go\n  ours            ${growth(ldaps)}`);
  if (slapd) console.log(`  slapd           ${growth(slapd)}`);
  issuing();
  const sockets = await manyOf(openLdaps);
  await enforcement(
    "at LDAPS",
    "tighten",
    sockets.map(async (each) => once(each, "close")),
  );
  const devices = await manyOf(dialDevice);
  await enforcement(
    "devices",
    "disable",
    devices.map(async ({ closed }) => closed),
  );
} finally {
  openssl.stop();
  await slapd?.stop();
  ours.stdin.end();
  rmSync(directory, { recursive: true });
}
