import {
  accountId,
  type NodeId,
  nodeId,
  requestId,
  sealed,
  systemId,
} from "@gridward/core/base/identity";
import { assert } from "@gridward/core/base/result";
import type { Command } from "@gridward/core/domain/command";
import { decide } from "@gridward/core/domain/decide";
import type { Entry, EntryContent } from "@gridward/core/domain/entry";
import { sealEntry } from "@gridward/core/domain/entry-hash";
import type { Fact } from "@gridward/core/domain/fact";
import { emptyState } from "@gridward/core/domain/state";
import type { Actor, PairRow, ServerKind, ServerRow } from "@gridward/core/domain/types";
import { sha256 } from "@gridward/runtime/os/hash";
import type { SimServer } from "./sim-server.ts";

export const ourSystem = systemId("the system");
export const otherSystem = systemId("another system");
/** The Main that is lost for ever before an orphans' run begins. */
const lostMain = nodeId("C");

const local: Actor = { kind: "local", id: "root", name: "root", door: "local", source: "" };

export interface Joined {
  readonly id: NodeId;
  readonly kind: ServerKind | undefined;
}

/** A system is created on `server`; its partners, if there are any, know of it and are blank. */
export function beginFresh(
  server: SimServer,
  joined: readonly Joined[],
  { term, mode }: Pick<PairRow, "term" | "mode">,
): void {
  const { id, disk } = server;
  const incarnation = `${id}-0`;
  const begun = { term, mode, owner: id, start: 1, ackSet: [id], incarnation };
  const control = { ...disk.control, ...begun };
  const content = systemCreated(disk.control.systemId ?? "", id, joined);
  server.run(({ conductor }) => {
    conductor.found(disk.store.create(incarnation), content, control);
  });
}

/** Both were certified by a Main that is gone; each may hold a tail that the Main never confirmed. */
export function beginOrphaned(
  servers: readonly [SimServer, SimServer],
  tails: readonly [number, number],
): readonly Entry[] {
  const [a, b] = servers;
  const content = systemCreated(ourSystem, a.id, [{ id: b.id, kind: "promotable" }]);
  const place = { node: lostMain, term: 1, start: 1 };
  const zero = { term: 0, start: 0, seq: 0, hash: "0".repeat(64) };
  const entries = [sealEntry(content, { ...place, previous: zero }, sha256)];
  for (let index = 0; index < Math.max(...tails); index++) {
    const previous = entries.at(-1) ?? zero;
    const note = { ...content, requestId: requestId(`tail-${index}`), kind: "note", facts: [] };
    entries.push(sealEntry(note, { ...place, previous }, sha256));
  }
  for (const [index, server] of servers.entries()) {
    orphan(server, entries.slice(0, 1 + (tails[index] ?? 0)), [lostMain, a.id, b.id]);
  }
  return entries.slice(0, 1);
}

function orphan(server: SimServer, entries: readonly Entry[], ackSet: readonly NodeId[]): void {
  const { disk, id } = server;
  const incarnation = `${id}-0`;
  const { journal } = disk.store.create(incarnation);
  journal.append(entries, 1);
  const opened = disk.store.open(incarnation);
  const [first] = entries;
  assert(opened.ok && first !== undefined, "a journal just written opens");
  const { committed: position, committedDigest: digest } = opened.value;
  const certificate = {
    incarnation,
    position,
    digest,
    complete: true,
    certifiedBy: lostMain,
    at: 1,
  };
  disk.control = {
    ...disk.control,
    incarnation,
    term: 1,
    owner: lostMain,
    highest: journal.head(),
    ackSet,
    certificate,
  };
}

function systemCreated(system: string, self: NodeId, partners: readonly Joined[]): EntryContent {
  const request = requestId("create");
  const command = createSystem(system, self);
  const decision = decide(emptyState, { command, actor: local, at: 1, requestId: request });
  assert(decision.ok, "a system can be created");
  const joined = partners.map(({ id, kind = "promotable" }): Fact => ({
    kind: "server-joined",
    server: { ...serverRow(id), kind },
  }));
  return {
    at: 1,
    actor: local,
    requestId: request,
    kind: command.kind,
    facts: [...decision.value.facts, ...joined, passwordSet],
    answer: {},
  };
}

function serverRow(id: NodeId): ServerRow {
  return {
    id,
    name: id,
    address: "198.51.100.1",
    ports: { https: 1, link: 1, ldaps: 1 },
    pairingKey: "",
    kind: "promotable",
    joinedAt: 1,
  };
}

/** The administrator has a password, so that it may order changes. */
const passwordSet: Fact = {
  kind: "password-set",
  id: accountId("admin"),
  password: {
    verifier: sealed("sealed"),
    version: 1,
    changedAt: 1,
    mustChange: false,
    history: [],
  },
};

function createSystem(system: string, self: NodeId): Command {
  return {
    kind: "create-system",
    systemId: system,
    base: "dc=sim",
    site: "sim",
    replicaKey: sealed("sealed"),
    authority: {
      id: "issuing",
      standing: "issuing",
      certificate: "",
      cross: null,
      key: sealed("sealed"),
      createdAt: 0,
    },
    certificates: [],
    server: serverRow(self),
    administrator: {
      id: accountId("admin"),
      name: "admin",
      code: { verifier: sealed("sealed"), expiresAt: 10_000_000 },
    },
  };
}
