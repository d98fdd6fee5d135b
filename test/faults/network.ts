import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

/**
 * A network of our own to break: each host is a Linux network namespace, joined by a bridge in a
 * namespace of its own. The test itself is the host `client`. A namespace lives as long as the
 * process that holds it, and that one ends when the test does, however the test ends.
 */

const packages = "iproute2 nftables";

/** Why there can be no such network here, and how to get one; false when there can. */
export function whyNoNetwork(): string | false {
  if (process.env["GRIDWARD_PEERS"] === "0") return "GRIDWARD_PEERS=0: no network namespaces here";
  if (process.platform !== "linux") return "network namespaces are Linux only";
  if (process.getuid?.() !== 0) return "network namespaces need root: run the tests as root";
  const missing = ["ip -V", "tc -V", "nft -v", "nsenter -V", "unshare -V"].filter((command) => {
    const [program = "", ...words] = command.split(" ");
    return spawnSync(program, words).status !== 0;
  });
  const [first] = missing;
  if (first !== undefined) return `no ${first.split(" ")[0]}: apt-get install ${packages}`;
  if (spawnSync("unshare", ["--net", "true"]).status === 0) return false;
  return "this kernel or container allows no network namespace";
}

/** Does the kernel have netem? Without it packets can be lost and slowed down, but not delayed. */
export function hasNetem(): boolean {
  const order = "tc qdisc add dev lo root netem delay 1ms";
  return spawnSync("unshare", ["--net", "sh", "-c", order]).status === 0;
}

interface Host {
  readonly name: string;
  readonly address: string;
  readonly holder: ChildProcess;
  /** Rules of the packet filter for what arrives here. */
  readonly arriving: Map<string, string>;
}

/** Addresses for measuring (RFC 2544): no real network has them. */
function subnetOf(seed: number): string {
  return `198.${18 + (seed % 2)}.${(seed >> 1) % 256}`;
}

export class Network {
  readonly #hosts = new Map<string, Host>();
  readonly #switch: ChildProcess;
  readonly #subnet: string;
  readonly #cable: string;

  private constructor(switchHolder: ChildProcess) {
    this.#switch = switchHolder;
    const { pid } = process;
    this.#subnet = subnetOf(pid);
    this.#cable = `gw${pid.toString(36)}`;
  }

  /** Hosts of these names on one bridge, and this process as the host `client` beside them. */
  static async open(...names: readonly string[]): Promise<Network> {
    const network = new Network(await holdNamespace());
    try {
      await network.#build(names);
    } catch (error) {
      await network.close();
      throw error;
    }
    return network;
  }

  async #build(names: readonly string[]): Promise<void> {
    const center = pidOf(this.#switch);
    within(center, "ip link add hub type bridge");
    within(center, "ip link set hub up");
    must(`ip link add ${this.#cable} type veth peer name client netns ${center}`);
    must(`ip addr add ${this.address("client")}/24 dev ${this.#cable}`);
    must(`ip link set ${this.#cable} up`);
    this.#plugIn("client");
    for (const [index, name] of names.entries()) {
      const holder = await holdNamespace();
      const pid = pidOf(holder);
      const address = `${this.#subnet}.${11 + index}`;
      this.#hosts.set(name, { name, address, holder, arriving: new Map() });
      within(center, `ip link add port${index} type veth peer name eth0 netns ${pid}`);
      within(pid, "ip link set lo up");
      within(pid, `ip addr add ${address}/24 dev eth0`);
      within(pid, "ip link set eth0 up");
      this.#plugIn(`port${index}`);
    }
  }

  #plugIn(port: string): void {
    const center = pidOf(this.#switch);
    within(center, `ip link set ${port} master hub`);
    within(center, `ip link set ${port} up`);
  }

  address(name: string): string {
    return name === "client" ? `${this.#subnet}.1` : this.#host(name).address;
  }

  /** Words that start a program on this host. */
  enter(name: string): readonly string[] {
    return ["nsenter", `--net=/proc/${pidOf(this.#host(name).holder)}/ns/net`, "--"];
  }

  /** Nothing that one host sends reaches the other, and neither is told. */
  cutOneWay(from: string, to: string): void {
    this.#filter(to, `cut ${from}`, `ip saddr ${this.address(from)} drop`);
  }

