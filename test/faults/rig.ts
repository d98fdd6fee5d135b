import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Answered, Api } from "../../scripts/demo/api.ts";
import { type DemoServer, member, runServer } from "../../scripts/demo/cast.ts";
import { Stage, until } from "../../scripts/demo/stage.ts";
import { type Case, judge } from "./checker.ts";
import { entriesOf, journalOf } from "./disk.ts";
import type { Operation, Outcome } from "./history.ts";
import { type Load, startLoad } from "./load.ts";
import { Network } from "./network.ts";
import {
  foundSystem,
  joinTo,
  lookAt,
  promote,
  setNumber,
  slowAfterMs,
  stateLimitMs,
  waitForPartner,
  waitForState,
  waitUntil,
} from "./servers.ts";

/** Servers on hosts of their own, clients that keep asking, and the judgement of what became of it. */

const accounts = ["anna", "berta", "clara", "doris", "emma", "frida"];
const clientsAtOnce = 6;
const ports = { https: 8443, link: 5480, ldaps: 6360 } as const;

/** GRIDWARD_NIGHTLY=1: everything longer and more often, and with other seeds each night. */
export const isNightly = process.env["GRIDWARD_NIGHTLY"] === "1";

/** Why a case is skipped by day; false by night. */
export const byNight: string | false = isNightly ? false : "played with GRIDWARD_NIGHTLY=1";

/** GRIDWARD_SEED: to repeat a run; every failure names it. */
export const seed = Number(
  process.env["GRIDWARD_SEED"] ?? (isNightly ? Math.floor(Date.now() / 1_000) % 1_000_000 : 1),
);

interface Founding {
  /** Hosts that stand beside A and B. */
  readonly more?: readonly string[];
  /** Bytes a second of the first pass that A sends; 0 is no limit. */
  readonly rate?: number;
  /** Standing still for so many milliseconds makes a Main hand over. */
  readonly slowAfter?: number;
}

type Kept = Partial<Pick<Case, "setAside" | "mayBeOld">>;

/** What the faults may leave behind. */
interface Ending extends Kept {
  /** The duty of Main may be with the other server: one that stood still gives it away. */
  readonly mayMove?: boolean;
}

export class Rig {
  readonly stage: Stage;
  readonly network: Network;
  readonly api: Api;
  main: DemoServer;
  standby: DemoServer;
  readonly #operations: Operation[] = [];
  readonly #kept: Kept[] = [];
  #loads = 0;

  private constructor(
    parts: Pick<Rig, "stage" | "network" | "api">,
    servers: readonly [DemoServer, DemoServer],
  ) {
    this.stage = parts.stage;
    this.network = parts.network;
    this.api = parts.api;
    [this.main, this.standby] = servers;
  }

  /** A system with some accounts on A, protected by B. */
  static async open(founding: Founding = {}): Promise<Rig> {
    const rig = await Rig.founded(founding);
    try {
      await joinTo(rig.api, rig.main, rig.standby);
      await rig.isProtected();
      await rig.#hasBothDirections();
      return rig;
    } catch (error) {
      await rig.close();
      throw error;
    }
  }

