import type { KeyObject, X509Certificate } from "node:crypto";
import type { NodeId } from "@gridward/core/base/identity";
import { type SecuritySettings, selectionOf } from "@gridward/core/base/security-settings";
import type { Secret } from "@gridward/core/base/secret";
import type { LinkIdentity } from "@gridward/runtime/link/identity";
import { chainPem } from "@gridward/runtime/trust/authority-chain";
import type { UsableCandidate } from "@gridward/runtime/trust/choose-certificate";
import { tlsVersion } from "@gridward/runtime/trust/tls-policy";
import { type Clock, systemClock } from "@gridward/runtime/os/clock";
import { loadSystemKey, saveSystemKey, type SystemKey } from "@gridward/runtime/os/seal";
import type { ReplicaSigner } from "@gridward/runtime/replica/signature";
import {
  type IssuedFiles,
  saveIssued,
  type ServerIdentity,
  serverPaths,
} from "@gridward/runtime/trust/server-directory";
import { keyToPem } from "@gridward/runtime/trust/x509/keys";
import { type Shelf, ShownCertificates } from "./security/shown-certificates.ts";
import { StandingSettings } from "./security/standing-settings.ts";

export interface TlsIdentity {
  readonly key: Secret<string>;
  readonly certificate: string;
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
}

/**
 * Who this server is and what it may open: the certificate it shows (the temporary one until the
 * system's authority issued another, or by setting, CS4), its keys, and the system key. The one
 * holder of these and of the security settings that stand.
 */
export class OwnIdentity {
  readonly node: NodeId;
  readonly name: string;
  /** Host or address under which it is dialled. */
  readonly address: string;
  readonly pairingKey: KeyObject;
  readonly tlsKey: KeyObject;
  readonly signerKey: KeyObject;
  readonly settings: StandingSettings;
  readonly #directory: string;
  readonly certificates: ShownCertificates;
  #systemKey: SystemKey | null;
  /** Of the database, as far as there is one. */
  #anchors: readonly string[] = [];

  constructor(directory: string, found: ServerIdentity, clock: Pick<Clock, "now"> = systemClock()) {
    this.#directory = directory;
    this.node = found.node;
    this.name = found.config.name;
    this.address = found.config.address;
    this.pairingKey = found.pairingKey;
    this.tlsKey = found.tlsKey;
    this.signerKey = found.signerKey;
    this.settings = new StandingSettings(found.config.security);
    this.certificates = new ShownCertificates({
      ...found,
      hosts: [found.config.address, found.config.name],
      isTemporarySet: () => this.settings.now.temporary,
      now: () => clock.now(),
    });
    const key = loadSystemKey(serverPaths(directory).systemKey);
    this.#systemKey = key.ok ? key.value : null;
  }

  get isTemporary(): boolean {
    return this.certificate === this.certificates.temporary.certificate;
  }

  /** What other servers and devices see. */
  get certificate(): X509Certificate {
    return this.certificates.shown("link").certificate;
  }

  get authority(): X509Certificate | null {
    return this.certificates.issued?.authority ?? null;
  }

  /** All whose certificates count, PEM, each with its chain; two while the authority changes (PK7). */
  get anchors(): readonly string[] {
    const { issued } = this.certificates;
    const own = issued === null ? [] : [chainPem([issued.authority, ...issued.above])];
    return [...new Set([...own, ...this.#anchors])];
  }

  /** True where others are trusted than before. */
  trust(anchors: readonly string[]): boolean {
    const before = this.anchors.join("");
    this.#anchors = anchors;
    return this.anchors.join("") !== before;
  }

  get systemKey(): SystemKey | null {
    return this.#systemKey;
  }

  get signer(): ReplicaSigner | null {
    const { issued } = this.certificates;
    return issued && { certificate: issued.signerCertificate, key: this.signerKey };
  }

  /** Part of a system from now on. Durable when it returns. */
  adopt(systemKey: SystemKey, issued: IssuedFiles): void {
    saveSystemKey(serverPaths(this.#directory).systemKey, systemKey);
    this.#systemKey = systemKey;
    this.renew(issued);
  }

  /** New certificates for the same keys. Durable when it returns, shown from then on (PK8). */
  renew(issued: IssuedFiles): void {
    saveIssued(this.#directory, issued);
    this.certificates.replaceIssued(issued);
  }

  /** Under the settings of now, or those that are asked about. */
  link({ temporary }: SecuritySettings = this.settings.now): LinkIdentity {
    return {
      name: { kind: "server", node: this.node },
      ...this.certificates.shown("link", temporary),
      anchors: this.anchors,
      lists: [],
      pairingKey: this.pairingKey,
    };
  }

  /** What is shown to a partner that is dialled; null: nothing, by setting or for want of it. */
  dialsWith(settings: SecuritySettings = this.settings.now): UsableCandidate | null {
    const { client_certificate: mode, temporary } = settings;
    if (mode === "disabled") return null;
    const selection = selectionOf(mode);
    if (selection === null) return this.certificates.shown("link", temporary);
    return this.certificates.select(selection);
  }

  /** For LDAPS and HTTPS: the chain they show, with the key in PEM, and the oldest TLS they take. */
  get tls(): TlsIdentity {
    return this.#tlsOf("clients");
  }

  /** For devices that enrol or renew, which trust the system's authority alone. */
  get tlsForEnrolment(): TlsIdentity {
    return this.#tlsOf("link");
  }

  #tlsOf(shelf: Shelf): TlsIdentity {
    const { certificate, issuers, key } = this.certificates.shown(shelf);
    const { authority } = this;
    const isOurs = authority !== null && certificate.checkIssued(authority);
    // One that must be proved by the authority before it is not sent as a root beside that.
    const chain = [certificate, ...(isOurs && issuers.length === 0 ? [authority] : issuers)];
    return {
      key: keyToPem(key),
      certificate: chain.map((one) => one.toString()).join(""),
      minVersion: tlsVersion(this.settings.now.tls_min),
    };
  }
}
