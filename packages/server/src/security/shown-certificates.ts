import type { KeyObject, X509Certificate } from "node:crypto";
import type { NodeId } from "@gridward/core/base/identity";
import type { Selection } from "@gridward/core/base/security-settings";
import { type Instant, minute } from "@gridward/core/base/time";
import { fingerprintOf, nameText, notAfterOf } from "@gridward/runtime/trust/x509/read";
import {
  type Candidate,
  type Choice,
  chooseCertificate,
  type Occasion,
  type UsableCandidate,
} from "@gridward/runtime/trust/choose-certificate";
import { sentWithLeaf } from "@gridward/runtime/trust/authority-chain";
import type { IssuedFiles } from "@gridward/runtime/trust/server-directory";

/** Where a certificate is shown: to other servers and devices, or at HTTPS and LDAPS. */
export type Shelf = "link" | "clients";
export const shelves: readonly Shelf[] = ["link", "clients"];

export interface ShownCertificatesParts {
  readonly node: NodeId;
  /** Host or address under which this server is dialled, and its name. */
  readonly hosts: readonly string[];
  readonly tlsKey: KeyObject;
  readonly temporary: X509Certificate;
  readonly temporaryKey: KeyObject;
  readonly issued: IssuedFiles | null;
  readonly imported: readonly Candidate[];
  /** By setting the temporary certificate is shown, whatever else there is. */
  readonly isTemporarySet: () => boolean;
  readonly now: () => Instant;
}

/** Time alone changes the choice; it need not be made anew at each connection. */
const chosenFor = minute;

/** The certificates of this server, and which of them it shows where (CS5). */
export class ShownCertificates {
  readonly #parts: ShownCertificatesParts;
  #issued: IssuedFiles | null;
  #imported: readonly Candidate[];
  #candidates: readonly Candidate[];
  #choices: Readonly<Record<Shelf, Choice>>;
  #chosenAt: Instant;
  #temporary: UsableCandidate;

  constructor(parts: ShownCertificatesParts) {
    this.#parts = parts;
    this.#temporary = { certificate: parts.temporary, issuers: [], key: parts.temporaryKey };
    this.#issued = parts.issued;
    this.#imported = parts.imported;
    this.#candidates = this.#gather();
    this.#chosenAt = parts.now();
    this.#choices = this.#choose(this.#candidates);
  }

  get issued(): IssuedFiles | null {
    return this.#issued;
  }

  get imported(): readonly Candidate[] {
    return this.#imported;
  }

  /** The authority's own first: of two that end alike it is the one that everybody knows. */
  get candidates(): readonly Candidate[] {
    return this.#candidates;
  }

  get temporary(): UsableCandidate {
    return this.#temporary;
  }

  /** By setting or for want of another, somewhere. */
  get isTemporaryShown(): boolean {
    return shelves.some((shelf) => this.shown(shelf) === this.#temporary);
  }

  /** CS4: shown from the next handshake on, wherever the one before was. */
  replaceTemporary(temporary: UsableCandidate): void {
    this.#temporary = temporary;
  }

  replaceIssued(issued: IssuedFiles): void {
    this.#issued = issued;
    this.#candidates = this.#gather();
    this.#refresh();
  }

  replaceImported(imported: readonly Candidate[]): void {
    this.#imported = imported;
    this.#candidates = this.#gather();
    this.#refresh();
  }

  choice(shelf: Shelf): Choice {
    const age = this.#parts.now() - this.#chosenAt;
    if (age < 0 || age > chosenFor) this.#refresh();
    return this.#choices[shelf];
  }

  /** What it would be with this one as well. */
  choiceWith(candidate: Candidate): Readonly<Record<Shelf, Choice>> {
    return this.#choose([...this.candidates, candidate]);
  }

  /**
   * What a port shows. The temporary certificate by setting, and until there is an authority;
   * never in place of one that has expired: then the authority's is shown still, so that both ends
   * hear the true cause, and an alarm stands here.
   */
  shown(shelf: Shelf, isTemporary = this.#parts.isTemporarySet()): UsableCandidate {
    const { tlsKey } = this.#parts;
    if (isTemporary) return this.temporary;
    const issued = this.#issued;
    const { inUse } = this.choice(shelf);
    const shown = inUse ?? (issued && { ...ownChain(issued), key: tlsKey });
    if (shown === null || issued === null) return shown ?? this.temporary;
    // Clients trust the root, and know neither this authority nor the one before it.
    const toRoot = shown.certificate === issued.certificate ? belowRoot(issued) : [];
    return shelf === "link" || toRoot.length === 0 ? shown : { ...shown, issuers: toRoot };
  }

  /** Of those that are meant, with their keys, the one that ends last: a renewed one follows. */
  select(selection: Selection): UsableCandidate | null {
    const usable = [...this.#candidates, this.temporary].flatMap(
      ({ certificate, issuers, key }) => {
        const isUsable = key !== null && certificate.checkPrivateKey(key);
        return isUsable && isMeant(certificate, selection) ? [{ certificate, issuers, key }] : [];
      },
    );
    const [last] = usable.toSorted(
      (one, other) => notAfterOf(other.certificate) - notAfterOf(one.certificate),
    );
    return last ?? null;
  }

  /** Whether a port shows what no peer should accept, because there is nothing better. */
  isLacking(shelf: Shelf): boolean {
    const { isTemporarySet } = this.#parts;
    return !isTemporarySet() && this.#issued !== null && this.choice(shelf).inUse === null;
  }

  #gather(): readonly Candidate[] {
    const { tlsKey } = this.#parts;
    const issued = this.#issued;
    const own = issued === null ? [] : [{ ...ownChain(issued), key: tlsKey }];
    return [...own, ...this.#imported];
  }

  #refresh(): void {
    this.#choices = this.#choose(this.#candidates);
    this.#chosenAt = this.#parts.now();
  }

  #choose(candidates: readonly Candidate[]): Readonly<Record<Shelf, Choice>> {
    const { node, hosts, now } = this.#parts;
    const shared = { at: now(), names: { node, hosts } };
    const anchors = this.#issued ? [this.#issued.authority] : [];
    const link: Occasion = { ...shared, purpose: "partner", anchors };
    const clients: Occasion = { ...shared, purpose: "server", anchors: null };
    return {
      link: chooseCertificate(candidates, link),
      clients: chooseCertificate(candidates, clients),
    };
  }
}

/**
 * With what proves a new authority to who trusts only the one before it (PK7); or else with what
 * leads to its root. Both would be too long, and servers and devices know the authority itself.
 */
function ownChain({
  certificate,
  cross,
  ...issuer
}: IssuedFiles): Pick<UsableCandidate, "certificate" | "issuers"> {
  return { certificate, issuers: cross === null ? belowRoot(issuer) : [cross] };
}

/** Between a leaf and the root: none where the authority is the root. */
function belowRoot({
  authority,
  above,
}: Pick<IssuedFiles, "authority" | "above">): readonly X509Certificate[] {
  return sentWithLeaf([authority, ...above]);
}

function isMeant(certificate: X509Certificate, selection: Selection): boolean {
  if ("fingerprint" in selection) return fingerprintOf(certificate) === selection.fingerprint;
  const { subject, issuer } = selection;
  return nameText(certificate.subject) === subject && nameText(certificate.issuer) === issuer;
}