  /** The same before B joins: it is blank. */
  static async founded({ more = [], rate = 0, slowAfter = slowAfterMs }: Founding): Promise<Rig> {
    const stage = new Stage();
    const network = await Network.open("A", "B", ...more);
    try {
      const servers = [
        await initServerOn(stage, network, "A"),
        await initServerOn(stage, network, "B"),
      ] as const;
      setNumber(servers[0], "first_pass_rate", rate);
      for (const server of servers) setNumber(server, "slow_after_ms", slowAfter);
      await Promise.all(servers.map((server) => runServer(stage, server)));
      const api = await foundSystem(stage, servers[0]);
      for (const name of accounts) await createAccount(api, servers[0], name);
      return new Rig({ stage, network, api }, servers);
    } catch (error) {
      await stage.clear();
      await network.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.network.heal();
    for (const server of [this.main, this.standby]) this.thaw(server);
    this.api.close();
    await this.stage.clear();
    await this.network.close();
  }

  /** Changes and looks of many clients while faults happen; then all must be well again. */
  async under(faults: (load: Load) => Promise<void>, ending: Ending = {}): Promise<void> {
    const load = this.#startLoad();
    try {
      await moreDone(load);
      await faults(load);
      if (ending.mayMove === true) await this.learnDuties();
      else await this.isProtected();
      await moreDone(load);
    } finally {
      this.#operations.push(...(await load.stop()));
    }
    this.#kept.push(ending);
    await this.#assertSound();
  }

  async #assertSound(): Promise<void> {
    const outcomes = await this.#settled();
    const before = new Map(accounts.map((name) => [name, name]));
    const wrong = judge({
      operations: this.#operations,
      before,
      outcomes,
      setAside: new Set(this.#kept.flatMap(({ setAside }) => [...(setAside ?? [])])),
      mayBeOld: (read) => this.#kept.some(({ mayBeOld }) => mayBeOld?.(read) === true),
    });
    assert.deepEqual(wrong.slice(0, 10), [], `GRIDWARD_SEED=${seed}`);
  }

  #startLoad(): Load {
    return startLoad({
      servers: [this.main, this.standby],
      accounts,
      api: this.api,
      clients: clientsAtOnce,
      name: String(this.#loads++),
      seed: seed + this.#loads,
    });
  }

  /** Both servers at the same place, and their disks with them. */
  async #settled(): Promise<readonly Outcome[]> {
    let last: readonly Outcome[] = [];
    const isSame = until("both servers end at the same place", 10_000, async () => {
      const servers = [this.main, this.standby];
      last = await Promise.all(servers.map(outcomeOf));
      const places = last.flatMap(({ entries, position }) => [entries.at(-1)?.hash, position.hash]);
      return new Set(places).size === 1 ? true : undefined;
    });
    await isSame.catch(() => undefined); // The judge says better what is not the same.
    return last;
  }

  async isProtected(): Promise<void> {
    try {
      await waitForState(this.standby, "standby-valid");
      await waitForState(this.main, "main-protected");
      await waitForPartner(this.main, "standby-valid");
    } catch (error) {
      throw new Error(`${String(error)}\n${await this.#whatTheySay()}`, { cause: error });
    }
  }

