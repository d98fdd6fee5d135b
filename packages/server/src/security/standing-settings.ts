import {
  pinsOf,
  type SecurityName,
  securityNames,
  type SecuritySettings,
} from "@gridward/core/base/security-settings";
import type { Instant } from "@gridward/core/base/time";
import { type LinkSettings, strictLink } from "@gridward/runtime/link/link-settings";

/** The security settings that stand now. Asked at each handshake, so a change needs no restart. */
export class StandingSettings {
  #now: SecuritySettings;
  readonly #since = new Map<SecurityName, Instant>();

  constructor(first: SecuritySettings) {
    this.#now = first;
  }

  get now(): SecuritySettings {
    return this.#now;
  }

  /** When a setting got the value that it has; undefined: this server started with it. */
  since(name: SecurityName): Instant | undefined {
    return this.#since.get(name);
  }

  apply(settings: SecuritySettings, at: Instant): void {
    for (const name of securityNames) {
      if (settings[name] !== this.#now[name]) this.#since.set(name, at);
    }
    this.#now = settings;
  }

  /** What the other servers must meet on the link. */
  get link(): LinkSettings {
    return linkSettings(this.#now);
  }
}

/** What these settings demand of the other servers. */
export function linkSettings(settings: SecuritySettings): LinkSettings {
  const { validate_partner, check_names, require_client_certificates, ...rest } = settings;
  return {
    ...strictLink,
    validate: validate_partner,
    checkNames: check_names,
    requireCertificate: require_client_certificates !== false,
    tlsMin: rest.tls_min,
    revocation: rest.revocation,
    pins: pinsOf(settings),
  };
}
