import type { X509Certificate } from "node:crypto";
import type { DeviceId, NodeId } from "@gridward/core/base/identity";
import type { SecuritySettings } from "@gridward/core/base/security-settings";
import type { Instant } from "@gridward/core/base/time";
import { heldCertificate } from "@gridward/core/domain/device-certificate";
import type { DirectoryState } from "@gridward/core/domain/state";
import { tlsCauses } from "@gridward/core/domain/tls-cause";
import type { ServerRow, WitnessRow } from "@gridward/core/domain/types";
import { dialLink, type DialOptions } from "@gridward/runtime/link/dial";
import type { LinkSettings } from "@gridward/runtime/link/link-settings";
import type { LinkOutcome, VerifiedPeer } from "@gridward/runtime/link/peer";
import type { PostureExchange } from "@gridward/runtime/link/posture-exchange";
import {
  type Contact,
  type LinkServer,
  type Refused,
  serveLink,
} from "@gridward/runtime/link/serve";
import type { Clock } from "@gridward/runtime/os/clock";
import { plainAddress } from "@gridward/runtime/os/plain-address";
import type { UnverifiedPeer } from "@gridward/runtime/link/unverified-peer";
import { judgePeer, withoutLists } from "@gridward/runtime/trust/judge";
import { fingerprintOf } from "@gridward/runtime/trust/x509/read";
import { pairingKeyFromText } from "@gridward/runtime/trust/x509/keys";
import type { SeenRenewals } from "./ca/seen-renewals.ts";
import { linkIdentity } from "./link-identity.ts";
import { isServedLegacy } from "./legacy/legacy-peers.ts";
import { linkDemands } from "./legacy/link-demands.ts";
import type { OwnIdentity } from "./own-identity.ts";
import { removalOf } from "./pair/removal.ts";
import type { LiveRegister } from "./security/live-connections.ts";
import { linkSettings } from "./security/standing-settings.ts";

/** Who we are and whom we know. */
export interface DialParts {
  readonly identity: OwnIdentity;
  readonly state: () => DirectoryState;
  /** Servers known from joining, while there is no database yet. */
  readonly known: () => readonly ServerRow[];
  /** CS8, CS16: what is open is judged again. */
  readonly live: LiveRegister;
  /** What partners are told of this server, and who hears what they tell. */
  readonly postures: PostureExchange;
  /** CS7: a partner that is served by its pairing key alone, and why it would not be otherwise. */
  readonly onLegacy: (peer: LegacyPartner) => void;
  readonly clock: Clock;
  readonly stop: AbortSignal;
}

export interface LegacyPartner {
  readonly address: string;
  readonly name: string;
  readonly cause: string;
}

export interface LinkPortParts extends DialParts {
  /** What is proposed under this token (CS11). */
  readonly proposed: (token: string) => SecuritySettings | null;
  readonly onServer: (peer: VerifiedPeer) => void;
  readonly onDevice: (peer: VerifiedPeer) => void;
  /** Which certificates devices were seen with. */
  readonly renewals: Pick<SeenRenewals, "see" | "isReplaced">;
  readonly onRefused: (outcome: Refused) => void;
  /** CS14: its certificate is good, and it is not enrolled with it. */
  readonly onUnknownDevice: (unknown: UnknownDevice) => void;
  readonly onContact: (contact: Contact) => Promise<void>;
}

export interface UnknownDevice {
  readonly device: DeviceId;
  readonly certificate: X509Certificate;
  readonly address: string;
}