  /** A refusal from before the join stands until the next dial: no Main hands over by itself before. */
  async #hasBothDirections(): Promise<void> {
    await waitUntil(this.main, "both directions are accepted", ({ partners }) => {
      const partner: unknown = Array.isArray(partners) ? partners[0] : undefined;
      return ["dial", "accept"].every((way) => member(partner, way, "verdict") === "ok");
    });
  }

  async #whatTheySay(): Promise<string> {
    const said = [this.main, this.standby].map(async (server) => {
      const { state, cause, position, partners } = (await lookAt(server)) ?? {};
      const status = JSON.stringify({ state, cause, position, partners });
      const running = this.stage.isRunning(server.name) ? "runs" : "has ended";
      return `${server.name} ${running}: ${status}\n${this.stage.lastLog(server.name)}`;
    });
    return `GRIDWARD_SEED=${seed}\n${(await Promise.all(said)).join("\n")}`;
  }

  /** Who is Main now, where the duty may have moved: one of them, protected by the other. */
  async learnDuties(): Promise<void> {
    await until("one is a protected Main", stateLimitMs, async () => {
      const said = await Promise.all([this.main, this.standby].map(lookAt));
      const states = said.map((status) => status?.["state"]).join();
      if (states === "standby-valid,main-protected") this.swapDuties();
      else if (states !== "main-protected,standby-valid") return undefined;
      return true;
    });
  }

  swapDuties(): void {
    [this.main, this.standby] = [this.standby, this.main];
  }

  /** Like a power cut of one machine. */
  async kill(server: DemoServer): Promise<void> {
    this.thaw(server);
    await this.stage.end(server.name, "SIGKILL");
  }

  async start(server: DemoServer): Promise<void> {
    await runServer(this.stage, server);
  }

  /** A data directory of another host, moved to the host that has the name of this server. */
  async startElsewhere(server: DemoServer): Promise<void> {
    const { name, directory } = server;
    const path = join(directory, "server.toml");
    const text = readFileSync(path, "utf8");
    const listen = `listen = "${this.network.address(name)}"`;
    writeFileSync(path, text.replace(/^listen = .*$/m, listen));
    this.enclose(server);
    await this.start(server);
  }

  /** Words around the command of a program from its next start on, within the host of its name. */
  enclose({ name }: Pick<DemoServer, "name">, ...words: readonly string[]): void {
    this.stage.enclose(name, ...this.network.enter(name), ...endsWithUs, ...words);
  }

  freeze({ pid }: DemoServer): void {
    process.kill(pid, "SIGSTOP");
  }

  thaw({ name, pid }: DemoServer): void {
    if (this.stage.isRunning(name)) process.kill(pid, "SIGCONT");
  }

  /** What it holds stays; of what it asks the kernel for from now on nothing is granted. */
  grantNoMoreMemory({ pid }: DemoServer): void {
    const kilobytes = /^VmData:\s+(\d+) kB$/m.exec(
      readFileSync(`/proc/${pid}/status`, "utf8"),
    )?.[1];
    const limit = `--data=${Number(kilobytes) * 1_024}`;
    const limited = spawnSync("prlimit", ["--pid", String(pid), limit], { encoding: "utf8" });
    assert.equal(limited.status, 0, limited.stderr);
  }

  /** Killed in the instant in which its journal has been written to for the `writes`th time. */
  async killAtWrite(server: DemoServer, writes: number): Promise<void> {
    const path = `${journalOf(server)}-wal`;
    await new Promise<void>((done) => {
      let seen = 0;
      const watcher = watch(path, () => {
        if (++seen < writes) return;
        watcher.close();
        if (this.stage.isRunning(server.name)) process.kill(server.pid, "SIGKILL");
        done();
      });
    });
    await this.stage.end(server.name, "SIGKILL");
  }

  /** A planned changeover. */
  async changeOver(): Promise<void> {
    const { status, body } = (await this.orderChangeOver()) ?? {};
    assert.equal(status, 200, JSON.stringify(body));
    this.swapDuties();
  }

  async orderChangeOver(): Promise<Answered | null> {
    const body = { to: this.standby.name };
    return this.api.call(this.main.url, { method: "POST", path: "/v1/pair/changeover", body });
  }

  /** The operator's order at the Standby, repeated until it is taken. */
  async takeOver(): Promise<void> {
    await promoted(this.standby);
    this.swapDuties();
  }
}

/** A server that listens on a host of the network, and ends when the test does. */
async function initServerOn(stage: Stage, network: Network, name: string): Promise<DemoServer> {
  const directory = stage.path(name);
  const address = network.address(name);
  const words = Object.entries(ports).flatMap(([port, number]) => [`--${port}`, String(number)]);
  const order = ["server", "init", directory, "--name", name, "--listen", address, ...words];
  await stage.must(...order);
  stage.enclose(name, ...network.enter(name), ...endsWithUs);
  const { https, ldaps } = ports;
  return { name, directory, https, ldaps, url: `https://${address}:${https}`, pid: 0 };
}

/** A server does not outlive a test that was killed. */
const endsWithUs = ["setpriv", "--pdeathsig", "KILL", "--"] as const;

export async function createAccount(api: Api, server: DemoServer, name: string): Promise<void> {
  const body = { name, display_name: name, roles: [{ role: "VIEWER" }] };
  const created = await api.call(server.url, { method: "POST", path: "/v1/accounts", body });
  assert.equal(created?.status, 200, JSON.stringify(created));
}

/** Some changes more are acknowledged. */
export async function moreDone(load: Load, count = 20): Promise<void> {
  const enough = load.done() + count;
  await until("changes are made", stateLimitMs, async () =>
    load.done() >= enough ? true : undefined,
  );
}

export async function pause(milliseconds: number): Promise<void> {
  await new Promise((done) => setTimeout(done, milliseconds));
}

export async function promoted(server: DemoServer, force = false): Promise<void> {
  await until(`${server.name} is promoted`, 20_000, async () => {
    const answered = await promote(server, force);
    return answered?.status === 200 ? true : undefined;
  });
}

async function outcomeOf(server: DemoServer): Promise<Outcome> {
  const position = member(await lookAt(server), "position");
  return {
    server: server.name,
    entries: entriesOf(server),
    position: {
      sequence: Number(member(position, "sequence")),
      hash: String(member(position, "hash")),
      digest: String(member(position, "digest")),
    },
  };
}
