// A closed loop of LDAP clients in one Node process: every connection keeps `depth` requests on
// their way and sends the next as soon as one is answered.
import { readFileSync } from "node:fs";
import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { type Bytes, utf8 } from "@gridward/core/base/bytes";
import { assert } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { LdapFramer } from "@gridward/core/codec/ldap/framer";
import { encodeRequest, type LdapRequest } from "@gridward/core/codec/ldap/request";
import { decodeResponse } from "@gridward/core/codec/ldap/response";
import { base, dnOf, nameOf, passwordOfAll } from "./people.ts";

export interface Load {
  readonly mode: "search" | "bind";
  readonly connections: number;
  readonly depth: number;
  readonly users: number;
  readonly seconds: number;
}

export interface Target {
  readonly port: number;
  readonly pid: number;
}

export interface Measured {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Share of one core: near 1 for the generator means that the server could do more. */
  readonly generatorCpu: number;
  readonly serverCpu: number;
}

const attributes = ["loginShell", "homeDirectory", "gidNumber", "uidNumber", "cn", "uid"];

/** Warms up for a second, then counts for `seconds`. Any wrong answer ends the run. */
export async function measure(target: Target, load: Load): Promise<Measured> {
  const clients = await Promise.all(
    Array.from({ length: load.connections }, () => startClient(target, load)),
  );
  await sleep(1_000);
  const cpu = process.cpuUsage();
  const serverCpu = cpuSecondsOf(target.pid);
  for (const client of clients) client.latencies.length = 0;
  const startedAt = performance.now();
  await sleep(load.seconds * 1_000);
  const seconds = (performance.now() - startedAt) / 1_000;
  const used = process.cpuUsage(cpu);
  const latencies = clients.flatMap((client) => client.latencies).toSorted((a, b) => a - b);
  const serverUsed = cpuSecondsOf(target.pid) - serverCpu;
  for (const client of clients) client.socket.destroy();
  for (const client of clients) assert(client.fault === "", client.fault);
  return {
    perSecond: latencies.length / seconds,
    p50Ms: latencies[Math.floor(latencies.length * 0.5)] ?? Number.NaN,
    p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
    generatorCpu: (used.user + used.system) / 1e6 / seconds,
    serverCpu: serverUsed / seconds,
  };
}

interface Client {
  readonly socket: TLSSocket;
  readonly latencies: number[];
  fault: string;
}

async function startClient({ port }: Target, load: Load): Promise<Client> {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  socket.setNoDelay(true);
  const client: Client = { socket, latencies: [], fault: "" };
  socket.on("error", (error: Error) => {
    client.fault = error.message;
  });
  await once(socket, "secureConnect");
  const sentAt = new Map<number, number>();
  let id = 0;
  const message = (request: LdapRequest): Bytes => {
    sentAt.set(++id, performance.now());
    return encodeRequest({ id, request, controls: [] });
  };
  const framer = new LdapFramer();
  let isSignedIn = load.mode === "bind";
  const found = new Map<number, number>(); // slapd mixes the answers of pipelined searches.
  const take = (frame: Bytes): boolean => {
    const answer = decodeResponse(frame);
    assert(answer.ok, "an answer that is no LDAP");
    const { id: answeredId, response } = answer.value;
    if (response.kind === "entry") {
      found.set(answeredId, (found.get(answeredId) ?? 0) + 1);
      return false;
    }
    const code = response.kind === "reference" ? -1 : response.result.code;
    const entries = found.get(answeredId) ?? 0;
    if (code !== 0) client.fault = `result code ${code}`;
    if (response.kind === "search" && entries !== 1) client.fault = `${entries} entries`;
    found.delete(answeredId);
    client.latencies.push(performance.now() - (sentAt.get(answeredId) ?? 0));
    sentAt.delete(answeredId);
    return true;
  };
  socket.on("data", (chunk: Buffer) => {
    const frames = framer.push(chunk);
    assert(frames.ok, "an answer that is no LDAP");
    const answered = frames.value.filter(take).length;
    const wanted = isSignedIn ? answered : load.depth;
    isSignedIn = true;
    const next = Array.from({ length: wanted }, () => message(nextRequest(load)));
    if (next.length > 0) socket.write(Buffer.concat(next));
  });
  const first = load.mode === "bind" ? nextRequest(load) : bindAs(1);
  socket.write(message(first));
  return client;
}

function nextRequest({ mode, users }: Load): LdapRequest {
  const index = 1 + Math.floor(Math.random() * users);
  if (mode === "bind") return bindAs(index);
  return {
    kind: "search",
    base: `ou=people,${base}`,
    scope: "subtree",
    sizeLimit: 0,
    timeLimitSeconds: 0,
    typesOnly: false,
    filter: {
      kind: "and",
      filters: [
        { kind: "equal", attribute: "objectClass", value: "posixAccount" },
        { kind: "equal", attribute: "uid", value: nameOf(index) },
      ],
    },
    attributes,
  };
}

function bindAs(index: number): LdapRequest {
  const credential = { kind: "simple", password: new Secret<Bytes>(utf8(passwordOfAll)) } as const;
  return { kind: "bind", version: 3, name: dnOf(index), credential };
}

/** User and system time of a process, from the kernel; hundredths of a second. */
function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function sleep(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