/** The link port: partners, devices and first contacts, told apart by ALPN, judged in one place. */
export async function openLinkPort(
  parts: LinkPortParts,
  at: { readonly host: string; readonly port: number },
): Promise<LinkServer> {
  return serveLink({
    ...at,
    protocols: ["gridward-partner/1", "gridward-replica/1", "gridward-diag/1"],
    identity: () => linkIdentity(parts),
    settings: (address = "") => settingsFor(parts, address),
    admission: {
      partnerKey: (node) => {
        // Who was removed may still prove who it was, to hear that it was (HS14).
        const server = findServer(parts, node) ?? parts.state().tables.removed.get(node);
        return server && pairingKeyFromText(server.pairingKey);
      },
      isEnrolled: (device, fingerprint) =>
        isEnrolled(parts.state(), device, fingerprint, parts.clock.now()) &&
        !parts.renewals.isReplaced(device, fingerprint),
      isDismissed: (node) => removalOf(parts.state(), { kind: "server", node }) !== undefined,
    },
    postures: parts.postures,
    proposal: (token, address) => {
      const proposed = parts.proposed(token);
      const settings = proposed && settingsFor(parts, address, proposed);
      return proposed && settings && { identity: linkIdentity(parts, proposed), settings };
    },
    onPeer: (peer) => {
      // Who was removed stays for one word only, and would be found revoked.
      if (removalOf(parts.state(), peer.name) === undefined) void putDown(parts, peer);
      if (peer.protocol === "gridward-partner/1") return parts.onServer(peer);
      if (peer.name.kind === "device") parts.renewals.see(peer.name.device, peer.fingerprint);
      parts.onDevice(peer);
    },
    onRefused: parts.onRefused,
    onUnknownDevice: (peer) => offerDevice(parts, peer),
    onContact: parts.onContact,
    clock: parts.clock,
  });
}

/** The judge is asked again, as what was judged before is gone with the connection. */
function offerDevice(
  parts: LinkPortParts,
  { theirChain: chain, address }: Pick<UnverifiedPeer, "theirChain" | "address">,
): void {
  const { anchors, lists } = linkIdentity(parts);
  const judged = judgePeer({
    chain,
    anchors,
    lists,
    purpose: "client",
    expected: { kind: "device" },
    at: parts.clock.now(),
    settings: { ...withoutLists, revocation: parts.identity.settings.now.revocation },
    handshake: null, // It was heard in the handshake, before this was asked.
  });
  if (judged.verdict !== "ok" || judged.name?.kind !== "device") return;
  const { certificate, name } = judged;
  const status = parts.state().tables.devices.get(name.device)?.status;
  // One that only says to be another is enrolled as itself; nobody could approve as whom the system
  // does not know, and one that was lost is never offered.
  if (certificate === undefined || status === undefined || status === "lost") return;
  if (isEnrolled(parts.state(), name.device, fingerprintOf(certificate), parts.clock.now())) return;
  parts.onUnknownDevice({ device: name.device, certificate, address: addressOf({ address }) });
}

/** One try to reach a partner under an address that the system knows. */
export async function dialPartner(
  parts: DialParts,
  node: NodeId,
  way: "main" | "backup",
): Promise<LinkOutcome> {
  const server = findServer(parts, node);
  const address = way === "main" ? server?.address : server?.backup;
  if (server === undefined || address === undefined) return unknownServer(node);
  const { settings } = parts.identity;
  const outcome = await dialLink({
    protocol: "gridward-partner/1",
    address,
    port: server.ports.link,
    ...dialIdentity(parts, settings.now),
    settings: settings.link,
    settingsFor: (ip) => settingsFor(parts, ip),
    expectedNode: node,
    partnerKey: pairingKeyFromText(server.pairingKey) ?? null,
    postures: parts.postures,
    clock: parts.clock,
    stop: parts.stop,
  });
  if (outcome.outcome === "verified") void putDown(parts, outcome.peer);
  return outcome;
}

/**
 * CS11: a dial that shows and demands what is proposed, or what stands. Whoever is verified in it
 * is to be let go; nobody hears of it, and the partner is told no posture.
 */
export async function dialInTrial(
  parts: DialParts,
  node: NodeId,
  trial: Trial,
): Promise<LinkOutcome> {
  const server = findServer(parts, node);
  if (server === undefined) return unknownServer(node);
  const { address, backup } = server;
  const outcome = await tryAt(parts, { server, address }, trial);
  if (outcome.outcome === "verified" || backup === undefined) return outcome;
  // As the link does (HS15): what the first address came to is told unless the other passes.
  const other = await tryAt(parts, { server, address: backup }, trial);
  return other.outcome === "verified" ? other : outcome;
}

interface Place {
  readonly server: ServerRow;
  readonly address: string;
}

async function tryAt(
  parts: DialParts,
  { server, address }: Place,
  { token, settings = parts.identity.settings.now }: Trial,
): Promise<LinkOutcome> {
  return dialLink({
    protocol: "gridward-partner/1",
    address,
    port: server.ports.link,
    ...dialIdentity(parts, settings),
    settings: linkSettings(settings),
    settingsFor: (ip) => settingsFor(parts, ip, settings),
    expectedNode: server.id,
    partnerKey: pairingKeyFromText(server.pairingKey) ?? null,
    trial: token,
    clock: parts.clock,
    stop: parts.stop,
  });
}

