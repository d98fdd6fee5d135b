import { type ChildProcess, spawn } from "node:child_process";
import { second, type Millis } from "@gridward/core/base/time";

/** What systemd hears of this program. */
export interface SystemdLine {
  readonly ready: () => void;
  /** Called often, from the main loop: fed is only as often as the watchdog needs. */
  readonly alive: () => void;
  readonly stopping: () => void;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Hands each line to systemd. It outlasts the SIGTERM that all processes of a service may get, to
 * tell that the program stops, and ends with the pipe, so with the program.
 */
const relayScript = `trap "" TERM INT; while read -r line; do systemd-notify "$line"; done`;

/** A relay that has so much to tell yet hangs; what waits there would only be told late. */
const unsentMost = 256;

/** A relay that ended is not started again at once. */
const againAfter: Millis = second;

/**
 * For a program that systemd started with `Type=notify`; does nothing where it did not. Node has no
 * Unix datagram sockets, and to start a program costs a large process 2 to 17 ms: so a shell is
 * started once, and a line to it costs 0.1 ms (docs/adr/0018).
 */
export function openSystemdLine(environment: Environment): SystemdLine {
  if (environment["NOTIFY_SOCKET"] === undefined) {
    return { ready: () => {}, alive: () => {}, stopping: () => {} };
  }
  const relay = openRelay(environment);
  const every = watchdogPeriod(environment) / 3;
  let fedAt = 0;
  return {
    ready: () => relay("READY=1"),
    alive: () => {
      const now = performance.now();
      if (now - fedAt < every) return;
      fedAt = now;
      relay("WATCHDOG=1");
    },
    stopping: () => relay("STOPPING=1"),
  };
}

/** Infinite where there is no watchdog. */
function watchdogPeriod({ WATCHDOG_USEC: period }: Environment): Millis {
  return period !== undefined && /^[1-9][0-9]{0,15}$/.test(period)
    ? Number(period) / 1_000
    : Number.POSITIVE_INFINITY;
}

function openRelay(environment: Environment): (line: string) => void {
  const { PATH, NOTIFY_SOCKET } = environment;
  let relay: ChildProcess | undefined;
  let startedAt = Number.NEGATIVE_INFINITY;
  const start = (): ChildProcess | undefined => {
    if (performance.now() - startedAt < againAfter) return undefined;
    startedAt = performance.now();
    const started = spawn("/bin/sh", ["-c", relayScript], {
      env: { PATH, NOTIFY_SOCKET },
      stdio: ["pipe", "ignore", "inherit"],
    });
    const forget = (): void => {
      if (relay === started) relay = undefined;
    };
    started.once("error", forget).once("exit", forget);
    started.stdin.on("error", forget);
    started.unref();
    return started;
  };
  return (line) => {
    relay ??= start();
    const pipe = relay?.stdin;
    if (pipe && pipe.writableLength < unsentMost) pipe.write(`${line}\n`);
  };
}
