import assert from "node:assert/strict";
import { join } from "node:path";
import { decodeUtf8, utf8 } from "@gridward/core/base/bytes";
import { nodeId } from "@gridward/core/base/identity";
import {
  defaultSecurity,
  type SecurityChange,
  type SecuritySettings,
} from "@gridward/core/base/security-settings";
import type { Actor } from "@gridward/core/domain/types";
import { makeDirectory, readFileBounded, writeFileAtomic } from "@gridward/runtime/os/files";
import { readServerConfig } from "@gridward/runtime/trust/server-directory";
import type { Direction } from "../pair/direction.ts";
import { SecurityChanges, type SecurityOrder } from "./security-changes.ts";
import type { SecurityUse } from "./security-use.ts";
import { SignInTrial } from "./sign-in-trial.ts";
import { StandingSettings } from "./standing-settings.ts";

/** For tests: changes of the security settings, with links and a clock that are moved by hand. */

export const admin: Actor = {
  kind: "account",
  id: "1",
  name: "admin",
  door: "https",
  source: "10.0.0.9",
};
const partner = { id: nodeId("B"), name: "B" };
export const good: Direction = { verdict: "ok", fingerprint: "f", notAfter: 1 };
export const untried: Direction = { verdict: "not tried" };
export const broken: Direction = {
  verdict: "refused",
  cause: "T01",
  by: "them",
  ours: "",
  theirs: "",
  since: 0,
};

export const text = `# Ours.
name = "A"
listen = "127.0.0.1"
address = "127.0.0.1"

[security]
# As agreed.
temporary = false # not yet
`;

let made = 0;

/** What is moved by hand, and what came of it. */
interface World {
  at: number;
  passes: boolean;
  cause: string;
  partners: readonly (typeof partner)[];
  links: { readonly dial: Direction; readonly accept: Direction };
  told: readonly SecurityUse[];
  refreshed: number;
  rechecked: number;
  judged: number;
}

type Done = ReturnType<SecurityChanges["set"]>;

interface ChangingServer {
  readonly world: World;
  readonly directory: string;
  readonly settings: StandingSettings;
  readonly changes: SecurityChanges;
  readonly trial: SignInTrial;
  /** As from the machine itself. */
  readonly set: (change: SecurityChange, isConfirmed?: boolean, isTry?: boolean) => Done;
  /** As over HTTPS. */
  readonly setOver: (change: SecurityChange, more?: Partial<SecurityOrder>) => Done;
  /** The links come to what `world` says. */
  readonly judge: () => void;
  readonly written: () => string;
  readonly inFile: () => SecuritySettings;
  readonly isPending: () => boolean;
  readonly pass: (ms: number) => void;
  readonly last: () => string;
}

/** A server whose links pass while `passes` says so, as soon as they are made anew. */
export function aChangingServer(place: string): ChangingServer {
  const directory = join(place, String(made++));
  makeDirectory(directory);
  writeFileAtomic(join(directory, "server.toml"), utf8(text));
  const world: World = {
    at: 0,
    passes: true,
    cause: "T01",
    partners: [partner],
    links: { dial: good, accept: good },
    told: [],
    refreshed: 0,
    rechecked: 0,
    judged: 0,
  };
  const settings = new StandingSettings(defaultSecurity);
  const parts = changing(world);
  const changes = new SecurityChanges({ ...parts, directory, settings });
  const order = { isConfirmed: false, isTry: false, actor: admin, objection: () => null };
  return {
    world,
    directory,
    settings,
    changes,
    trial: parts.trial,
    set: async (change, isConfirmed = false, isTry = false) =>
      changes.set({ ...order, change, isConfirmed, isTry, mustProve: false }),
    setOver: async (change, more = {}) =>
      changes.set({ ...order, ...more, change, mustProve: true }),
    judge: () => judge(world),
    written: () => read(join(directory, "server.toml")) ?? "",
    inFile() {
      const config = readServerConfig(directory);
      assert.ok(config.ok);
      return config.value.security;
    },
    isPending: () => read(join(directory, "security-pending.json")) !== null,
    pass(ms) {
      world.at += ms;
      parts.trial.tick();
      changes.tick();
    },
    last: () => world.told.at(-1)?.change ?? "",
  };
}

function changing(world: World) {
  const clock = { now: () => world.at, monotonic: () => world.at, sleep: async () => undefined };
  const onChange = (use: SecurityUse): void => {
    world.told = [...world.told, use];
  };
  return {
    partners: () => world.partners,
    directions: () => world.links,
    rejudge: async () => {
      world.judged++;
      judge(world);
    },
    recheck: async () => void world.rechecked++,
    refresh: () => void world.refreshed++,
    onChange,
    trial: new SignInTrial({ onChange, clock }),
    clock,
  };
}

function judge(world: World): void {
  const now = world.passes ? good : { ...broken, cause: world.cause };
  const { dial, accept } = world.links;
  world.links = {
    dial: dial === untried ? untried : now,
    accept: accept === untried ? untried : now,
  };
}

/** Null where there is no such file. */
function read(path: string): string | null {
  const file = readFileBounded(path, 64 * 1024);
  const found = file.ok ? decodeUtf8(file.value) : file;
  return found.ok ? found.value : null;
}
