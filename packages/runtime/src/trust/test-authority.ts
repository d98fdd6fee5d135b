import type { KeyObject, X509Certificate } from "node:crypto";
import type { Instant } from "@gridward/core/base/time";
import { buildCertificate } from "./x509/certificate.ts";
import { createSigningKey, createTlsKey } from "./x509/keys.ts";
import type { CertificateName } from "./x509/names.ts";
import type { Profile } from "./x509/profile.ts";

/** A small authority for tests: what server/ca does, without journal and sealing. */
export interface TestAuthority {
  readonly key: KeyObject;
  readonly certificate: X509Certificate;
  issue(order: {
    readonly profile: Profile;
    readonly name?: CertificateName;
    readonly hosts?: readonly string[];
    readonly emails?: readonly string[];
    readonly now?: Instant;
  }): { readonly key: KeyObject; readonly certificate: X509Certificate };
}

export function testAuthority(
  commonName: string,
  now: Instant,
  parent?: TestAuthority,
): TestAuthority {
  const key = createTlsKey();
  const certificate = buildCertificate(
    { profile: "authority", publicKey: key, subject: { commonName }, hosts: [], now },
    parent ?? { key },
  );
  return {
    key,
    certificate,
    issue(order) {
      const own = order.profile === "replica-signer" ? createSigningKey() : createTlsKey();
      const issued = buildCertificate(
        {
          profile: order.profile,
          publicKey: own,
          subject: { commonName: "leaf" },
          ...(order.name === undefined ? {} : { name: order.name }),
          hosts: order.hosts ?? [],
          ...(order.emails === undefined ? {} : { emails: order.emails }),
          now: order.now ?? now,
        },
        { key, certificate },
      );
      return { key: own, certificate: issued };
    },
  };
}
