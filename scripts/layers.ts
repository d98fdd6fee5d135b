import { type Import, scanImports } from "./imports.ts";
import type { Sources } from "./sources.ts";

/**
 * Who may import whom. The first area whose pattern fits a file is the file's area; `may` names
 * areas, and every area may import itself. CONTRIBUTING.md "Layers" gives the reasons.
 */
export interface Area {
  readonly name: string;
  readonly pattern: RegExp;
  readonly may: readonly string[];
  readonly platform: readonly Platform[];
}

type Platform = keyof typeof platforms;

/** What Node offers, by what it touches. */
const platforms = {
  pure: ["assert", "buffer", "events", "path", "stream", "url", "util", "zlib"],
  cryptography: ["crypto"],
  sockets: ["dgram", "dns", "http", "http2", "https", "net", "tls"],
  files: ["fs", "sqlite"],
  process: [
    "child_process",
    "cluster",
    "module",
    "os",
    "process",
    "readline",
    "tty",
    "worker_threads",
  ],
  clock: ["diagnostics_channel", "perf_hooks", "timers"],
  tests: ["test"],
} as const;

const core = ["core/base", "core/codec", "core/domain", "core/api"];
const allButApi = ["core/base", "core/codec", "core/domain"];
const shell = ["runtime/os", "runtime/trust", "runtime/journal", "runtime"];
const everything: readonly Platform[] = [
  "pure",
  "cryptography",
  "sockets",
  "files",
  "process",
  "clock",
];

/** Area, its folder or file under packages/, what it may import, what of Node it may use. */
const table: readonly (readonly [string, string, readonly string[], readonly Platform[]])[] = [
  ["core/base", "core/src/base/", [], []],
  ["core/codec", "core/src/codec/", ["core/base"], []],
  ["core/domain", "core/src/domain/", ["core/base"], []],
  ["core/api", "core/src/api/", ["core/base", "core/domain"], []],
  ["runtime/os", "runtime/src/os/", allButApi, everything],
  [
    "runtime/trust",
    "runtime/src/trust/",
    [...allButApi, "runtime/os"],
    ["pure", "cryptography", "sockets"],
  ],
  [
    "runtime/journal",
    "runtime/src/journal/",
    [...allButApi, "runtime/os"],
    ["pure", "cryptography", "files"],
  ],
  [
    "runtime",
    "runtime/src/",
    [...allButApi, "runtime/os", "runtime/trust"],
    ["pure", "cryptography", "sockets"],
  ],
  ["server/main", "server/src/main.ts", [...core, ...shell, "server", "server/listen"], everything],
  [
    "server/listen",
    "server/src/listen.ts",
    [...core, ...shell, "server", "server/frontends"],
    ["pure", "cryptography"],
  ],
  [
    "server/frontends",
    "server/src/frontends/",
    [...core, "runtime/os", "runtime/trust", "runtime", "server"],
    ["pure", "cryptography", "sockets"],
  ],
  ["server", "server/src/", [...core, ...shell], ["pure", "cryptography"]],
  ["ied/main", "ied/src/main.ts", [...core, ...shell, "ied"], everything],
  ["ied", "ied/src/", [...core, ...shell], ["pure", "cryptography", "sockets"]],
  ["witness/main", "witness/src/main.ts", [...core, ...shell, "witness"], everything],
  ["witness", "witness/src/", [...core, ...shell], ["pure", "cryptography"]],
  ["cli/main", "cli/src/main.ts", [...core, "runtime/os", "runtime/trust", "cli"], everything],
  ["cli", "cli/src/", [...core, "runtime/os", "runtime/trust"], ["pure", "sockets"]],
  [
    "sim",
    "sim/src/",
    [...core, ...shell, "server", "server/frontends", "ied", "witness"],
    everything,
  ],
];

export const areas: readonly Area[] = table.map(([name, folder, may, platform]) => ({
  name,
  pattern: new RegExp(`^packages/${folder.replaceAll(".", "\\.")}`),
  may,
  platform,
}));

/** Names that are randomness, which a test must be able to choose. */
const random = /^(?:random|getRandomValues|webcrypto)/;

