import { join } from "node:path";
import * as z from "zod";
import { utf8 } from "@gridward/core/base/bytes";
import { parseJsonBytes } from "@gridward/core/base/json";
import { rfc3339 } from "@gridward/core/base/time";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { RemovedServerRow } from "@gridward/core/domain/types";
import type { VerifiedPeer } from "@gridward/runtime/link/peer";
import {
  isOutOfRoom,
  readFileBounded,
  removePath,
  writeFileAtomic,
} from "@gridward/runtime/os/files";

/** What a server knows of its own removal from the system (HS14). */
export type Removal = Pick<RemovedServerRow, "by" | "at">;

const removalShape = z.strictObject({ by: z.string().min(1).max(256), at: z.int().min(0) });
const farewellShape = z.strictObject({ ...removalShape.shape, kind: z.literal("removed") });

/** What a removed server hears, once it has proved who it was; nothing that it says is read. */
function sayFarewell(peer: VerifiedPeer, { by, at }: Removal): void {
  const sent = peer.send(utf8(JSON.stringify({ kind: "removed", by, at })));
  void sent.then(() => peer.close("it was removed from the system"));
}

/** Undefined where the frame is no farewell. */
export function parseFarewell(json: unknown): Removal | undefined {
  const parsed = farewellShape.safeParse(json);
  return parsed.success ? { by: parsed.data.by, at: parsed.data.at } : undefined;
}

/** May this peer speak as a server of the system? Who was removed hears so, at once. */
export function admitServer(state: DirectoryState, peer: VerifiedPeer): boolean {
  const row = removalOf(state, peer.name);
  if (row === undefined) return true;
  sayFarewell(peer, row);
  return false;
}

/** Undefined: it is no server that was removed, or takes part again under the same id. */
export function removalOf(
  { tables: { servers, removed } }: DirectoryState,
  name: VerifiedPeer["name"],
): RemovedServerRow | undefined {
  if (name.kind !== "server" || servers.size === 0 || servers.has(name.node)) return undefined;
  return removed.get(name.node);
}

/** Beside the database, for the next start: a server that was told does not ask again. */
export function keepRemoval(directory: string, { by, at }: Removal): void {
  try {
    writeFileAtomic(pathIn(directory), utf8(JSON.stringify({ by, at })));
  } catch (error) {
    if (!isOutOfRoom(error)) throw error; // It is told again after the next start.
  }
}

/** Null: it was not told so. A file that cannot be read tells nothing. */
export function readRemoval(directory: string): Removal | null {
  const bytes = readFileBounded(pathIn(directory), 4_096);
  if (!bytes.ok) return null;
  const parsed = removalShape.safeParse(parseJsonBytes(bytes.value));
  return parsed.success ? parsed.data : null;
}

/** A restored backup makes it a server of that system again. */
export function forgetRemoval(directory: string): void {
  removePath(pathIn(directory));
}

export function removalText({ by, at }: Removal): string {
  return (
    `This server was removed from the system by ${by} at ${rfc3339(at)}: no other server takes ` +
    "part with it any more, and it signs nobody in. Its database is kept and not used."
  );
}

function pathIn(directory: string): string {
  return join(directory, "removed.json");
}
