import type { KeyObject } from "node:crypto";
import { deviceId, nodeId, type DeviceId, type NodeId } from "@gridward/core/base/identity";
import { decodeVerdict, encodeVerdict, type VerdictFrame } from "@gridward/core/codec/link-message";
import { isTlsCauseCode, tlsCauses, type TlsCauseCode } from "@gridward/core/domain/tls-cause";
import type { Clock } from "../os/clock.ts";
import { randomBytes } from "../os/random.ts";
import { judgePeer, type ExpectedPeer, type Judgement, type Purpose } from "../trust/judge.ts";
import type { CertificateName } from "../trust/x509/names.ts";
import { certificateText, notAfterOf } from "../trust/x509/read.ts";
import { identityId, type LinkIdentity } from "./identity.ts";
import { type LinkSettings, strictLink } from "./link-settings.ts";
import {
  type LinkOutcome,
  type PeerTrust,
  type Protocol,
  unverifiedFrameBytesMax,
} from "./peer.ts";
import type { PeerName } from "./peer-name.ts";
import { exchangeProofs } from "./proof.ts";
import { causeOfTlsError } from "./tls-error.ts";
import type { UnverifiedPeer } from "./unverified-peer.ts";
import { VerifiedLink } from "./verified-link.ts";

/** The conversations between peers that verify each other; diag has a rule of its own. */
export type PeerProtocol = Exclude<Protocol, "gridward-diag/1">;

/** Whom we let in. */
export interface Admission {
  /** Pairing key of a configured partner or witness; undefined for everybody else. */
  readonly partnerKey: (node: NodeId) => KeyObject | undefined;
  /** Whether this device is enrolled with the certificate of this fingerprint. */
  readonly isEnrolled: (device: DeviceId, fingerprint: string) => boolean;
}

export interface VerifyOrder {
  readonly peer: UnverifiedPeer;
  readonly protocol: PeerProtocol;
  readonly direction: "dial" | "accept";
  readonly identity: LinkIdentity;
  readonly settings: LinkSettings;
  readonly admission: Admission;
  /** The server that a dial of ours means; null is any server of the system. */
  readonly expectedNode: NodeId | null;
  readonly clock: Clock;
}

/** Why we say no, with the facts for our operator. */
interface Objection {
  readonly cause: TlsCauseCode;
  readonly ours: string;
  readonly theirs: string;
}

/**
 * The one way from an unverified to a verified peer: judge the other's chain, exchange verdicts,
 * and on the partner link prove both pairing keys over this very connection. On the link to a
 * witness the keys alone count, so that an expired certificate costs nobody the arbiter. Only two
 * `ok`s make a `VerifiedLink`; no other frame is read before. The proof is exchanged even after a refusal, as
 * only it tells a partner's refusal from a stranger's.
 */
export async function verifyPeer(order: VerifyOrder): Promise<LinkOutcome> {
  const { peer } = order;
  const judgement = judge(order);
  const objection = objectionOf(order, judgement);
  const own = ownVerdict(order, objection);
  peer.send(encodeVerdict(own));
  const received = await peer.receive(unverifiedFrameBytesMax);
  const decoded = received === undefined ? undefined : decodeVerdict(received);
  if (decoded?.ok !== true) return brokenOff(order, objection, decoded !== undefined);
  const theirs = decoded.value;
  const claim = objectToClaim(order, judgement, theirs.id);
  const met: Meeting = { judgement, own, theirs, objection: objection ?? claim };
  if (order.protocol === "gridward-replica/1") return conclude(order, met, false);
  return provePartner(order, met, claim);
}

function ownVerdict({ identity }: VerifyOrder, objection: Objection | undefined): VerdictFrame {
  const nonce = Buffer.from(randomBytes(16)).toString("base64url");
  const id = identityId(identity);
  if (objection === undefined) return { v: 1, verdict: "ok", nonce, id };
  return { v: 1, verdict: "refused", cause: objection.cause, nonce, id };
}

async function provePartner(
  order: VerifyOrder,
  met: Meeting,
  claim: Objection | undefined,
): Promise<LinkOutcome> {
  const { own, theirs } = met;
  const proof = await exchangeProofs({
    peer: order.peer,
    protocol: order.protocol,
    direction: order.direction,
    pairingKey: order.identity.pairingKey,
    partnerKey: order.admission.partnerKey(nodeId(theirs.id)),
    own,
    theirs,
    claimCause: claim?.cause,
  });
  if (met.objection !== undefined || theirs.verdict === "refused") {
    return conclude(order, met, proof.isPartner);
  }
  switch (proof.kind) {
    case "proved":
      return conclude(order, met, true);
    case "refused":
      return refused(
        order,
        { ...refusedUs(order, proof.cause), by: "them" },
        proof.isPartner ? nodeId(theirs.id) : null,
      );
    case "unproved":
      return conclude(order, { ...met, objection: unproved(theirs.id) }, proof.isPartner);
    case "ended":
      return endedBefore(order, "proof", proof.isPartner ? nodeId(theirs.id) : null);
  }
}

