import type { KeyObject } from "node:crypto";
import { deviceId, nodeId, type DeviceId, type NodeId } from "@gridward/core/base/identity";
import { decodeVerdict, encodeVerdict, type VerdictFrame } from "@gridward/core/codec/link-message";
import { isTlsCauseCode, tlsCauses, type TlsCauseCode } from "@gridward/core/domain/tls-cause";
import type { Clock } from "../os/clock.ts";
import { randomBytes } from "../os/random.ts";
import type { Judgement } from "../trust/judge.ts";
import type { CertificateName } from "../trust/x509/names.ts";
import { certificateText, notAfterOf } from "../trust/x509/read.ts";
import { identityId, type LinkIdentity } from "./identity.ts";
import { judgeOnLink, type LinkCase, type PeerProtocol, settingsFor } from "./judge-on-link.ts";
import type { LinkSettings } from "./link-settings.ts";
import { type LinkOutcome, type PeerTrust, unverifiedFrameBytesMax } from "./peer.ts";
import type { PeerName } from "./peer-name.ts";
import { exchangePostures, type PostureExchange } from "./posture-exchange.ts";
import { exchangeProofs } from "./proof.ts";
import { rememberJudgement } from "./remember-judgement.ts";
import { causeOfTlsError } from "../trust/tls-error.ts";
import type { UnverifiedPeer } from "./unverified-peer.ts";
import { VerifiedLink } from "./verified-link.ts";

/** Whom we let in. */
export interface Admission {
  /** Pairing key of a configured partner or witness; undefined for everybody else. */
  readonly partnerKey: (node: NodeId) => KeyObject | undefined;
  /** Whether this device is enrolled with the certificate of this fingerprint. */
  readonly isEnrolled: (device: DeviceId, fingerprint: string) => boolean;
  /**
   * A server that was removed: it is let in although its certificate is revoked, and only to hear
   * that it was (HS14). Whoever takes the peer reads nothing of it. Absent: there is none.
   */
  readonly isDismissed?: (node: NodeId) => boolean;
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
  /** What a partner is told of this server, and who hears what it tells; absent: nothing. */
  readonly postures?: PostureExchange | undefined;
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
  if (proof.kind === "proved" && order.protocol === "gridward-partner/1" && isNewest(order.peer)) {
    await exchangePostures(order.peer, nodeId(theirs.id), order.postures);
  }
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
    judgeAgain: judgeAgain(order, judgement),
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
  const met = caseOf(order);
  const judgement = judgeOnLink(met);
  if (judgement.verdict === "ok" || judgement.cause !== "T07") return judgement;
  const other = judgeOnLink({ ...met, settings: { ...met.settings, revocation: "off" } });
  return other.verdict === "ok" && isDismissed(order, other.name) ? other : judgement;
}

function isDismissed({ admission }: VerifyOrder, name: CertificateName | undefined): boolean {
  return name?.kind === "server" && admission.isDismissed?.(name.node) === true;
}

function caseOf(order: VerifyOrder): LinkCase {
  const { peer, identity, protocol, direction, settings, expectedNode } = order;
  return {
    protocol,
    direction,
    settings,
    expectedNode,
    chain: peer.theirChain,
    anchors: identity.anchors,
    lists: identity.lists,
    at: order.clock.now(),
    isNewest: isNewest(peer),
    handshake: peer.opensslVerdict(),
  };
}

function isNewest({ socket }: UnverifiedPeer): boolean {
  return socket.getProtocol() === "TLSv1.3";
}

function objectionOf(order: VerifyOrder, judgement: Judgement): Objection | undefined {
  return judgement.verdict === "ok" ? objectToName(order, judgement.name) : judgement;
}

/** CS16: what was presented stays as it is; what it is judged by, and the time, do not. */
function judgeAgain(order: VerifyOrder, first: Judgement) {
  const isOld = order.peer.socket.getProtocol() === "TLSv1.2";
  const judgeOnce = rememberJudgement(caseOf(order), first);
  return (now: PeerTrust): TlsCauseCode | null => {
    if (isOld && now.settings.tlsMin === "1.3") return "T11";
    const again: VerifyOrder = { ...order, ...now };
    const cause = objectionOf(again, judgeOnce(caseOf(again)))?.cause ?? null;
    // It had begun when it was accepted: the clock stepped back, which is no fault of the peer.
    return cause === "T04" ? null : cause;
  };
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
  if (peer.ownFingerprint === "") return "presents no client certificate";
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
