import { join } from "node:path";
import * as z from "zod";
import { parseJsonBytes } from "@gridward/core/base/json";
import type { SecuritySettings } from "@gridward/core/base/security-settings";
import { day, type Instant, type Millis } from "@gridward/core/base/time";
import { isLegacyPeer } from "@gridward/core/domain/decide-legacy";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { Clock } from "@gridward/runtime/os/clock";
import { readFileBounded } from "@gridward/runtime/os/files";
import { SlowFile } from "../slow-file.ts";

/** CS7: a peer that was served without a certificate, as this server saw it. */
const seenShape = z.strictObject({
  door: z.enum(["ldap", "link"]),
  address: z.string().max(64),
  first: z.int(),
  last: z.int(),
  count: z.int(),
  /** Login names, or the name of the server. */
  names: z.array(z.string().max(64)).max(16),
  /** What would be said to it if the box were cleared: the code of a cause. */
  cause: z.string().max(8).nullable(),
});

export type SeenPeer = z.infer<typeof seenShape>;

const fileShape = z.strictObject({ v: z.literal(1), seen: z.array(seenShape).max(1_024) });

/** A peer that did not come for so long is forgotten. */
const seenFor: Millis = 30 * day;
const seenMost = 1_024;
const namesMost = 16;
const fileBytesMost = 1024 * 1024;

export interface LegacyParts {
  readonly directory: string;
  readonly settings: () => SecuritySettings;
  readonly state: () => DirectoryState;
  readonly clock: Pick<Clock, "now">;
  readonly note: (text: string) => void;
}

/** Whether a peer at this address is served without a certificate under these settings. */
export function isServedLegacy(
  { legacy, legacy_peers: peers }: SecuritySettings,
  address: string,
  { state, now }: { readonly state: () => DirectoryState; readonly now: () => Instant },
): boolean {
  return legacy && (peers === "any" || isLegacyPeer(state(), address, now()));
}

/** Who is served without a certificate, and who was in the last 30 days. */
export class LegacyPeers {
  readonly #parts: LegacyParts;
  readonly #seen: Map<string, SeenPeer>;
  readonly #file: SlowFile;

  constructor(parts: LegacyParts) {
    this.#parts = parts;
    this.#seen = new Map(readSeen(parts.directory).map((peer) => [keyOf(peer), peer]));
    this.#file = new SlowFile({
      ...parts,
      path: pathIn(parts.directory),
      what: "legacy peers",
      text: () => JSON.stringify({ v: 1, seen: this.seen }),
    });
  }

  isAllowed(address: string, settings = this.#parts.settings()): boolean {
    const { state, clock } = this.#parts;
    return isServedLegacy(settings, address, { state, now: () => clock.now() });
  }

  noteSignIn(address: string, account: string): void {
    this.#note({ door: "ldap", address, name: account, cause: null });
  }

  /** A partner whose certificate, or want of one, would be refused for this cause. */
  noteLink(partner: {
    readonly address: string;
    readonly name: string;
    readonly cause: string;
  }): void {
    this.#note({ door: "link", ...partner });
  }

  /** The last 30 days, the latest first. */
  get seen(): readonly SeenPeer[] {
    const oldest = this.#parts.clock.now() - seenFor;
    return [...this.#seen.values()]
      .filter(({ last }) => last >= oldest)
      .toSorted((left, right) => right.last - left.last || (keyOf(left) < keyOf(right) ? -1 : 1));
  }

  close(): void {
    this.#file.close();
  }

  #note(peer: {
    readonly door: SeenPeer["door"];
    readonly address: string;
    readonly name: string;
    readonly cause: string | null;
  }): void {
    const { door, address, name, cause } = peer;
    const at = this.#parts.clock.now();
    const key = keyOf(peer);
    const before = this.#seen.get(key);
    const names = new Set([name, ...(before?.names ?? [])]);
    this.#seen.delete(key);
    this.#seen.set(key, {
      door,
      address,
      first: before?.first ?? at,
      last: at,
      count: (before?.count ?? 0) + 1,
      names: [...names].slice(0, namesMost),
      cause,
    });
    // Written in the order in which they came last, so the first is the oldest.
    const [oldest = key] = this.#seen.size > seenMost ? this.#seen.keys() : [];
    if (oldest !== key) this.#seen.delete(oldest);
    this.#file.changed();
  }
}

function keyOf({ door, address }: Pick<SeenPeer, "door" | "address">): string {
  return `${door} ${address}`;
}

/** A file that nobody wrote so is none: it is a memory, and not a setting. */
function readSeen(directory: string): readonly SeenPeer[] {
  const bytes = readFileBounded(pathIn(directory), fileBytesMost);
  const parsed = bytes.ok ? fileShape.safeParse(parseJsonBytes(bytes.value)) : undefined;
  return parsed?.data?.seen.toReversed() ?? [];
}

function pathIn(directory: string): string {
  return join(directory, "legacy-peers.json");
}
