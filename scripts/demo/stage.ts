import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "../sources.ts";

const gridward = join(root, "bin", "gridward");
const readyLimitMs = 30_000;
const stopLimitMs = 15_000;
const ownPorts = [10_000, 32_000] as const;

/** What a command of ours ended in. */
export interface Ended {
  readonly exit: number;
  readonly data: unknown;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly stderr: string;
}

/** Where the demonstration plays: a folder, free ports, real processes, and their end. */
export class Stage {
  readonly directory: string;
  readonly #running = new Map<string, ChildProcess>();
  readonly #logs: string[] = [];
  readonly #enclosures = new Map<string, readonly string[]>();

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), "gridward-demo-"));
    mkdirSync(join(this.directory, "home"));
  }

  path(...names: readonly string[]): string {
    return join(this.directory, ...names);
  }

  /** A file that only we can read, for a password or a code. */
  secretFile(name: string, text: string): string {
    const path = this.path(name);
    writeFileSync(path, `${text}\n`, { mode: 0o600 });
    return path;
  }

  /** Runs a command of the CLI to its end; its answer as JSON. */
  async run(...words: readonly string[]): Promise<Ended> {
    const child = spawn(process.execPath, [gridward, ...words, "-o", "json"], {
      env: { ...process.env, GRIDWARD_HOME: this.path("home") },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr, exit] = await Promise.all([
      textOf(child.stdout),
      textOf(child.stderr),
      exitOf(child),
    ]);
    const envelope = parseEnvelope(stdout.trim() === "" ? stderr : stdout);
    return { exit, stderr, ...envelope };
  }

  /** The same, where anything but success ends the demonstration. */
  async must(...words: readonly string[]): Promise<Record<string, unknown>> {
    const ended = await this.run(...words);
    if (ended.exit !== 0) {
      const said = ended.error?.message ?? ended.stderr.trim();
      throw new Error(`gridward ${words.join(" ")}: exit ${ended.exit}: ${said}`);
    }
    return isRecord(ended.data) ? ended.data : {};
  }

  /** What the program of this name is started by: words of a command that ends with a command. */
  enclose(name: string, ...words: readonly string[]): void {
    this.#enclosures.set(name, words);
  }

  /** Starts a program that prints one line when it is ready. */
  async start(name: string, ...words: readonly string[]): Promise<{ readonly pid: number }> {
    const enclosure = this.#enclosures.get(name) ?? [];
    const [program = "", ...rest] = [...enclosure, process.execPath, gridward, ...words];
    const child = spawn(program, rest, {
      env: { ...process.env, GRIDWARD_HOME: this.path("home") },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#running.set(name, child);
    child.once("exit", () => {
      if (this.#running.get(name) === child) this.#running.delete(name);
    });
    createInterface(child.stderr).on("line", (line) => void this.#logs.push(`${name}: ${line}`));
    const lines = createInterface(child.stdout);
    const ready = await within(
      readyLimitMs,
      `${name} is ready`,
      new Promise<string>((resolve, reject) => {
        lines.once("line", resolve);
        child.once("exit", (code) => {
          reject(new Error(`${name} ended with ${String(code)}: ${this.lastLog(name)}`));
        });
      }),
    );
    const said: unknown = JSON.parse(ready);
    const pid = isRecord(said) ? said["pid"] : undefined;
    if (typeof pid !== "number") throw new Error(`${name} did not say its process id`);
    return { pid };
  }

  lastLog(name: string): string {
    return this.#logs
      .filter((line) => line.startsWith(`${name}: `))
      .slice(-4)
      .join("\n");
  }

  isRunning(name: string): boolean {
    return this.#running.has(name);
  }

  /** Ends a program: SIGTERM in order, SIGKILL like a power cut. */
  async end(name: string, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.#running.get(name);
    if (!child) return;
    const ended = exitOf(child);
    child.kill(signal);
    await within(stopLimitMs, `${name} has ended`, ended);
    this.#running.delete(name);
  }

  /** Nothing of ours is left: no process, no file. */
  async clear(): Promise<void> {
    await Promise.all(
      [...this.#running.keys()].map((name) =>
        this.end(name, "SIGTERM").catch(() => this.end(name, "SIGKILL")),
      ),
    );
    rmSync(this.directory, { recursive: true, force: true });
  }

  readText(...names: readonly string[]): string {
    return readFileSync(this.path(...names), "utf8");
  }
}

/** Waits for a state, never for a time; says what it waited for when that does not come. */
export async function until<Value>(
  what: string,
  limitMs: number,
  look: () => Promise<Value | undefined>,
): Promise<Value> {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`${what}: not within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function within<Value>(limitMs: number, what: string, work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * A port that nobody listens on, below those that the system gives to outgoing connections: a
 * server that was stopped finds it free again.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(...ownPorts);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.on("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseEnvelope(text: string): Pick<Ended, "data" | "error"> {
  try {
    const envelope: unknown = JSON.parse(text);
    if (!isRecord(envelope)) return { data: null, error: null };
    const { data, error } = envelope;
    if (!isRecord(error)) return { data: data ?? null, error: null };
    return {
      data: data ?? null,
      error: { code: String(error["code"]), message: String(error["message"]) },
    };
  } catch {
    return { data: null, error: null };
  }
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}

async function exitOf(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null) return child.exitCode;
  return new Promise((resolve) => child.once("exit", (code) => resolve(code ?? 1)));
}