interface Meeting {
  readonly judgement: Judgement;
  readonly own: VerdictFrame;
  readonly theirs: VerdictFrame;
  readonly objection: Objection | undefined;
}

function unproved(id: string): Objection {
  const theirs = `did not prove the pairing key of ${id}`;
  return { cause: "T16", ours: "knows the partner by its pairing key", theirs };
}

function conclude(order: VerifyOrder, met: Meeting, isPartner: boolean): LinkOutcome {
  const { peer, direction, protocol, clock } = order;
  const { judgement, theirs, objection } = met;
  const proved = isPartner ? nodeId(theirs.id) : null;
  if (objection !== undefined) return refused(order, { ...objection, by: "us" }, proved);
  if (theirs.verdict === "refused") {
    const cause = isTlsCauseCode(theirs.cause) ? theirs.cause : "T10";
    return refused(order, { ...refusedUs(order, cause), by: "them" }, proved);
  }
  const certificate = judgement.verdict === "ok" ? judgement.certificate : undefined;
  const link = new VerifiedLink(peer, {
    protocol,
    direction,
    name: peerName(order, theirs.id),
    fingerprint: peer.theirFingerprint,
    certificateNotAfter: certificate === undefined ? 0 : notAfterOf(certificate),
    judgeAgain: (now) => judgeAgain(order, now),
    clock,
  });
  return { outcome: "verified", peer: link };
}

/** Proved by now: by certificate or, where none is validated, by the pairing key. */
function peerName({ protocol, direction }: VerifyOrder, id: string): PeerName {
  if (protocol === "gridward-replica/1" && direction === "accept") {
    return { kind: "device", device: deviceId(id) };
  }
  const isWitness = protocol === "gridward-witness/1" && direction === "dial";
  return { kind: isWitness ? "witness" : "server", node: nodeId(id) };
}

function judge(order: VerifyOrder): Judgement {
  const { peer, identity, clock } = order;
  if (order.protocol === "gridward-witness/1") return judgeVersion(peer);
  const settings = settingsFor(order);
  const found = judgePresence(order, settings);
  if (found !== undefined) return found;
  const purposes: Readonly<Record<typeof order.protocol, Purpose>> = {
    "gridward-partner/1": "partner",
    "gridward-replica/1": order.direction === "dial" ? "server" : "client",
  };
  return judgePeer({
    chain: peer.theirChain,
    anchors: identity.anchors,
    lists: identity.lists,
    purpose: purposes[order.protocol],
    expected: expectedPeer(order),
    at: clock.now(),
    settings,
    handshake: peer.opensslVerdict(),
  });
}

/** What is set is for partners; a device that dials is judged in full, whatever is set (CS1). */
function settingsFor({ protocol, direction, settings }: VerifyOrder): LinkSettings {
  if (protocol !== "gridward-replica/1" || direction === "dial") return settings;
  return { ...strictLink, revocation: settings.revocation };
}

/** Must there be a certificate, and may there be none? Undefined: it is for the judge to say. */
function judgePresence(
  { peer, direction }: VerifyOrder,
  { validate, requireCertificate }: LinkSettings,
): Judgement | undefined {
  const isShown = peer.theirChain.length > 0;
  if (direction === "accept" && !isShown && requireCertificate) {
    const facts = { ours: "requires a certificate", theirs: "presents none" };
    return { verdict: "refused", cause: "T09", ...facts };
  }
  const isKeyAlone = !validate || (direction === "accept" && !isShown);
  if (!isKeyAlone) return undefined;
  const version = judgeVersion(peer);
  return isShown && version.verdict === "ok" ? undefined : version;
}

/** Keys without certificates: only TLS 1.3 binds its exporter to the whole handshake (design §6). */
function judgeVersion({ socket }: UnverifiedPeer): Judgement {
  if (socket.getProtocol() === "TLSv1.3") {
    return { verdict: "ok", certificate: undefined, name: undefined, note: undefined };
  }
  return { verdict: "refused", cause: "T11", ours: "speaks TLS 1.3 only", theirs: "does not" };
}

function expectedPeer({ protocol, direction, expectedNode }: VerifyOrder): ExpectedPeer {
  if (direction === "dial") return { kind: "server", node: expectedNode };
  if (protocol === "gridward-replica/1") return { kind: "device" };
  return { kind: "server", node: null }; // Which one it claims to be comes with its verdict.
}

