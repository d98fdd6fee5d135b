// OpenLDAP as Debian ships it, with the same people, on a port of its own; nothing of the system's
// own slapd is touched.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTemporary } from "@gridward/runtime/trust/temporary";
import { createTlsKey, keyToPem } from "@gridward/runtime/trust/x509/keys";
import { nodeId } from "@gridward/core/base/identity";
import { freePort } from "../../scripts/demo/stage.ts";
import { base, dnOf, nameOf } from "../ldap/people.ts";

const slapdPath = "/usr/sbin/slapd";

export interface Slapd {
  readonly port: number;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

export function hasSlapd(): boolean {
  return existsSync(slapdPath) && existsSync("/usr/lib/ldap/argon2.so");
}

export interface SlapdOrder {
  readonly users: number;
  readonly verifier: string;
  /** For example `taskset -c 0`. */
  readonly prefix: readonly string[];
  /** Lines of the configuration for a certificate that was given, and what is asked of clients. */
  readonly tls?: readonly string[];
}

/** Loads the people and starts slapd. */
export async function startSlapd(order: SlapdOrder): Promise<Slapd> {
  const directory = mkdtempSync(join(tmpdir(), "gridward-bench-slapd-"));
  writeConfiguration(directory, ["overlay syncprov"], order.tls);
  const ldif = join(directory, "people.ldif");
  writeFileSync(ldif, ldifOf(order.users, order.verifier));
  const configuration = join(directory, "slapd.conf");
  execFileSync("/usr/sbin/slapadd", ["-q", "-w", "-f", configuration, "-l", ldif], {
    stdio: "ignore",
  });
  return run(directory, order.prefix);
}

/** An empty consumer of `source` in push mode; ms from its start to level with the source. */
export async function firstPassOfSlapd(source: Slapd): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "gridward-bench-slapd-"));
  writeConfiguration(directory, [
    `syncrepl rid=001 provider=ldaps://127.0.0.1:${source.port} type=refreshAndPersist`,
    `  searchbase="${base}" bindmethod=simple binddn="${root}" credentials=${rootPassword}`,
    '  retry="1 +" tls_reqcert=never',
  ]);
  const startedAt = performance.now();
  const consumer = await run(directory, []);
  try {
    const wanted = stateOf(source);
    if (wanted === "") throw new Error("slapd does not say how far it is");
    while (stateOf(consumer) !== wanted) {
      if (performance.now() - startedAt > firstPassLimitMs) throw new Error("slapd: no first pass");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return performance.now() - startedAt;
  } finally {
    await consumer.stop();
  }
}

/** Who may change everything. */
export const root = `cn=root,${base}`;
export const rootPassword = "bench";
const firstPassLimitMs = 300_000;

/** What slapd says of how far it is; empty before it knows. */
function stateOf({ port }: Slapd): string {
  const words = ["-x", "-LLL", "-H", `ldaps://127.0.0.1:${port}`, "-D", root, "-w", rootPassword];
  const said = spawnSync("ldapsearch", [...words, "-s", "base", "-b", base, "contextCSN"], {
    encoding: "utf8",
    env: { ...process.env, LDAPTLS_REQCERT: "never" },
  });
  return /contextCSN: (.*)/.exec(said.stdout)?.[1] ?? "";
}

async function run(directory: string, prefix: readonly string[]): Promise<Slapd> {
  const port = await freePort();
  const [program, ...words] = [...prefix, slapdPath];
  const configuration = join(directory, "slapd.conf");
  const url = `ldaps://127.0.0.1:${port}`;
  const child = spawn(program, [...words, "-d", "0", "-f", configuration, "-h", url], {
    stdio: "ignore",
  });
  process.once("exit", () => child.kill()); // Also when the bench is interrupted.
  await untilOpen(port);
  return {
    port,
    pid: child.pid ?? 0,
    stop: async () => {
      await ended(child);
      rmSync(directory, { recursive: true });
    },
  };
}

/** A certificate of its own making, as slapd's configuration names it. */
function selfSigned(directory: string): readonly string[] {
  const key = createTlsKey();
  const order = { key, node: nodeId("slapd"), name: "slapd", hosts: ["127.0.0.1"] };
  const certificate = createTemporary({ ...order, now: Date.now() });
  writeFileSync(join(directory, "key.pem"), keyToPem(key).reveal(), { mode: 0o600 });
  writeFileSync(join(directory, "certificate.pem"), certificate.toString());
  return [
    `TLSCertificateFile ${join(directory, "certificate.pem")}`,
    `TLSCertificateKeyFile ${join(directory, "key.pem")}`,
  ];
}

function writeConfiguration(
  directory: string,
  more: readonly string[],
  tls = selfSigned(directory),
): void {
  mkdirSync(join(directory, "db"));
  const schemas = ["core", "cosine", "inetorgperson", "nis"];
  const lines = [
    ...schemas.map((name) => `include /etc/ldap/schema/${name}.schema`),
    "modulepath /usr/lib/ldap",
    "moduleload back_mdb",
    "moduleload argon2",
    "moduleload syncprov",
    "loglevel 0",
    ...tls,
    "database mdb",
    `suffix ${base}`,
    `rootdn ${root}`,
    `rootpw ${rootPassword}`,
    `directory ${join(directory, "db")}`,
    "maxsize 2147483648",
    "index objectClass,uid,entryUUID,entryCSN eq",
    "access to attrs=userPassword by anonymous auth by * none",
    "access to * by users read",
    ...more,
  ];
  writeFileSync(join(directory, "slapd.conf"), `${lines.join("\n")}\n`);
}

function ldifOf(users: number, verifier: string): string {
  const entries = [
    `dn: ${base}\nobjectClass: domain\ndc: test\n`,
    `dn: ou=people,${base}\nobjectClass: organizationalUnit\nou: people\n`,
  ];
  for (let index = 1; index <= users; index++) {
    entries.push(
      [
        `dn: ${dnOf(index)}`,
        "objectClass: inetOrgPerson",
        "objectClass: posixAccount",
        `uid: ${nameOf(index)}`,
        `cn: Person ${index}`,
        `sn: ${index}`,
        `displayName: Person ${index}`,
        `uidNumber: ${10_000 + index}`,
        `gidNumber: ${10_000 + index}`,
        `homeDirectory: /home/${nameOf(index)}`,
        "loginShell: /bin/sh",
        `userPassword: {ARGON2}${verifier}`,
        "",
      ].join("\n"),
    );
  }
  return entries.join("\n");
}

async function untilOpen(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("close", () => socket.destroy());
      socket.once("connect", () => socket.destroy());
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("slapd does not listen");
}

async function ended(child: ChildProcess): Promise<void> {
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await exit;
}