const isTest = /\.test\.ts$|^test\//;
const isEntry = /\/main\.ts$|\/(?:\w+-)?gate\.ts$|\.test\.ts$|\.d\.ts$|^(?:scripts|bench|test)\//;

/** Every breach as one sentence; none when the layers are clean. */
export function checkLayers(sources: Sources): readonly string[] {
  const all = scanImports(sources);
  const imports = all.filter(({ isStarted }) => !isStarted);
  return [...imports.flatMap(judge), ...findCycles(imports), ...findOrphans(sources, all)];
}

export function areaOf(file: string): Area | undefined {
  return areas.find(({ pattern }) => pattern.test(file));
}

function judge(one: Import): readonly string[] {
  const from = areaOf(one.from);
  if (from === undefined) return [];
  const why = judgeFrom(one, from);
  return why === undefined ? [] : [`${one.from}:${one.line} ${why}`];
}

function judgeFrom(one: Import, from: Area): string | undefined {
  if (one.to.startsWith("node:")) return judgePlatform(one, from);
  return one.to.startsWith("packages/") ? judgeOurs(one, from) : judgeOutside(one, from);
}

function judgePlatform(one: Import, from: Area): string | undefined {
  if (isTest.test(one.from) || one.from.endsWith(".contract.ts")) return undefined;
  const module = one.to.slice("node:".length).replace(/\/.*$/, "");
  const allowed: readonly string[] = from.platform.flatMap((kind) => platforms[kind]);
  if (!allowed.includes(module)) return `${from.name} may not import ${one.to}`;
  const name = one.names.find((candidate) => random.test(candidate));
  if (name === undefined || from.platform === everything) return undefined;
  return `${from.name} may not import ${name}: randomness comes from runtime/os`;
}

function judgeOurs(one: Import, from: Area): string | undefined {
  const to = areaOf(one.to);
  if (to === undefined) return `${one.to} is in no area of scripts/layers.ts`;
  // A test may put the simulator or several front ends together: it is no part of the product.
  if (isTest.test(one.from) && ["sim", "server/frontends"].includes(to.name)) return undefined;
  if (to.name !== from.name && !from.may.includes(to.name)) {
    return `${from.name} may not import ${to.name} (${one.to})`;
  }
  const [mine, theirs] = [frontEndOf(one.from), frontEndOf(one.to)];
  if (mine !== undefined && theirs !== undefined && mine !== theirs) {
    return `front end ${mine} may not import front end ${theirs}`;
  }
  return undefined;
}

/** Outside packages are knip's to check, but the pure core takes only three. */
function judgeOutside(one: Import, from: Area): string | undefined {
  const isCore = from.name.startsWith("core/");
  const allowed = ["immutable", "saxes", "zod", ...(isTest.test(one.from) ? ["fast-check"] : [])];
  return isCore && !allowed.includes(one.to) ? `core may not import ${one.to}` : undefined;
}

function frontEndOf(file: string): string | undefined {
  return /\/frontends\/([^/.]+)\//.exec(file)?.[1];
}

function findOrphans(sources: Sources, imports: readonly Import[]): readonly string[] {
  const imported = new Set(imports.map(({ to }) => to));
  return [...sources.keys()]
    .filter((file) => !isEntry.test(file) && !imported.has(file))
    .map((file) => `${file} is imported by nothing`);
}

/** Each cycle once, told as the path back to its first file. */
function findCycles(imports: readonly Import[]): readonly string[] {
  const next = Map.groupBy(imports, ({ from }) => from);
  const done = new Set<string>();
  const path: string[] = [];
  const found: string[] = [];
  const visit = (file: string): void => {
    const start = path.indexOf(file);
    if (start >= 0) found.push(`cycle: ${[...path.slice(start), file].join(" -> ")}`);
    if (done.has(file)) return;
    done.add(file);
    path.push(file);
    for (const { to } of next.get(file) ?? []) if (to.startsWith("packages/")) visit(to);
    path.pop();
  };
  for (const file of next.keys()) visit(file);
  return found;
}
