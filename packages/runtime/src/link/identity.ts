import type { KeyObject, X509Certificate } from "node:crypto";
import type { SecureContextOptions, SecureVersion } from "node:tls";
import type { RevocationList } from "../trust/revocation.ts";
import { tlsPolicy, tlsVersion } from "../trust/tls-policy.ts";
import { keyToPem } from "../trust/x509/keys.ts";
import { type LinkSettings, strictLink } from "./link-settings.ts";
import type { PeerName } from "./peer-name.ts";

/** Who we are on the link, and whom we trust. Asked for again at each connection. */
export interface LinkIdentity {
  readonly name: PeerName;
  readonly certificate: X509Certificate;
  /** Sent along with it: the authorities between it and an anchor, nearest first. */
  readonly issuers: readonly X509Certificate[];
  readonly key: KeyObject;
  /** Trust anchors, PEM; none on a server that is part of no system yet. */
  readonly anchors: readonly string[];
  readonly lists: readonly RevocationList[];
  /** Ed25519; a device has none. */
  readonly pairingKey: KeyObject | null;
  /** Below that of the policy, for an end that speaks no TLS 1.3. */
  readonly maxVersion?: SecureVersion;
}

/** Certificate, key and anchors for OpenSSL. Throws when the pair is unusable (cause T15). */
export function contextOptions(
  identity: LinkIdentity,
  tlsMin: LinkSettings["tlsMin"] = strictLink.tlsMin,
): SecureContextOptions {
  return {
    ...tlsPolicy,
    minVersion: tlsVersion(tlsMin),
    maxVersion: identity.maxVersion ?? tlsPolicy.maxVersion,
    cert: [identity.certificate, ...identity.issuers].map(String).join(""),
    key: keyToPem(identity.key).reveal(),
    // An empty list, not an absent one: Node would fall back to the roots of the public web.
    ca: [...identity.anchors],
  };
}

export function identityId({ name }: LinkIdentity): string {
  return name.kind === "device" ? name.device : name.node;
}
