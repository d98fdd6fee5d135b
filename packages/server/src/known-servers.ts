import { join } from "node:path";
import { z } from "zod";
import { utf8 } from "@gridward/core/base/bytes";
import { canonical } from "@gridward/core/base/canonical";
import { nodeId } from "@gridward/core/base/identity";
import { parseJsonBytes } from "@gridward/core/base/json";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { ServerRow } from "@gridward/core/domain/types";
import { isOutOfRoom, readFileBounded, writeFileAtomic } from "@gridward/runtime/os/files";

const fileBytesMost = 64 * 1024;
const port = z.int().min(0).max(65_535);
const rows = z.array(
  z.strictObject({
    id: z.string().min(1).transform(nodeId),
    name: z.string(),
    address: z.string(),
    backup: z.exactOptional(z.string()),
    ports: z.strictObject({ https: port, link: port, ldaps: port }),
    pairingKey: z.string(),
    kind: z.enum(["promotable", "permanent"]),
    joinedAt: z.int(),
  }),
);

/**
 * The servers that a joining server was told of, and those that its database named last: whom it
 * dials until it has a database, or has one again.
 * A file that cannot be read is none: the database knows better as soon as there is one.
 */
export class KnownServers {
  readonly #path: string;
  #rows: readonly ServerRow[];
  #followed: DirectoryState["tables"]["servers"] | undefined;

  constructor(directory: string) {
    this.#path = join(directory, "servers.json");
    this.#rows = readRows(this.#path);
  }

  get rows(): readonly ServerRow[] {
    return this.#rows;
  }

  keep(servers: readonly ServerRow[]): void {
    writeFileAtomic(this.#path, utf8(JSON.stringify(servers)));
    this.#rows = servers;
  }

  /** The database knows better; what it says is kept for the day when it cannot be read (HS20). */
  follow(servers: DirectoryState["tables"]["servers"]): void {
    if (servers === this.#followed || servers.size === 0) return;
    this.#followed = servers;
    const named = [...servers.values()].toSorted((left, right) => (left.id < right.id ? -1 : 1));
    if (canonical(named) === canonical(this.#rows)) return;
    try {
      this.keep(named);
    } catch (error) {
      if (!isOutOfRoom(error)) throw error; // Nothing was promised of it.
    }
  }
}

function readRows(path: string): readonly ServerRow[] {
  const bytes = readFileBounded(path, fileBytesMost);
  if (!bytes.ok) return [];
  const parsed = rows.safeParse(parseJsonBytes(bytes.value));
  return parsed.success ? parsed.data : [];
}
