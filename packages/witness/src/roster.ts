import type { KeyObject } from "node:crypto";
import { utf8 } from "@gridward/core/base/bytes";
import type { NodeId } from "@gridward/core/base/identity";
import { parseJsonText } from "@gridward/core/base/json";
import { parseKnownServers, type KnownServer } from "@gridward/core/domain/witness-message";
import { writeFileAtomic } from "@gridward/runtime/os/files";
import { pairingKeyFromText } from "@gridward/runtime/trust/x509/keys";
import { readText } from "./witness-directory.ts";

/**
 * The servers that are let in, by their pairing keys: a renewed CA or an expired certificate costs
 * nobody the arbiter. A file that cannot be read lets nobody in until the witness is added again.
 */
export class Roster {
  readonly #path: string;
  #servers: readonly KnownServer[];

  constructor(path: string) {
    this.#path = path;
    const text = readText(path);
    this.#servers = (text === undefined ? undefined : parseKnownServers(parseJsonText(text))) ?? [];
  }

  get servers(): readonly KnownServer[] {
    return this.#servers;
  }

  keyOf(id: NodeId): KeyObject | undefined {
    const server = this.#servers.find((one) => one.id === id);
    return server && pairingKeyFromText(server.pairingKey);
  }

  nameOf(id: NodeId): string {
    return this.#servers.find((one) => one.id === id)?.name ?? id;
  }

  keep(servers: readonly KnownServer[]): void {
    const text = JSON.stringify(servers);
    if (text === JSON.stringify(this.#servers)) return;
    writeFileAtomic(this.#path, utf8(text));
    this.#servers = servers;
  }
}
