import { accountId, systemId } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import type { Instant } from "@gridward/core/base/time";
import type { Command, Submission } from "@gridward/core/domain/command";
import { decide } from "@gridward/core/domain/decide";
import type { Refusal } from "@gridward/core/domain/refusal";
import { emptyState } from "@gridward/core/domain/state";
import type { Actor, ServerRow } from "@gridward/core/domain/types";
import { DiskFull, type JournalStore } from "@gridward/runtime/journal/journal";
import { freshId, freshRequestId, randomBytes } from "@gridward/runtime/os/random";
import type { IssuedFiles } from "@gridward/runtime/trust/server-directory";
import { freshSystemKey, seal, type SystemKey } from "@gridward/runtime/os/seal";
import { parseDn } from "@gridward/core/codec/ldap/dn";
import type { ServerConfig } from "@gridward/core/codec/server-config";
import { pairingKeyText } from "@gridward/runtime/trust/x509/keys";
import { createAuthority } from "./ca/authority.ts";
import { issueOwn } from "./ca/issue-own.ts";
import { firstCodeValidity } from "./desk/account-endpoints.ts";
import { codeFor, sealCode } from "./one-time-code.ts";
import type { OwnIdentity } from "./own-identity.ts";
import type { Conductor } from "./pair/conductor.ts";

/** Purpose under which the root of all device keys is sealed. */
export const replicaKeyPurpose = "root of the device keys";

export interface FoundOrder {
  readonly base: string;
  readonly site: string;
  readonly administrator: string;
  readonly actor: Actor;
}

export interface FoundParts {
  readonly identity: OwnIdentity;
  readonly config: ServerConfig;
  readonly conductor: Conductor;
  readonly store: JournalStore;
  readonly now: () => Instant;
}

/**
 * `system create`: authority, certificates, keys and the first administrator, in one entry on a
 * blank server. The certificate is issued before the first partner dials, so defaults never clash.
 */
export function foundSystem(
  parts: FoundParts,
  order: FoundOrder,
): Result<{ readonly systemId: string; readonly code: Secret<string> }, Refusal> {
  const { identity, conductor, store } = parts;
  const { self, control } = conductor.pair;
  // A database that cannot be used is one all the same: nothing here may clear it away.
  if (conductor.ledger || control.systemId !== null || control.incarnation !== null) {
    return err({ code: "system.exists", detail: control.systemId ?? "" });
  }
  const base = parseDn(order.base);
  if (!base.ok) return err({ code: "system.bad-value", detail: `base: ${base.error}` });
  const key = freshSystemKey();
  const plan = planSystem(parts, order, key);
  if (!plan.ok) return plan;
  const { id, submission, issued, code } = plan.value;
  const decision = decide(emptyState, submission);
  if (!decision.ok) return decision;
  // Before the journal: whatever it seals can be opened after a crash at any line.
  identity.adopt(key, issued);
  const { at, actor, requestId, command } = submission;
  const content = { at, actor, requestId, kind: command.kind, ...decision.value };
  const incarnation = freshId();
  const first = { ...control, systemId: systemId(id), incarnation, term: 1, owner: self };
  try {
    conductor.found(store.create(incarnation), content, { ...first, start: 1, ackSet: [self] });
  } catch (error) {
    if (error instanceof DiskFull) return err({ code: "disk.full", detail: "journal" });
    throw error;
  }
  store.keepOnly(incarnation);
  return ok({ systemId: id, code });
}

interface Plan {
  readonly id: string;
  readonly submission: Submission;
  readonly issued: IssuedFiles;
  readonly code: Secret<string>;
}

function planSystem(
  parts: FoundParts,
  { site, base, actor, administrator }: FoundOrder,
  systemKey: SystemKey,
): Result<Plan, Refusal> {
  const now = parts.now();
  const requestId = freshRequestId();
  const server = ownServerRow(parts, now);
  const { row: authority, certificate } = createAuthority({ site, systemKey, now });
  const own = issueOwn({ authority, systemKey, server, keys: parts.identity, now });
  if (!own.ok) return own;
  const { issued, rows } = own.value;
  const code = codeFor(systemKey, "first sign-in", requestId);
  const id = freshId();
  const verifier = sealCode(systemKey, "first sign-in", code);
  const command: Command = {
    kind: "create-system",
    systemId: id,
    base,
    site,
    replicaKey: seal(systemKey, replicaKeyPurpose, randomBytes(32)),
    authority,
    certificates: [certificate, ...rows],
    server,
    administrator: {
      id: accountId(freshId()),
      name: administrator,
      code: { verifier, expiresAt: now + firstCodeValidity },
    },
  };
  return ok({ id, code, issued, submission: { command, actor, at: now, requestId } });
}

/** How this server is entered in the system. */
export function ownServerRow(
  { identity, config }: Pick<FoundParts, "identity" | "config">,
  at: Instant,
): ServerRow {
  return {
    id: identity.node,
    name: identity.name,
    address: config.address,
    // Not that without TLS: nobody of ours dials it.
    ports: { https: config.ports.https, link: config.ports.link, ldaps: config.ports.ldaps },
    pairingKey: pairingKeyText(identity.pairingKey),
    kind: "promotable",
    joinedAt: at,
  };
}
