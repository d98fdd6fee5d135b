import { anchorOf, issuingAuthority } from "@gridward/core/domain/authority-in-use";
import type { KeyObject } from "node:crypto";
import type { Bytes } from "@gridward/core/base/bytes";
import { nodeId, type NodeId, type RequestId } from "@gridward/core/base/identity";
import { ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import type { Millis } from "@gridward/core/base/time";
import {
  decodeApplication,
  decodeAsk,
  encodeJoin,
  joinFrameBytesMax,
  type JoinAnswer,
  type JoinApplication,
  type JoinAsk,
} from "@gridward/core/codec/join-message";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import { singleKey } from "@gridward/core/domain/state";
import type { Actor, ServerRow } from "@gridward/core/domain/types";
import { isSecretMac, signContact, verifyContact } from "@gridward/runtime/link/contact-proof";
import { unverifiedFrameBytesMax } from "@gridward/runtime/link/peer";
import type { Contact } from "@gridward/runtime/link/serve";
import type { UnverifiedPeer } from "@gridward/runtime/link/unverified-peer";
import type { Clock } from "@gridward/runtime/os/clock";
import { freshRequestId, randomBytes } from "@gridward/runtime/os/random";
import type { SystemKey } from "@gridward/runtime/os/seal";
import { pairingKeyText } from "@gridward/runtime/trust/x509/keys";
import { issueReplicaSigner, issueServer, type Issued } from "../ca/issue.ts";
import type { FrontEndParts } from "../parts.ts";
import { openInviteSecret } from "./invite.ts";
import { wrapSystemKey } from "./join-wrap.ts";

export interface AnswerJoinParts {
  readonly self: { readonly node: NodeId; readonly name: string; readonly pairingKey: KeyObject };
  readonly systemKey: () => SystemKey | null;
  readonly front: Pick<FrontEndParts, "state" | "submit" | "now">;
  readonly clock: Pick<Clock, "sleep">;
}

/** The answer to every ask comes so late: a try takes a write, and its time would tell of it. */
const answeredAfter: Millis = 250;

/** Answers one first contact; give it to `serveLink` as `onContact`. Never throws for a peer's sake. */
export function answerJoins(parts: AnswerJoinParts): (contact: Contact) => Promise<void> {
  const joined = new Map<string, Joined>();
  return async (contact) => {
    const { peer } = contact;
    const greeted = greet(parts, peer);
    const answer = await converse({ parts, joined, ...greeted }, contact);
    if (answer !== undefined) peer.send(encodeJoin(answer));
  };
}

/** Kept a while in memory: a server whose answer got lost asks again with the same code. */
interface Joined {
  readonly secret: Secret<Bytes>;
  readonly id: string;
  readonly pairingKey: string;
  readonly tls: Issued;
  readonly signer: Issued;
}

interface Conversation {
  readonly parts: AnswerJoinParts;
  readonly joined: Map<string, Joined>;
  readonly nonce: string;
}

/** The Main speaks first: the joining side sends nothing to anybody whom it has not recognised. */
function greet({ self }: AnswerJoinParts, peer: UnverifiedPeer): { readonly nonce: string } {
  const nonce = Buffer.from(randomBytes(16)).toString("base64url");
  const proof = { peer, signer: "acceptor", acceptorId: self.node, nonce, diallerId: "" } as const;
  const signature = signContact(proof, self.pairingKey);
  const pairingKey = pairingKeyText(self.pairingKey);
  peer.send(encodeJoin({ v: 1, id: self.node, pairingKey, nonce, signature }));
  return { nonce };
}

async function converse(
  conversation: Conversation,
  { peer, admit }: Contact,
): Promise<JoinAnswer | undefined> {
  const received = await peer.receive(unverifiedFrameBytesMax);
  const ask = received === undefined ? undefined : decodeAsk(received);
  if (ask?.ok !== true) return undefined;
  const judged = admission(conversation, ask.value, peer);
  const [secret] = await Promise.all([judged, conversation.parts.clock.sleep(answeredAfter)]);
  if (!secret.ok) return refusedAnswer(secret.error);
  admit();
  peer.send(encodeJoin({ v: 1, answer: "admitted" }));
  const sent = await peer.receive(joinFrameBytesMax);
  const application = sent === undefined ? undefined : decodeApplication(sent);
  if (application?.ok !== true) return undefined;
  const named = { ask: ask.value, application: application.value, secret: secret.value };
  const done = await join(conversation, peer, named);
  return done.ok ? done.value : refusedAnswer(done.error);
}

/**
 * A try is spent, durably, before the proof is looked at. What is wrong with an invitation is told
 * only to whoever proves its secret; everybody else hears that the code is not accepted, also where
 * there is no invitation of that name.
 */
async function admission(
  { parts, joined }: Conversation,
  ask: JoinAsk,
  peer: UnverifiedPeer,
): Promise<Result<Secret<Bytes>, Refusal>> {
  const { front } = parts;
  const key = parts.systemKey();
  const invite = front.state().tables.invites.get(ask.name);
  if (key === null) return refuse("pair.not-main", "");
  const before = stillJoined({ parts, joined }, ask.name);
  const use = { purpose: "join", name: ask.name, exporter: peer.exporter } as const;
  if (invite === undefined) {
    const isRetry = before !== undefined && isSecretMac(before.secret, use, ask.mac);
    return isRetry ? ok(before.secret) : refuse("invite.rejected", "");
  }
  const secret = openInviteSecret(key, invite.secret);
  const spent = await submit(parts, peer, {
    command: { kind: "spend-invite-try", name: ask.name },
    requestId: freshRequestId(),
  });
  const isProved = secret !== undefined && isSecretMac(secret, use, ask.mac);
  if (!isProved) return refuse("invite.rejected", "");
  return spent.ok ? ok(secret) : spent;
}

/** Not one that was removed since: its code is as dead as the rest of it. */
function stillJoined(
  { parts, joined }: Pick<Conversation, "parts" | "joined">,
  name: string,
): Joined | undefined {
  const before = joined.get(name);
  const isMember = before !== undefined && parts.front.state().tables.servers.has(before.id);
  return isMember ? before : undefined;
}

interface Named {
  readonly ask: JoinAsk;
  readonly application: JoinApplication;
  readonly secret: Secret<Bytes>;
}

async function join(
  conversation: Conversation,
  peer: UnverifiedPeer,
  { ask, application, secret }: Named,
): Promise<Result<JoinAnswer, Refusal>> {
  const { parts, joined, nonce } = conversation;
  const { server, signature } = application;
  const acceptorId = parts.self.node;
  const proof = { peer, signer: "dialler", acceptorId, nonce, diallerId: server.id } as const;
  if (server.name !== ask.name || !verifyContact(proof, server.pairingKey, signature)) {
    return refuse("invite.rejected", "the pairing key was not proved");
  }
  const before = stillJoined(conversation, ask.name);
  const isRetry = before?.id === server.id && before.pairingKey === server.pairingKey;
  const made = isRetry ? ok(before) : await enter(parts, peer, application, secret);
  if (!made.ok) return made;
  joined.set(ask.name, made.value);
  return joinedAnswer(parts, peer, { application, made: made.value, secret });
}

/** Certificates first, then the one entry that makes the server a member and uses up the code. */
async function enter(
  parts: AnswerJoinParts,
  peer: UnverifiedPeer,
  application: JoinApplication,
  secret: Secret<Bytes>,
): Promise<Result<Joined, Refusal>> {
  const { front } = parts;
  const systemKey = parts.systemKey();
  const authority = issuingAuthority(front.state());
  if (systemKey === null || authority === undefined) return refuse("system.blank", "");
  const now = front.now();
  const id = nodeId(application.server.id);
  const server: ServerRow = { ...application.server, id, joinedAt: now };
  const order = { authority, systemKey, now };
  const tls = issueServer({ ...order, request: der(application.tlsRequest) }, server);
  if (!tls.ok) return tls;
  const signer = issueReplicaSigner({ ...order, request: der(application.signerRequest) }, server);
  if (!signer.ok) return signer;
  const certificates = [tls.value.row, signer.value.row];
  const done = await submit(parts, peer, {
    command: { kind: "join-server", server, certificates },
    requestId: freshRequestId(),
  });
  if (!done.ok) return done;
  const { pairingKey } = application.server;
  return ok({ secret, id, pairingKey, tls: tls.value, signer: signer.value });
}

function joinedAnswer(
  parts: AnswerJoinParts,
  peer: UnverifiedPeer,
  { application, made, secret }: Omit<Named, "ask"> & { readonly made: Joined },
): Result<JoinAnswer, Refusal> {
  const state = parts.front.state();
  const { tables } = state;
  const systemKey = parts.systemKey();
  const system = tables.system.get(singleKey);
  const authority = issuingAuthority(state);
  if (systemKey === null || system === undefined || authority === undefined) {
    return refuse("system.blank", "");
  }
  const wrapped = wrapSystemKey(systemKey, application.wrapKey, {
    exporter: peer.exporter,
    secret,
    mainPairingKey: pairingKeyText(parts.self.pairingKey),
    joiningPairingKey: application.server.pairingKey,
  });
  if (!wrapped.ok) return refuse("invite.rejected", wrapped.error);
  return ok({
    v: 1,
    answer: "joined",
    systemId: system.id,
    authority: anchorOf(authority),
    certificate: made.tls.certificate.toString(),
    signerCertificate: made.signer.certificate.toString(),
    servers: [...tables.servers.values()],
    wrapped: wrapped.value,
  });
}

async function submit(
  { self, front }: AnswerJoinParts,
  peer: UnverifiedPeer,
  order: Pick<Parameters<FrontEndParts["submit"]>[0], "command"> & {
    readonly requestId: RequestId;
  },
): Promise<Result<unknown, Refusal>> {
  const actor: Actor = {
    kind: "server",
    id: self.node,
    name: self.name,
    door: "pair",
    source: peer.address,
  };
  return front.submit({ ...order, actor });
}

function refusedAnswer({ code, detail }: Refusal): JoinAnswer {
  return { v: 1, answer: "refused", code, detail: detail.slice(0, 512) };
}

function der(text: string): Bytes {
  return new Uint8Array(Buffer.from(text, "base64url"));
}
