import type { GroupId } from "@gridward/core/base/identity";
import { accountsMax } from "@gridward/core/codec/replica/limits";
import {
  manifestHash,
  setDigest,
  type Manifest,
  type Signed,
} from "@gridward/core/codec/replica/manifest";
import type { ReplicaRecord } from "@gridward/core/codec/replica/record";
import { replicatedAccounts } from "@gridward/core/domain/projection";
import type { AccountRow, GroupRow, PolicyRow } from "@gridward/core/domain/types";
import { sha256 } from "@gridward/runtime/os/hash";
import { signBody } from "@gridward/runtime/replica/signature";
import { deviceRecord } from "./device-record.ts";
import type { Committed, ReplicaParts } from "./replica-parts.ts";

/** What the devices of one group hold, as of one committed state. */
export interface GroupSet {
  readonly accounts: readonly AccountRow[];
  readonly records: readonly ReplicaRecord[];
  readonly digest: string;
}

/** A set under the manifest of this server's signer. */
export interface IssuedSet extends GroupSet {
  readonly manifest: Signed<Manifest>;
  readonly hash: string;
}

/** Sets are made once a group and committed state, however many devices ask. */
export interface GroupSets {
  /** Undefined for a group that is not there, or has more accounts than a device takes. */
  find(committed: Committed, group: GroupId): GroupSet | undefined;
  /** Undefined also while this server has no signer. */
  issue(committed: Committed, group: GroupId): IssuedSet | undefined;
}

interface Cached {
  readonly state: Committed["state"];
  readonly set: GroupSet;
}

export function groupSets(parts: Pick<ReplicaParts, "signer" | "clock">): GroupSets {
  const sets = new Map<GroupId, Cached>();
  const issued = new Map<GroupId, IssuedSet>();

  const find = (committed: Committed, id: GroupId): GroupSet | undefined => {
    const cached = sets.get(id);
    if (cached?.state === committed.state) return cached.set;
    const group = committed.state.tables.groups.get(id);
    if (group === undefined) return undefined;
    const set = projectSet(committed, group);
    if (set === undefined) return undefined;
    sets.set(id, { state: committed.state, set });
    return set;
  };

  const issue = (committed: Committed, id: GroupId): IssuedSet | undefined => {
    const set = find(committed, id);
    const group = committed.state.tables.groups.get(id);
    const signer = parts.signer();
    const last = issued.get(id);
    if (set === undefined || group === undefined || signer === null) return undefined;
    if (last !== undefined && isUnder(last.manifest.body, committed)) return last;
    const body = manifestOf(committed, group, set);
    if (body === undefined) return undefined;
    const whole: Manifest = {
      ...body,
      prevManifestHash: last?.hash ?? null,
      issuedAt: parts.clock.now(),
    };
    const next: IssuedSet = {
      ...set,
      manifest: signBody(signer, "manifest", whole),
      hash: manifestHash(sha256, whole),
    };
    issued.set(id, next);
    return next;
  };

  return { find, issue };
}

function projectSet(committed: Committed, group: GroupRow): GroupSet | undefined {
  const { policies } = committed.state.tables;
  const accounts: AccountRow[] = [];
  const records: ReplicaRecord[] = [];
  for (const account of replicatedAccounts(committed.state, group.id)) {
    const policy: PolicyRow | undefined = policies.get(account.policy);
    if (account.password === null || policy === undefined) continue; // Nothing to sign in with.
    accounts.push(account);
    records.push(deviceRecord(account, account.password, policy));
  }
  if (records.length > accountsMax) return undefined;
  return { accounts, records, digest: setDigest(sha256, records) };
}

/** Same owner, same term, same entry: the manifest that was issued still says all there is. */
function isUnder(manifest: Manifest, { state, position }: Committed): boolean {
  const pair = state.tables.pair.first();
  return (
    manifest.rev === position.seq && manifest.term === pair?.term && manifest.owner === pair.owner
  );
}

function manifestOf(
  { state, position }: Committed,
  group: GroupRow,
  set: GroupSet,
): Omit<Manifest, "prevManifestHash" | "issuedAt"> | undefined {
  const system = state.tables.system.first();
  const pair = state.tables.pair.first();
  if (system === undefined || pair === undefined) return undefined;
  return {
    systemId: system.id,
    group: group.id,
    term: pair.term,
    owner: pair.owner,
    rev: position.seq,
    count: set.records.length,
    setDigest: set.digest,
    policy: { softAge: group.softAge, hardAge: group.hardAge },
    validFor: group.hardAge,
  };
}
