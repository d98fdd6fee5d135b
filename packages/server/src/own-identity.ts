import type { KeyObject, X509Certificate } from "node:crypto";
import type { NodeId } from "@gridward/core/base/identity";
import type { Secret } from "@gridward/core/base/secret";
import type { LinkIdentity } from "@gridward/runtime/link/identity";
import { tlsVersion } from "@gridward/runtime/trust/tls-policy";
import { loadSystemKey, saveSystemKey, type SystemKey } from "@gridward/runtime/os/seal";
import type { ReplicaSigner } from "@gridward/runtime/replica/signature";
import {
  type IssuedFiles,
  saveIssued,
  type ServerIdentity,
  serverPaths,
} from "@gridward/runtime/trust/server-directory";
import { keyToPem } from "@gridward/runtime/trust/x509/keys";
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
  readonly pairingKey: KeyObject;
  readonly tlsKey: KeyObject;
  readonly signerKey: KeyObject;
  readonly settings: StandingSettings;
  readonly #directory: string;
  readonly #temporary: X509Certificate;
  #issued: IssuedFiles | null;
  #systemKey: SystemKey | null;

  constructor(directory: string, found: ServerIdentity) {
    this.#directory = directory;
    this.node = found.node;
    this.name = found.config.name;
    this.pairingKey = found.pairingKey;
    this.tlsKey = found.tlsKey;
    this.signerKey = found.signerKey;
    this.settings = new StandingSettings(found.config.security);
    this.#temporary = found.temporary;
    this.#issued = found.issued;
    const key = loadSystemKey(serverPaths(directory).systemKey);
    this.#systemKey = key.ok ? key.value : null;
  }

  get isTemporary(): boolean {
    return this.#issued === null || this.settings.now.temporary;
  }

  get certificate(): X509Certificate {
    const { temporary } = this.settings.now;
    return temporary ? this.#temporary : (this.#issued?.certificate ?? this.#temporary);
  }

  get authority(): X509Certificate | null {
    return this.#issued?.authority ?? null;
  }

  get systemKey(): SystemKey | null {
    return this.#systemKey;
  }

  get signer(): ReplicaSigner | null {
    return this.#issued && { certificate: this.#issued.signerCertificate, key: this.signerKey };
  }

  /** Part of a system from now on. Durable when it returns. */
  adopt(systemKey: SystemKey, issued: IssuedFiles): void {
    saveSystemKey(serverPaths(this.#directory).systemKey, systemKey);
    saveIssued(this.#directory, issued);
    this.#systemKey = systemKey;
    this.#issued = issued;
  }

  link(): LinkIdentity {
    return {
      name: { kind: "server", node: this.node },
      certificate: this.certificate,
      issuers: [],
      key: this.tlsKey,
      anchors: this.authority ? [this.authority.toString()] : [],
      lists: [],
      pairingKey: this.pairingKey,
    };
  }

  /** For LDAPS and HTTPS: the chain they show, with the key in PEM, and the oldest TLS they take. */
  get tls(): TlsIdentity {
    const isIssued = this.authority !== null && !this.isTemporary;
    const chain = [this.certificate, ...(isIssued ? [this.authority] : [])];
    return {
      key: keyToPem(this.tlsKey),
      certificate: chain.map((certificate) => certificate.toString()).join(""),
      minVersion: tlsVersion(this.settings.now.tls_min),
    };
  }
}
