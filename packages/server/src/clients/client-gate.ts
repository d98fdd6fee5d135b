import type { X509Certificate } from "node:crypto";
import type { Bytes } from "@gridward/core/base/bytes";
import type { AccountId } from "@gridward/core/base/identity";
import type { SecuritySettings } from "@gridward/core/base/security-settings";
import { minute, type Instant, type Millis } from "@gridward/core/base/time";
import { trustAnchors } from "@gridward/core/domain/authority-in-use";
import { accountOf, type ClientCertificate } from "@gridward/core/domain/mapping";
import { type Refusal, refusalSpec, refuse } from "@gridward/core/domain/refusal";
import type { ServerCondition } from "@gridward/core/domain/server-status";
import type { DirectoryState } from "@gridward/core/domain/state";
import { type PeerSocket, presentedChain } from "@gridward/runtime/link/presented-chain";
import { judgePeer, type Judgement, withoutLists } from "@gridward/runtime/trust/judge";
import type { RevocationList } from "@gridward/runtime/trust/revocation";
import {
  certificateNameOf,
  certificateText,
  clientNamesOf,
  fingerprintOf,
  serialOf,
} from "@gridward/runtime/trust/x509/read";
import { isEnrolled } from "../link-port.ts";

/** A client whose certificate was found good. */
export interface KnownClient extends ClientCertificate {
  /** In one line, for people. */
  readonly text: string;
  /** To whom it leads; null where it leads to nobody, or certificates are not mapped here. */
  readonly account: AccountId | null;
}

/** What a client's connection came to, by the settings of now. */
export type ClientVerdict =
  | { readonly verdict: "ok"; readonly client: KnownClient | null }
  | { readonly verdict: "refused"; readonly refusal: Refusal };

export type ClientDoor = "https" | "ldap";

/** The one place at which LDAPS and HTTPS ask about the certificate of a connection. */
export interface ClientGate {
  judge(socket: PeerSocket, door: ClientDoor): ClientVerdict;
  /**
   * What would be said against it under these settings, in words for its peer; null: nothing. The
   * state is another one where it is about to change.
   */
  objection(socket: PeerSocket, settings: SecuritySettings, state?: DirectoryState): string | null;
}

export interface ClientGateParts {
  readonly settings: () => SecuritySettings;
  readonly trust: () => {
    readonly anchors: readonly string[];
    readonly lists: readonly RevocationList[];
  };
  readonly state: () => DirectoryState;
  readonly condition: () => ServerCondition;
  readonly now: () => Instant;
  /** Why this side said no, with the facts; the peer hears less. */
  readonly onRefused: (refused: RefusedClient) => void;
}

export interface RefusedClient {
  readonly door: ClientDoor;
  readonly source: string;
  readonly refusal: Refusal;
  /** The two facts in contradiction. */
  readonly facts: string;
  /** Of a certificate that is good and leads to nobody. */
  readonly client: KnownClient | null;
}

/** A verdict is good for so long where nothing changed: certificates begin and end by clock. */
const judgedFor: Millis = minute;

/** What the verdict on one connection was made from. */
interface Memory {
  readonly verdict: ClientVerdict;
  /** Settings, tables and freshness, each compared as it is. */
  readonly basis: readonly unknown[];
  readonly at: Instant;
}

/** A certificate is read once, when its connection is met, and judged whenever something changed. */
export function openClientGate(parts: ClientGateParts): ClientGate {
  const chains = new WeakMap<PeerSocket, readonly Bytes[]>();
  const memories = new WeakMap<PeerSocket, Memory>();
  const chainOf = (socket: PeerSocket): readonly Bytes[] => {
    const chain = chains.get(socket) ?? presentedChain(socket);
    chains.set(socket, chain);
    return chain;
  };
  return {
    judge(socket, door) {
      const at = parts.now();
      const { crls, mappings, certificates, devices } = parts.state().tables;
      const settings = parts.settings();
      const { fresh: isFresh, canSignIn } = parts.condition();
      const tables = [crls, mappings, certificates, devices];
      const basis: readonly unknown[] = [settings, isFresh && canSignIn, ...tables];
      const known = memories.get(socket);
      const isSame = known?.basis.every((part, index) => part === basis[index]) === true;
      if (isSame && Math.abs(at - known.at) < judgedFor) return known.verdict;
      const { verdict, facts, client } = judgeClient(parts, socket, {
        chain: chainOf(socket),
        settings,
        state: parts.state(),
      });
      memories.set(socket, { verdict, basis, at });
      if (verdict.verdict === "refused") {
        const source = socket.remoteAddress ?? "";
        parts.onRefused({ door, source, refusal: verdict.refusal, facts, client });
      }
      return verdict;
    },
    objection(socket, settings, state = parts.state()) {
      const { verdict } = judgeClient(parts, socket, { chain: chainOf(socket), settings, state });
      return verdict.verdict === "refused" ? wordsOf(verdict.refusal) : null;
    },
  };
}

/** For the peer: what it may hear, with the code of the cause and no names. */
export function wordsOf({ code, detail }: Refusal): string {
  return `${refusalSpec(code).says}${/^T\d\d$/.test(detail) ? ` (${detail})` : ""}`;
}

