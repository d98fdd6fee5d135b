import {
  accountId,
  groupId,
  nodeId,
  requestId,
  sealed,
  systemId,
} from "@gridward/core/base/identity";
import { advance } from "@gridward/core/domain/apply";
import { digestAfter } from "@gridward/core/domain/digest";
import { type Entry, type EntryContent, origin } from "@gridward/core/domain/entry";
import { sealEntry } from "@gridward/core/domain/entry-hash";
import type { Fact } from "@gridward/core/domain/fact";
import type { AccountRow } from "@gridward/core/domain/types";
import { sha256 } from "../os/hash.ts";
import { firstVersion } from "./replay.ts";

/** What tests of journals start from. */
const noon = Date.UTC(2026, 5, 1, 12);

/** The entry after `previous`, with facts that change nothing unless told otherwise. */
export function anEntry(
  previous: Entry | undefined,
  changes: Partial<EntryContent> & { readonly term?: number; readonly node?: string } = {},
): Entry {
  const { term = previous?.term ?? 1, node = previous?.node ?? "A", ...content } = changes;
  const seq = (previous?.seq ?? 0) + 1;
  const whole: EntryContent = {
    at: noon + seq,
    actor: { kind: "account", id: "admin", name: "admin", door: "https", source: "192.0.2.1" },
    requestId: requestId(`request ${seq}`),
    kind: "end-session",
    facts: [{ kind: "session-ended", id: `session ${seq}`, expiresAt: noon * 2 }],
    answer: {},
    ...content,
  };
  const place = { node: nodeId(node), term, start: 1, previous: previous ?? origin };
  return sealEntry(whole, place, sha256);
}

/** The first `count` entries of one history: rows of several tables made, changed, taken away. */
export function someEntries(count: number): readonly Entry[] {
  while (history.length < count) history.push(nextEntry());
  return history.slice(0, count);
}

const history: Entry[] = [];
let version = firstVersion;

function nextEntry(): Entry {
  const previous = history.at(-1);
  const seq = history.length + 1;
  const entry = anEntry(previous, { facts: factsAt(seq), kind: "made-for-a-test" });
  const { state, changes } = advance(version.state, entry);
  const digest = digestAfter(version.digest, version.state, changes, sha256);
  version = { position: entry, state, digest };
  return entry;
}

function factsAt(seq: number): readonly Fact[] {
  if (seq === 1) return [systemCreated];
  if (seq % 8 === 0) return [{ kind: "state-digested", seq: seq - 1, digest: version.digest }];
  if (seq % 10 === 7) return [{ kind: "account-deleted", id: accountId(`account ${seq - 2}`) }];
  if (seq % 5 === 0) return [{ kind: "account-created", account: anAccount(`account ${seq}`) }];
  if (seq % 3 === 0) return [{ kind: "group-created", group: aGroup(`group ${seq}`) }];
  return [{ kind: "session-ended", id: `session ${seq}`, expiresAt: noon + 2 * seq }];
}

export function anAccount(id: string): AccountRow {
  return {
    id: accountId(id),
    name: id,
    displayName: `Ännchen of ${id}`,
    uidNumber: 10_001,
    roles: [{ role: 1, area: "*", notBefore: null, notAfter: null }],
    groups: [groupId("group 3")],
    enabled: true,
    password: {
      verifier: sealed(`v1.AAAAAAAA.AAAAAAAAAAAAAAAA.${"A".repeat(150)}`),
      version: 1,
      changedAt: noon,
      mustChange: false,
      history: [],
    },
    code: null,
    lockedUntil: null,
    policy: "utility",
    createdAt: noon,
    changedAt: noon,
  };
}

function aGroup(id: string): (Fact & { readonly kind: "group-created" })["group"] {
  return {
    id: groupId(id),
    name: id,
    description: "",
    deny: [],
    administrators: [],
    softAge: 1,
    hardAge: 2,
    createdAt: noon,
    changedAt: noon,
  };
}

const systemCreated: Fact = {
  kind: "system-created",
  system: {
    id: systemId("system"),
    base: "dc=example,dc=org",
    site: "Hill",
    createdAt: noon,
    replicaKey: sealed("replica key"),
    uidNext: 10_000,
    recovery: null,
  },
};
