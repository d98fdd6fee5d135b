import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { once } from "node:events";
import { assert } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { utf8 } from "@gridward/core/base/bytes";
import { checkAgainstReplica } from "@gridward/ied/authority/replica-check";
import { devicePaths, saveConfig } from "@gridward/ied/config";
import { createPasswordHasher } from "@gridward/runtime/os/argon2";
import { removePath, writeFileAtomic } from "@gridward/runtime/os/files";
import { randomBytes } from "@gridward/runtime/os/random";
import { freshSystemKey, saveSystemKey } from "@gridward/runtime/os/seal";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { keyToPem } from "@gridward/runtime/trust/x509/keys";
import { DeviceWorld, deviceX, group } from "@gridward/sim/device/device-world";
import { root } from "../scripts/sources.ts";

/**
 * What a sign-in from the replica takes above its one Argon2id hash, in a replica of 50 accounts,
 * and the memory of `ied run`. Prints JSON lines.
 */
const rounds = 60;
const accounts = 50;

await signIns();
await memory();

async function signIns(): Promise<void> {
  const world = await DeviceWorld.open();
  try {
    for (let index = 1; index < accounts; index++) {
      await world.addAccount(`person${index}`, { groups: [group] });
    }
    const device = world.start(deviceX);
    await world.until(() => device.status().replication.accounts === accounts);
    world.a.kill();
    world.b.kill();
    await world.until(() => device.lines.every(({ standing }) => standing === null));
    const hasher = createPasswordHasher();
    const password = new Secret("anna's Pass1");
    const salt = randomBytes(16);
    const [hashes, checks, unknown]: [number[], number[], number[]] = [[], [], []];
    // Side by side, so that what else the machine does falls on all alike.
    for (let round = 0; round < rounds; round++) {
      hashes.push(await timed(async () => hasher.raw(password, salt)));
      checks.push(
        await timed(async () => checkAgainstReplica(device.replica, hasher, "anna", password)),
      );
      unknown.push(
        await timed(async () => checkAgainstReplica(device.replica, hasher, "nobody", password)),
      );
    }
    const [hash, check, nobody] = [median(hashes), median(checks), median(unknown)];
    print("sign-in from the replica", {
      accounts,
      hash_ms: hash,
      sign_in_ms: check,
      unknown_account_ms: nobody,
      above_the_hash_ms: check - hash,
      ratio: check / hash,
    });
  } finally {
    await world.close();
  }
}

/** A device that has no server and no replica yet: what the program itself takes. */
async function memory(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "gridward-bench-"));
  initialise(directory);
  const child = spawn(process.execPath, [join(root, "bin/gridward"), "ied", "run", directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await once(createInterface(child.stdout), "line");
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    print("resident memory of `ied run`", { mib: residentKib(child.pid ?? 0) / 1024 });
  } finally {
    child.kill("SIGTERM");
    await once(child, "exit");
    removePath(directory);
  }
}

function initialise(directory: string): void {
  const paths = devicePaths(directory);
  const authority = testAuthority("Bench", Date.now());
  const { key, certificate } = authority.issue({
    profile: "device",
    name: { kind: "device", device: deviceX },
  });
  writeFileAtomic(paths.key, utf8(keyToPem(key).reveal()));
  writeFileAtomic(paths.certificate, utf8(certificate.toString()));
  writeFileAtomic(paths.anchor, utf8(authority.certificate.toString()));
  saveSystemKey(paths.storeKey, freshSystemKey());
  const ports = { https: 1, link: 1, ldaps: 1 };
  saveConfig(paths, {
    version: 1,
    system: { id: "bench", base: "dc=bench", site: "Bench" },
    device: { id: deviceX, name: "Q01", group: { id: "g", name: "bay1" } },
    servers: [{ name: "A", addresses: ["127.0.0.1"], ports, pairing_fingerprint: "0".repeat(64) }],
    https: 0,
    replica_interval: 15,
    display_timeout: 10,
    revocation: "soft",
  });
}

function residentKib(pid: number): number {
  const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  assert(found !== null, "Linux tells the memory of a process");
  return Number(found[1]);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function median(times: readonly number[]): number {
  return times.toSorted((left, right) => left - right)[Math.floor(times.length / 2)] ?? 0;
}

function print(what: string, figures: Readonly<Record<string, number>>): void {
  const rounded = Object.entries(figures).map(([name, value]) => [name, Number(value.toFixed(3))]);
  console.log(JSON.stringify({ bench: what, ...Object.fromEntries(rounded) }));
}
