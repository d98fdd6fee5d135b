import { spawn } from "node:child_process";
import { root } from "./sources.ts";

export interface Ended {
  readonly code: number;
  readonly output: string;
}

export interface CommandOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Killed with its children after so many milliseconds. */
  readonly limitMs?: number;
  /** Also shown while it runs. */
  readonly isShown?: boolean;
}

const running = new Set<number>();

/** Runs a program from the root to its end; its output is one text. Never rejects. */
export async function runCommand(
  program: string,
  words: readonly string[],
  options: CommandOptions = {},
): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const pieces: string[] = [];
  // Its own process group, so that what it started ends with it.
  const child = spawn(program, words, {
    cwd: root,
    detached: true,
    env: { ...process.env, ...options.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const id = child.pid ?? 0;
  if (id > 0) running.add(id);
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      pieces.push(text);
      if (options.isShown === true) process.stdout.write(text);
    });
  }
  const timer = setTimeout(() => {
    pieces.push(`\n${program} was stopped after ${options.limitMs} ms.\n`);
    signalGroup(id, "SIGKILL");
  }, options.limitMs ?? 0x7f_ff_ff_ff);
  child.on("error", (error) => resolve({ code: 127, output: `${program}: ${error.message}` }));
  // What it left behind would hold our pipes open, and the machine's ports.
  child.on("exit", () => signalGroup(id, "SIGKILL"));
  child.on("close", (code) => {
    clearTimeout(timer);
    running.delete(id);
    resolve({ code: code ?? 1, output: pieces.join("") });
  });
  return promise;
}

/**
 * Ctrl-C and SIGTERM end what we started too, which is in groups of its own: asked first, so that
 * it can clean up after itself, and killed ten seconds later.
 */
export function endCommandsWithUs(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      for (const id of running) signalGroup(id, "SIGTERM");
      setTimeout(() => {
        for (const id of running) signalGroup(id, "SIGKILL");
      }, 10_000).unref();
      process.on("exit", () => {
        process.exitCode = 130;
      });
    });
  }
}

function signalGroup(id: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(-id, signal);
  } catch {
    // It has ended meanwhile.
  }
}