  cut(left: string, right: string): void {
    this.cutOneWay(left, right);
    this.cutOneWay(right, left);
  }

  /** What was cut between two is whole again. */
  mend(left: string, right: string): void {
    for (const [from, to] of [
      [left, right],
      [right, left],
    ] as const) {
      this.#host(to).arriving.delete(`cut ${from}`);
      this.#applyFilter(to);
    }
  }

  /** Every connection is answered with a reset, like by a firewall that restarts. */
  reset(from: string, to: string): void {
    const rule = `ip saddr ${this.address(from)} meta l4proto tcp reject with tcp reset`;
    this.#filter(to, `reset ${from}`, rule);
  }

  /** Loses this share of all packets that arrive at a host. */
  lose(name: string, percent: number): void {
    this.#filter(name, "loss", `numgen random mod 100 < ${percent} drop`);
  }

  /** No more than this leaves a host; what does not fit waits, and then is lost. */
  slow(name: string, kilobits: number): void {
    this.#onHost(
      name,
      `tc qdisc replace dev eth0 root tbf rate ${kilobits}kbit burst 3k limit 64k`,
    );
  }

  /** Everything that leaves a host comes later, sometimes twice, sometimes out of order. */
  delay(name: string, milliseconds: number): void {
    const worse = "duplicate 1% reorder 5%";
    const time = `${milliseconds}ms ${Math.ceil(milliseconds / 4)}ms`;
    this.#onHost(name, `tc qdisc replace dev eth0 root netem delay ${time} ${worse}`);
  }

  /** The cable of a host is pulled out. */
  unplug(name: string): void {
    this.#onHost(name, "ip link set eth0 down");
  }

  /** Everything as in the beginning. */
  heal(): void {
    for (const { name, arriving } of this.#hosts.values()) {
      this.#onHost(name, "ip link set eth0 up");
      const [program = "", ...words] = this.enter(name);
      // Fails where the line was not made worse: then there is nothing to take away.
      spawnSync(program, [...words, "tc", "qdisc", "del", "dev", "eth0", "root"]);
      if (arriving.size === 0) continue;
      arriving.clear();
      this.#applyFilter(name);
    }
  }

  async close(): Promise<void> {
    spawnSync("ip", ["link", "del", this.#cable]);
    const holders = [this.#switch, ...[...this.#hosts.values()].map(({ holder }) => holder)];
    await Promise.all(holders.map(release));
  }

  #host(name: string): Host {
    const host = this.#hosts.get(name);
    if (!host) throw new Error(`no host ${name}`);
    return host;
  }

  #filter(name: string, key: string, rule: string): void {
    this.#host(name).arriving.set(key, rule);
    this.#applyFilter(name);
  }

  #applyFilter(name: string): void {
    const rules = [...this.#host(name).arriving.values()].join("\n");
    const chain = `chain arriving {\ntype filter hook input priority 0\n${rules}\n}`;
    const input = `table inet fault {}\ndelete table inet fault\ntable inet fault {\n${chain}\n}\n`;
    const [program = "", ...words] = this.enter(name);
    const done = spawnSync(program, [...words, "nft", "-f", "-"], { input, encoding: "utf8" });
    if (done.status !== 0) throw new Error(`nft: ${done.stderr}`);
  }

  #onHost(name: string, command: string): void {
    within(pidOf(this.#host(name).holder), command);
  }
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error("a namespace could not be made");
  return pid;
}

function within(pid: number, command: string): void {
  must(`nsenter --net=/proc/${pid}/ns/net -- ${command}`);
}

function must(command: string): void {
  const [program = "", ...words] = command.split(" ");
  const done = spawnSync(program, words, { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`${command}: ${done.stderr}`);
}

/** `cat` ends when its input does, which is when this process ends. */
async function holdNamespace(): Promise<ChildProcess> {
  const holder = spawn("unshare", ["--net", "cat"], { stdio: ["pipe", "pipe", "inherit"] });
  holder.stdin.write("\n");
  await Promise.race([once(holder.stdout, "data"), once(holder, "exit")]);
  if (holder.exitCode !== null) throw new Error("a namespace could not be made");
  return holder;
}

async function release(holder: ChildProcess): Promise<void> {
  if (holder.exitCode !== null || holder.signalCode !== null) return;
  const ended = once(holder, "exit");
  holder.stdin?.end();
  await ended;
}
