import type { SecurityDifference, SecurityName, SecurityValue } from "../base/security-settings.ts";

/** Whether a setting may keep administrators out, and at which of its values. */
interface ShutOut {
  /** "any": every change of it. None: it decides about nobody who signs in to administer. */
  readonly at: readonly SecurityValue[] | "any";
  readonly why: string;
}

const linkAlone = "it counts between servers, where no administrator signs in";
const clearAlone = "it opens LDAP without TLS, where no administrator is let in";

/** Of a change after which HTTPS shows another certificate, by a setting or by itself. */
export const otherCertificate =
  "HTTPS shows another certificate, and who trusts only the present one refuses it";

/**
 * CS17: what must be tried by a new sign-in before it stays, of all that decides who comes in at
 * HTTPS, the one door of administration over the network.
 */
export const shutOuts: Readonly<Record<SecurityName, ShutOut>> = {
  temporary: { at: "any", why: otherCertificate },
  require_client_certificates: {
    at: [true],
    why: "HTTPS declines who presents no certificate, or one that it does not find good",
  },
  map_clients: {
    at: "any",
    why:
      "with it HTTPS declines a certificate that leads to no account, and without it nobody signs " +
      "in by one",
  },
  tls_min: { at: ["1.3"], why: "HTTPS refuses who speaks TLS 1.2 at most" },
  revocation: {
    at: ["hard"],
    why: "HTTPS declines a certificate whose revocation list is missing or stale here",
  },
  validate_partner: { at: [], why: linkAlone },
  client_certificate: { at: [], why: linkAlone },
  partner_pin: { at: [], why: linkAlone },
  check_names: { at: [], why: linkAlone },
  legacy: { at: [], why: clearAlone },
  legacy_peers: { at: [], why: clearAlone },
};

/** Why administrators might not come in after it; empty: nothing of it concerns them. */
export function reasonsToProve(differences: readonly SecurityDifference[]): readonly string[] {
  return differences.flatMap(({ name, after }) => {
    const { at, why } = shutOuts[name];
    return at === "any" || at.includes(after) ? [why] : [];
  });
}
