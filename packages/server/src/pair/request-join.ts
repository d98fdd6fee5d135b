import type { KeyObject } from "node:crypto";
import { sameBytes, type Bytes } from "@gridward/core/base/bytes";
import { nodeId, systemId, type NodeId, type SystemId } from "@gridward/core/base/identity";
import { ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { decodeJoinCode, type JoinCode } from "@gridward/core/codec/join-code";
import {
  decodeGreeting,
  decodeJoinAnswer,
  encodeJoin,
  joinFrameBytesMax,
  type JoinAnswer,
  type JoinGreeting,
} from "@gridward/core/codec/join-message";
import { isRefusalCode, refuse, type Refusal } from "@gridward/core/domain/refusal";
import type { ServerRow } from "@gridward/core/domain/types";
import {
  pairingHash,
  secretMac,
  signContact,
  verifyContact,
} from "@gridward/runtime/link/contact-proof";
import { dialContact } from "@gridward/runtime/link/dial";
import { unverifiedFrameBytesMax } from "@gridward/runtime/link/peer";
import type { UnverifiedPeer } from "@gridward/runtime/link/unverified-peer";
import { type AgreementKey, freshAgreementKey } from "@gridward/runtime/os/agreement";
import type { Clock } from "@gridward/runtime/os/clock";
import { sha256 } from "@gridward/runtime/os/hash";
import type { SystemKey } from "@gridward/runtime/os/seal";
import { readAuthorityChain } from "@gridward/runtime/trust/authority-chain";
import { judgePeer, withoutLists } from "@gridward/runtime/trust/judge";
import type { IssuedFiles } from "@gridward/runtime/trust/server-directory";
import { pairingKeyText } from "@gridward/runtime/trust/x509/keys";
import { readCertificate } from "@gridward/runtime/trust/x509/read";
import { createRequest } from "@gridward/runtime/trust/x509/request";
import { authorityHash } from "./invite.ts";
import { unwrapSystemKey } from "./join-wrap.ts";

/** Who asks to join. */
export interface JoiningServer {
  readonly server: Pick<ServerRow, "id" | "name" | "address" | "ports" | "kind">;
  readonly pairingKey: KeyObject;
  readonly tlsKey: KeyObject;
  readonly signerKey: KeyObject;
}

/** What the caller keeps: everything a Standby needs to dial its Main. */
export interface JoinResult {
  readonly systemId: SystemId;
  readonly main: NodeId;
  readonly systemKey: SystemKey;
  readonly issued: IssuedFiles;
  readonly servers: readonly ServerRow[];
}

/** Joins the system that the code names. Nothing is kept here, and nothing sent to a stranger. */
export async function requestJoin(
  code: Secret<string>,
  joining: JoiningServer,
  run: { readonly clock: Clock; readonly stop: AbortSignal },
): Promise<Result<JoinResult, Refusal>> {
  const decoded = decodeJoinCode(code.reveal(), sha256);
  if (!decoded.ok) {
    return refuse(decoded.error === "mistyped" ? "invite.mistyped" : "invite.malformed", "");
  }
  const { address, port } = decoded.value;
  const met = await dialContact({ address, port, ...run }, async (peer) =>
    converse(peer, decoded.value, joining, run.clock),
  );
  if (met.ok) return met.value;
  const { cause, said } = met.error;
  return refuse("invite.unreachable", `${address}:${port}: ${cause}, ${said}`);
}

interface Meeting {
  readonly peer: UnverifiedPeer;
  readonly code: JoinCode;
  readonly joining: JoiningServer;
  readonly greeting: JoinGreeting;
  readonly wrapKey: AgreementKey;
}

async function converse(
  peer: UnverifiedPeer,
  code: JoinCode,
  joining: JoiningServer,
  clock: Clock,
): Promise<Result<JoinResult, Refusal>> {
  const greeting = await recognise(peer, code);
  if (!greeting.ok) return greeting;
  const { name } = joining.server;
  const secret = new Secret(code.secret);
  peer.send(
    encodeJoin({
      v: 1,
      name,
      mac: secretMac(secret, { purpose: "join", name, exporter: peer.exporter }),
    }),
  );
  const admitted = await receiveAnswer(peer);
  if (!admitted.ok) return admitted;
  const met = { peer, code, joining, greeting: greeting.value, wrapKey: freshAgreementKey() };
  apply(met);
  const answer = await receiveAnswer(peer);
  if (!answer.ok) return answer;
  if (answer.value.answer !== "joined") return refuse("invite.broken-off", "no answer");
  return accept(met, answer.value, clock);
}

/** The Main is known by its pairing key, proved over this connection, before a word is sent. */
async function recognise(
  peer: UnverifiedPeer,
  code: JoinCode,
): Promise<Result<JoinGreeting, Refusal>> {
  const received = await peer.receive(unverifiedFrameBytesMax);
  if (received === undefined) return refuse("invite.broken-off", "no greeting");
  const greeting = decodeGreeting(received);
  if (!greeting.ok) return refuse("security.untrusted-server", greeting.error);
  const { id, nonce, pairingKey, signature } = greeting.value;
  const proof = { peer, signer: "acceptor", acceptorId: id, nonce, diallerId: "" } as const;
  const isMain =
    sameBytes(pairingHash(pairingKey), code.pairingHash) &&
    verifyContact(proof, pairingKey, signature);
  if (isMain) return greeting;
  return refuse("security.untrusted-server", "its pairing key is not the one of the code");
}

function apply({ peer, joining, greeting, wrapKey }: Meeting): void {
  const { server, pairingKey, tlsKey, signerKey } = joining;
  const { id: acceptorId, nonce } = greeting;
  const proof = { peer, signer: "dialler", acceptorId, nonce, diallerId: server.id } as const;
  peer.send(
    encodeJoin({
      v: 1,
      server: { ...server, pairingKey: pairingKeyText(pairingKey) },
      signature: signContact(proof, pairingKey),
      tlsRequest: base64url(createRequest(tlsKey, server.name)),
      signerRequest: base64url(createRequest(signerKey, server.name)),
      wrapKey: wrapKey.text,
    }),
  );
}

async function receiveAnswer(peer: UnverifiedPeer): Promise<Result<JoinAnswer, Refusal>> {
  const received = await peer.receive(joinFrameBytesMax);
  if (received === undefined) return refuse("invite.broken-off", peer.error?.message ?? "closed");
  const answer = decodeJoinAnswer(received);
  if (!answer.ok) return refuse("invite.broken-off", answer.error);
  if (answer.value.answer !== "refused") return ok(answer.value);
  const { code, detail } = answer.value;
  return refuse(isRefusalCode(code) ? code : "invite.rejected", detail);
}

/** Believes nothing of the answer that does not fit the code and our own keys. */
function accept(
  { peer, code, joining, greeting, wrapKey }: Meeting,
  answer: Extract<JoinAnswer, { readonly answer: "joined" }>,
  clock: Clock,
): Result<JoinResult, Refusal> {
  const issued = readIssued(answer);
  if (issued === undefined) return refuse("invite.broken-off", "certificates cannot be read");
  if (!sameBytes(authorityHash(issued.authority), code.authorityHash)) {
    return refuse("security.untrusted-server", "its authority is not the one of the code");
  }
  const { server, tlsKey, signerKey, pairingKey } = joining;
  const isOurs =
    issued.certificate.checkPrivateKey(tlsKey) &&
    issued.signerCertificate.checkPrivateKey(signerKey) &&
    issued.signerCertificate.verify(issued.authority.publicKey);
  const judgement = judgePeer({
    chain: [issued.certificate.raw],
    anchors: [answer.authority],
    lists: [],
    purpose: "partner",
    expected: { kind: "server", node: server.id },
    at: clock.now(),
    settings: withoutLists,
    handshake: null,
  });
  if (judgement.verdict === "refused") {
    return refuse("invite.bad-certificate", `${judgement.cause}: ${judgement.theirs}`);
  }
  if (!isOurs) return refuse("invite.bad-certificate", "for other keys than ours");
  const key = unwrapSystemKey(answer.wrapped, wrapKey.key, {
    exporter: peer.exporter,
    secret: new Secret<Bytes>(code.secret),
    mainPairingKey: greeting.pairingKey,
    joiningPairingKey: pairingKeyText(pairingKey),
  });
  if (!key.ok) return refuse("invite.broken-off", "the system key cannot be opened");
  return ok({
    systemId: systemId(answer.systemId),
    main: nodeId(greeting.id),
    systemKey: key.value,
    issued,
    servers: answer.servers.map((row) => ({ ...row, id: nodeId(row.id) })),
  });
}

function readIssued(answer: {
  readonly authority: string;
  readonly certificate: string;
  readonly signerCertificate: string;
}): IssuedFiles | undefined {
  const chain = readAuthorityChain(answer.authority);
  const certificate = readCertificate(answer.certificate);
  const signerCertificate = readCertificate(answer.signerCertificate);
  if (chain === undefined || certificate === undefined || signerCertificate === undefined) {
    return undefined;
  }
  const [authority, ...above] = chain;
  return { authority, above, cross: null, certificate, signerCertificate };
}

function base64url(bytes: Bytes): string {
  return Buffer.from(bytes).toString("base64url");
}
