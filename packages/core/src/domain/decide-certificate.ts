import type { Instant } from "../base/time.ts";
import { isThirdParty } from "./certificate-profile.ts";
import type { Submission } from "./command.ts";
import { decided, type CommandOf, type Decision } from "./decision.ts";
import { nameLengthMax } from "./limits.ts";
import { isPlainText } from "./names.ts";
import { refuse } from "./refusal.ts";
import {
  certificatesOfServer,
  isOfServer,
  listedAt,
  nextCrlNumber,
  revokedBy,
} from "./revocation.ts";
import type { DirectoryState } from "./state.ts";
import type { CertificateRow } from "./types.ts";

/** An entry with a list goes to the Standby in one frame; each certificate takes about 50 bytes. */
const listedMax = 20_000;

/** For a third party: journalled before the certificate is handed out. */
export function issueCertificate(
  state: DirectoryState,
  { certificate, encoded }: CommandOf<"issue-certificate">,
): Decision {
  const { serial, profile, name, authority, revoked } = certificate;
  if (!isThirdParty(profile) || revoked !== null) {
    return refuse("certificate.wrong-profile", profile);
  }
  if (!isCertificateHolder(name)) return refuse("certificate.bad-name", name.slice(0, 64));
  if (!state.tables.authorities.has(authority)) return refuse("server.unavailable", authority);
  if (state.tables.certificates.has(serial)) return refuse("certificate.exists", serial);
  const answer = encoded === undefined ? {} : { certificate: encoded };
  return decided([{ kind: "certificate-issued", certificate }], { id: serial, ...answer });
}

/** One line that fits into a common name. */
export function isCertificateHolder(name: string): boolean {
  return name.trim() !== "" && isPlainText(name, nameLengthMax);
}

export function revokeCertificate(
  state: DirectoryState,
  { serial, reason }: CommandOf<"revoke-certificate">,
  { actor, at }: Submission,
): Decision {
  const row = state.tables.certificates.get(serial);
  if (row === undefined) return refuse("certificate.not-found", serial);
  if (row.revoked !== null) return refuse("certificate.already-revoked", row.name);
  if (row.profile === "authority") return refuse("certificate.of-authority", row.name);
  if (isLastOfServer(state, row, at)) return refuse("certificate.last-of-server", row.name);
  if (listedAt(revokedBy(state, row.authority), at).length >= listedMax) {
    return refuse("certificate.list-full", String(listedMax));
  }
  return decided([{ kind: "certificate-revoked", serial, reason, by: actor.name }], { id: serial });
}

/** PK8: for itself alone; also what was issued while there was nobody to journal it. */
export function renewServer(
  state: DirectoryState,
  { id, certificates }: CommandOf<"renew-server">,
  { actor, at }: Submission,
): Decision {
  const server = state.tables.servers.get(id);
  if (server === undefined) return refuse("pair.server-not-found", id);
  if (actor.id !== id) return refuse("access.denied", `${actor.name} is not ${server.name}`);
  for (const certificate of certificates) {
    const { serial, profile, name, authority, notBefore } = certificate;
    // By the clock of the Main: one that is ahead elsewhere would cut its own link.
    if (notBefore > at) return refuse("certificate.not-yet-valid", name);
    if (!isOfServer(certificate, server)) return refuse("certificate.wrong-profile", profile);
    if (!state.tables.authorities.has(authority)) return refuse("server.unavailable", authority);
    if (state.tables.certificates.has(serial)) return refuse("certificate.exists", name);
  }
  return decided(certificates.map((certificate) => ({ kind: "certificate-issued", certificate })));
}

/** Without any, a server would be refused by all others: neither partner nor device reaches it. */
function isLastOfServer(state: DirectoryState, row: CertificateRow, at: Instant): boolean {
  if (row.notAfter <= at) return false;
  return state.tables.servers.valueSeq().some((server) => {
    const held = certificatesOfServer(state, server).filter(
      ({ profile, notAfter }) => profile === row.profile && notAfter > at,
    );
    return held.length === 1 && held[0]?.serial === row.serial;
  });
}

/** The Main signed a list of all that it knows revoked; one that lacks a certificate is refused. */
export function publishCrl(state: DirectoryState, { crl }: CommandOf<"publish-crl">): Decision {
  const { authority, number, thisUpdate, nextUpdate, revoked } = crl;
  if (!state.tables.authorities.has(authority)) return refuse("server.unavailable", authority);
  const isNext = number === nextCrlNumber(state, authority, thisUpdate);
  const isComplete = revoked === revokedBy(state, authority).length && nextUpdate > thisUpdate;
  if (!isNext || !isComplete) return refuse("certificate.list-overtaken", String(number));
  return decided([{ kind: "crl-published", crl }]);
}
