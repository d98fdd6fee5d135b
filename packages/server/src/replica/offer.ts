import type { Bytes } from "@gridward/core/base/bytes";
import type { Secret } from "@gridward/core/base/secret";
import { recordsPerPiece } from "@gridward/core/codec/replica/limits";
import type { Statement } from "@gridward/core/codec/replica/manifest";
import type { DeviceMessage, ServerMessage } from "@gridward/core/codec/replica/message";
import type { VerifierEntry } from "@gridward/core/codec/replica/record";
import type { DeviceRow } from "@gridward/core/domain/types";
import { sealLayer } from "@gridward/runtime/replica/device-key";
import { keyFingerprintOf, readCertificate } from "@gridward/runtime/trust/x509/read";
import { signBody, type ReplicaSigner } from "@gridward/runtime/replica/signature";
import { deviceVerifierEntry } from "./device-record.ts";
import type { IssuedSet } from "./group-sets.ts";
import type { Committed, ReplicaParts } from "./replica-parts.ts";

export type Ask = Pick<
  Extract<DeviceMessage, { readonly kind: "pull" }>,
  "nonce" | "holds" | "lists"
>;

/** What an answer to a device is made of, once it is clear that there is one. */
export interface OfferParts {
  readonly committed: Committed;
  readonly device: DeviceRow;
  readonly deviceKey: Secret<Bytes>;
  readonly signer: ReplicaSigner;
  readonly set: IssuedSet;
}

/** "current" when the device holds this very set, otherwise the whole set in pieces. */
export function offerSet(
  parts: ReplicaParts,
  offer: OfferParts,
  ask: Ask,
): readonly ServerMessage[] {
  const statement = signBody(offer.signer, "statement", stateOf(parts, offer, ask));
  const { manifest, digest } = offer.set;
  if (ask.holds?.setDigest === digest) return [{ kind: "current", statement, manifest }];
  const pieces: ServerMessage[] = [];
  for (let from = 0; from < offer.set.records.length; from += recordsPerPiece) {
    const records = offer.set.records.slice(from, from + recordsPerPiece);
    pieces.push({ kind: "piece", index: pieces.length, records });
  }
  const place = { device: offer.device.id, manifestHash: offer.set.hash };
  const layer = sealLayer(offer.deviceKey, place, verifiersOf(parts, offer));
  return [{ kind: "snapshot", statement, manifest, pieces: pieces.length, layer }, ...pieces];
}

/** The revocation lists that are newer than those which the device has. */
export function offerLists({ state }: Committed, { lists }: Ask): readonly ServerMessage[] {
  return [...state.tables.crls.values()]
    .filter(({ authority, number }) => {
      const row = state.tables.authorities.get(authority);
      const certificate = row && readCertificate(row.certificate);
      const key = certificate && keyFingerprintOf(certificate);
      const held = lists.find((one) => one.authority === key);
      return held === undefined || held.number < number;
    })
    .map(({ encoded }) => ({ kind: "list", encoded }));
}

/** The order to keep no replica, fresh by the device's own nonce. */
export function offerErase(
  parts: ReplicaParts,
  offer: Pick<OfferParts, "committed" | "device" | "signer">,
  ask: Ask,
): ServerMessage {
  const { tables } = offer.committed.state;
  return {
    kind: "erase",
    order: signBody(offer.signer, "erase", {
      systemId: tables.system.first()?.id ?? "",
      device: offer.device.id,
      ...conditionOf(parts),
      term: tables.pair.first()?.term ?? 0,
      revision: offer.device.replication.revision,
      nonce: ask.nonce,
      at: parts.clock.now(),
    }),
  };
}

function conditionOf(parts: ReplicaParts): Pick<Statement, "duty" | "fresh"> {
  const { duty, fresh } = parts.condition();
  return { duty: duty === "main" || duty === "lone" ? duty : "standby", fresh };
}

function stateOf(parts: ReplicaParts, offer: OfferParts, ask: Ask): Statement {
  const manifest = offer.set.manifest.body;
  return {
    systemId: manifest.systemId,
    node: parts.condition().node,
    device: offer.device.id,
    ...conditionOf(parts),
    term: manifest.term,
    owner: manifest.owner,
    start: offer.committed.position.start,
    seq: manifest.rev,
    replicationRevision: offer.device.replication.revision,
    nonce: ask.nonce,
    manifestHash: offer.set.hash,
    at: parts.clock.now(),
  };
}

function verifiersOf(parts: ReplicaParts, offer: OfferParts): readonly VerifierEntry[] {
  const entries: VerifierEntry[] = [];
  for (const { id, password } of offer.set.accounts) {
    if (password === null) continue;
    const phc = parts.openVerifier(password.verifier);
    if (!phc.ok) continue; // A device cannot be given what this server cannot open itself.
    const account = { id, credentialVersion: password.version };
    const entry = deviceVerifierEntry(offer.deviceKey, account, phc.value);
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}
