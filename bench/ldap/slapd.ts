// OpenLDAP as Debian ships it, with the same people, on a port of its own; nothing of the system's
// own slapd is touched.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTemporary } from "@gridward/runtime/trust/temporary";
import { createTlsKey, keyToPem } from "@gridward/runtime/trust/x509/keys";
import { nodeId } from "@gridward/core/base/identity";
import { base, dnOf, nameOf } from "./people.ts";

const slapdPath = "/usr/sbin/slapd";

export interface Slapd {
  readonly port: number;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

export function hasSlapd(): boolean {
  return existsSync(slapdPath) && existsSync("/usr/lib/ldap/argon2.so");
}

/** Loads the people and starts slapd under `prefix`, for example `taskset -c 0`. */
export async function startSlapd(
  users: number,
  verifier: string,
  prefix: readonly string[],
): Promise<Slapd> {
  const directory = mkdtempSync(join(tmpdir(), "gridward-bench-slapd-"));
  writeConfiguration(directory);
  writeFileSync(join(directory, "people.ldif"), ldifOf(users, verifier));
  const configuration = join(directory, "slapd.conf");
  const ldif = join(directory, "people.ldif");
  execFileSync("/usr/sbin/slapadd", ["-q", "-f", configuration, "-l", ldif], { stdio: "ignore" });
  const port = await freePort();
  const [program, ...words] = [...prefix, slapdPath];
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

function writeConfiguration(directory: string): void {
  const key = createTlsKey();
  const order = { key, node: nodeId("slapd"), name: "slapd", hosts: ["127.0.0.1"] };
  const certificate = createTemporary({ ...order, now: Date.now() });
  writeFileSync(join(directory, "key.pem"), keyToPem(key).reveal(), { mode: 0o600 });
  writeFileSync(join(directory, "certificate.pem"), certificate.toString());
  mkdirSync(join(directory, "db"));
  const schemas = ["core", "cosine", "inetorgperson", "nis"];
  const lines = [
    ...schemas.map((name) => `include /etc/ldap/schema/${name}.schema`),
    "modulepath /usr/lib/ldap",
    "moduleload back_mdb",
    "moduleload argon2",
    "loglevel 0",
    `TLSCertificateFile ${join(directory, "certificate.pem")}`,
    `TLSCertificateKeyFile ${join(directory, "key.pem")}`,
    "database mdb",
    `suffix ${base}`,
    `directory ${join(directory, "db")}`,
    "maxsize 2147483648",
    "index objectClass,uid eq",
    "access to attrs=userPassword by anonymous auth by * none",
    "access to * by users read",
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

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
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