interface Judged {
  readonly verdict: ClientVerdict;
  readonly facts: string;
  readonly client: KnownClient | null;
}

interface Question {
  readonly chain: readonly Bytes[];
  readonly settings: SecuritySettings;
  readonly state: DirectoryState;
}

function judgeClient(
  parts: ClientGateParts,
  socket: PeerSocket,
  { chain, settings, state }: Question,
): Judged {
  if (chain.length === 0) return decideClient(parts, null, settings);
  const { authorized, authorizationError } = socket;
  const said = typeof authorizationError === "string" ? authorizationError : "UNSPECIFIED";
  const judgement = judgePeer({
    ...trustIn(parts, state),
    chain,
    purpose: "client",
    expected: { kind: "client" },
    at: parts.now(),
    settings: { ...withoutLists, revocation: clientRevocation(settings) },
    handshake: authorized ? null : said,
  });
  if (judgement.verdict === "refused") return refuseJudged(judgement, settings);
  const { certificate } = judgement;
  if (certificate === undefined) return decideClient(parts, null, settings);
  // The list tells of it as well, as soon as there is a new one.
  if (state.tables.certificates.get(serialOf(certificate))?.revoked) {
    const theirs = `presents ${certificateText(certificate)}`;
    return refuseJudged({ cause: "T07", ours: "has revoked it", theirs }, settings);
  }
  if (isReplaced(state, certificate, parts.now())) {
    const theirs = `presents ${certificateText(certificate)}`;
    return refuseJudged({ cause: "T16", ours: "knows the device by another", theirs }, settings);
  }
  const presented = {
    fingerprint: fingerprintOf(certificate),
    names: clientNamesOf(certificate),
    text: certificateText(certificate),
  };
  const account = settings.map_clients ? (accountOf(state, presented) ?? null) : null;
  return decideClient(parts, { ...presented, account }, settings);
}

/** One that was issued to a device of the system, which is known by another since (PK8). */
function isReplaced(state: DirectoryState, certificate: X509Certificate, at: Instant): boolean {
  const name = certificateNameOf(certificate);
  const isOurs = state.tables.certificates.has(serialOf(certificate));
  if (name?.kind !== "device" || !isOurs) return false;
  return !isEnrolled(state, name.device, fingerprintOf(certificate), at);
}

/** Without the authorities that are about to be given up: in `state` they are there no more. */
function trustIn(parts: ClientGateParts, state: DirectoryState) {
  const { anchors, lists } = parts.trust();
  const left = trustAnchors(state);
  const givenUp = trustAnchors(parts.state()).filter((anchor) => !left.includes(anchor));
  return { lists, anchors: anchors.filter((anchor) => !givenUp.includes(anchor)) };
}

type Objection = Pick<
  Extract<Judgement, { readonly verdict: "refused" }>,
  "cause" | "ours" | "theirs"
>;

/** `revocation=off` is for links: a revoked certificate never signs anybody in (CS6). */
function clientRevocation({ revocation }: SecuritySettings): SecuritySettings["revocation"] {
  return revocation === "off" ? "soft" : revocation;
}

/** Where certificates neither must be shown nor lead anywhere, a bad one is as good as none. */
function refuseJudged({ cause, ours, theirs }: Objection, settings: SecuritySettings): Judged {
  const facts = `${cause}: this server ${ours}, the client ${theirs}`;
  const counts = settings.require_client_certificates === true || settings.map_clients;
  if (!counts) return { verdict: { verdict: "ok", client: null }, facts, client: null };
  const refusal = refuse("client-certificate.refused", cause).error;
  return { verdict: { verdict: "refused", refusal }, facts, client: null };
}

/** CS6: what is said against a client without a certificate; null: nothing. */
export function objectionToBare({
  require_client_certificates: required,
}: SecuritySettings): Objection | null {
  if (required !== true) return null;
  return { cause: "T09", ours: "requires a certificate", theirs: "presents none" };
}

/** CS6: by what is required here, and by whom the certificate leads to. */
function decideClient(
  { condition }: ClientGateParts,
  client: KnownClient | null,
  settings: SecuritySettings,
): Judged {
  const { map_clients: isMapped } = settings;
  const refused = (refusal: Refusal, facts: string): Judged => ({
    verdict: { verdict: "refused", refusal },
    facts,
    client,
  });
  const bare = client === null ? objectionToBare(settings) : null;
  if (bare !== null) {
    const { cause, ours, theirs } = bare;
    const { error } = refuse("client-certificate.required", cause);
    return refused(error, `${cause}: this server ${ours}, the client ${theirs}`);
  }
  if (client !== null && isMapped && client.account === null) {
    const { canSignIn, fresh } = condition();
    const facts = `${client.text} leads to no account`;
    // What a server does not know now may be known to its Main (design §7).
    if (!canSignIn) return refused({ code: "server.unavailable", detail: "" }, facts);
    if (!fresh) return refused({ code: "server.not-fresh", detail: "" }, facts);
    return refused(refuse("client-certificate.nobody", client.fingerprint).error, facts);
  }
  return { verdict: { verdict: "ok", client }, facts: "", client };
}