function objectionOf(order: VerifyOrder, judgement: Judgement): Objection | undefined {
  return judgement.verdict === "ok" ? objectToName(order, judgement.name) : judgement;
}

/** CS16: what was presented stays as it is; what it is judged by, and the time, do not. */
function judgeAgain(order: VerifyOrder, now: PeerTrust): TlsCauseCode | null {
  const isOld = order.peer.socket.getProtocol() === "TLSv1.2";
  if (isOld && now.settings.tlsMin === "1.3") return "T11";
  const again: VerifyOrder = { ...order, ...now };
  return objectionOf(again, judge(again))?.cause ?? null;
}

/** Whom the certificate names, against whom we know: told to the peer with our verdict. */
function objectToName(
  order: VerifyOrder,
  name: CertificateName | undefined,
): Objection | undefined {
  if (name === undefined || !settingsFor(order).checkNames) return undefined;
  if (isKnown(order, name)) return undefined;
  const theirs = `presents the certificate of ${name.kind === "server" ? name.node : name.device}`;
  return { ...strange(order), theirs };
}

/** A partner has a pairing key with us, a device an enrolment; a device knows servers by the CA. */
function isKnown({ protocol, admission, peer }: VerifyOrder, name: PeerName): boolean {
  if (name.kind === "device") return admission.isEnrolled(name.device, peer.theirFingerprint);
  return protocol === "gridward-replica/1" || admission.partnerKey(name.node) !== undefined;
}

function strange({ protocol }: VerifyOrder): Omit<Objection, "theirs"> {
  const known: Readonly<Record<PeerProtocol, string>> = {
    "gridward-partner/1": "has no such partner",
    "gridward-replica/1": "has no device enrolled with this certificate",
    "gridward-witness/1": "knows no such server or witness",
  };
  return { cause: "T16", ours: known[protocol] };
}

/** Whom the peer says it is, against its certificate and against whom we dialled. */
function objectToClaim(
  order: VerifyOrder,
  judgement: Judgement,
  id: string,
): Objection | undefined {
  const theirs = `says it is ${id}`;
  const name = judgement.verdict === "ok" ? judgement.name : undefined;
  const certified = name?.kind === "server" ? name.node : name?.device;
  if (certified !== undefined && certified !== id && settingsFor(order).checkNames) {
    return { cause: "T16", ours: `reads ${certified} in its certificate`, theirs };
  }
  if (order.expectedNode !== null && order.expectedNode !== id) {
    return { cause: "T16", ours: `dialled ${order.expectedNode}`, theirs };
  }
  return isKnown(order, peerName(order, id)) ? undefined : { ...strange(order), theirs };
}

function refusedUs(order: VerifyOrder, cause: TlsCauseCode): Objection {
  return { cause, ours: whatWeShow(order), theirs: `refuses it: ${tlsCauses[cause].title}` };
}

function whatWeShow({ identity, peer }: VerifyOrder): string {
  if (peer.ownFingerprint === "") return "is set to present no client certificate";
  return `presents ${certificateText(identity.certificate)}`;
}

/** No verdict came: an alert says why, or somebody else listens there, or nobody does. */
function brokenOff(
  order: VerifyOrder,
  objection: Objection | undefined,
  isOther: boolean,
): LinkOutcome {
  if (objection !== undefined) return refused(order, { ...objection, by: "us" }, null);
  if (isOther) {
    const facts = { ours: "expects a verdict", theirs: "sent something else" };
    return refused(order, { cause: "T13", ...facts, by: "us" }, null);
  }
  return endedBefore(order, "verdict", null);
}

/** Nobody said no: an alert gives the cause, or it is T17, no conflict. */
function endedBefore(
  order: VerifyOrder,
  missing: "verdict" | "proof",
  proved: NodeId | null,
): LinkOutcome {
  const { cause, by, said } = causeOfTlsError(order.peer.error, order.direction);
  const ours = whatWeShow(order);
  const theirs = `ended before its ${missing}: ${said}`;
  return refused(order, { cause, by, ours, theirs }, proved);
}

/** Our own dial to a configured peer, or a proved pairing key: a partner. All else: a stranger. */
function refused(
  { direction, peer }: VerifyOrder,
  why: Objection & { readonly by: "us" | "them" },
  proved: NodeId | null,
): LinkOutcome {
  peer.end();
  const fromPartner = direction === "dial" || proved !== null;
  const { cause, ours, theirs, by } = why;
  return {
    outcome: "refused",
    cause,
    by,
    direction,
    ours,
    theirs,
    fromPartner,
    ...(direction === "accept" && proved !== null && { caller: proved }),
    address: peer.address,
  };
}