/** With the certificate that is shown to who is dialled, if any (CS2). */
function dialIdentity(
  parts: DialParts,
  settings: SecuritySettings,
): Pick<DialOptions, "identity" | "isAnonymous"> {
  const shown = parts.identity.dialsWith(settings);
  return {
    identity: { ...linkIdentity(parts, settings), ...shown },
    isAnonymous: shown === null,
  };
}

interface Trial {
  readonly token: string;
  readonly settings?: SecuritySettings | undefined;
}

type Trusting = Pick<DialParts, "identity" | "state" | "clock">;

function settingsFor(
  { identity, state, clock }: Trusting,
  address: string,
  settings: SecuritySettings = identity.settings.now,
): LinkSettings {
  return linkDemands(settings, address, { state, now: () => clock.now() });
}

function isExempt(
  { state, clock }: Trusting,
  address: string,
  settings: SecuritySettings,
): boolean {
  return isServedLegacy(settings, address, { state, now: () => clock.now() });
}

/** Without its port. */
function addressOf({ address }: Pick<VerifiedPeer, "address">): string {
  return plainAddress(address.replace(/:\d+$/, ""));
}

/** Until it ends. A legacy partner is noted with what would be said to it otherwise. */
async function putDown(parts: DialParts, peer: VerifiedPeer): Promise<void> {
  const left = parts.live.enter({
    door: peer.name.kind === "device" ? "devices" : "partners",
    judge: (proposed) => {
      const settings = settingsFor(parts, addressOf(peer), proposed);
      const cause = peer.judgeAgain({ identity: linkIdentity(parts), settings });
      return cause && `${cause}, ${tlsCauses[cause].title}`;
    },
    close: (reason) => peer.close(reason),
  });
  noteLegacy(parts, peer);
  await peer.closed;
  left();
}

/** Only one that would be refused otherwise: what would stop working shows by it. */
function noteLegacy(parts: DialParts, peer: VerifiedPeer): void {
  const { settings } = parts.identity;
  const { name } = peer;
  const address = addressOf(peer);
  if (name.kind !== "server" || !isExempt(parts, address, settings.now)) return;
  const cause = peer.judgeAgain({ identity: linkIdentity(parts), settings: settings.link });
  const server = findServer(parts, name.node)?.name ?? name.node;
  if (cause !== null) parts.onLegacy({ address, name: server, cause });
}

/** One try to reach the witness, which is known by its key alone. */
export async function dialWitness(
  { identity, clock, stop }: Pick<DialParts, "identity" | "clock" | "stop">,
  { id, address, port, pairingKey }: WitnessRow,
): Promise<LinkOutcome> {
  return dialLink({
    protocol: "gridward-witness/1",
    address,
    port,
    identity: identity.link(),
    settings: identity.settings.link,
    expectedNode: id,
    partnerKey: pairingKeyFromText(pairingKey) ?? null,
    clock,
    stop,
  });
}

/** HS15: is there a second address under which to dial it? */
export function hasBackupAddress(parts: DialParts, node: NodeId): boolean {
  return findServer(parts, node)?.backup !== undefined;
}

/** A database knows better than what was told before there was one. */
function findServer(parts: DialParts, node: NodeId): ServerRow | undefined {
  const { servers } = parts.state().tables;
  return servers.size > 0 ? servers.get(node) : parts.known().find(({ id }) => id === node);
}

/** With the certificate of the day, or the one that it was renewed with, and that not revoked. */
export function isEnrolled(
  state: DirectoryState,
  device: DeviceId,
  fingerprint: string,
  at: Instant,
): boolean {
  const row = state.tables.devices.get(device);
  if (row?.status !== "enrolled") return false;
  return heldCertificate(state, row, at, (held) => held.fingerprint === fingerprint) !== null;
}

function unknownServer(node: NodeId): LinkOutcome {
  return {
    outcome: "refused",
    cause: "T17",
    by: "us",
    direction: "dial",
    ours: "knows no address",
    theirs: `server ${node}`,
    fromPartner: false,
    address: "",
  };
}
