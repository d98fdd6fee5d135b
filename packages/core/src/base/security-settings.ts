/**
 * Connection Security of one server (CS1, CS2), named as in the table `[security]` of its
 * `server.toml`. Typed with hyphens: `security set validate-partner=true`.
 */
export interface SecuritySettings {
  readonly temporary: boolean;
  readonly validate_partner: boolean;
  /** Also the fingerprint of a certificate of this server, or its subject and issuer. */
  readonly client_certificate: string;
  /** "none", or fingerprints of certificates or public keys, with commas. */
  readonly partner_pin: string;
  readonly require_client_certificates: "link" | boolean;
  readonly map_clients: boolean;
  readonly legacy: boolean;
  readonly legacy_peers: "listed" | "any";
  readonly check_names: boolean;
  readonly tls_min: "1.2" | "1.3";
  readonly revocation: "soft" | "hard" | "off";
}

export type SecurityName = keyof SecuritySettings;
export type SecurityValue = SecuritySettings[SecurityName];
export type SecurityChange = Readonly<Partial<SecuritySettings>>;

/** Stands as long as the setting is weaker than its default. */
export interface StandingAlarm {
  /** The one value that is weaker; absent: every one but the default. */
  readonly at?: SecurityValue;
  readonly code: string;
  readonly text: string;
  readonly remedy: string;
}

/** All that is to be known of one setting. */
export interface SecuritySpec<Value extends SecurityValue = SecurityValue> {
  /** What it may be; the first is what it is unless it is set. */
  readonly choices: readonly [Value, ...Value[]];
  /** What else it may be, in the form that is kept. */
  readonly others?: {
    readonly form: string;
    readonly parse: (text: string) => Value | undefined;
  };
  /** In one sentence. */
  readonly means: string;
  /** Null where no value is weaker than the default. */
  readonly alarm: StandingAlarm | null;
  /**
   * Whether `pair settings copy` may give a partner the same; "choices": only one of these, as what
   * else it may be names what this server alone has.
   */
  readonly copies: boolean | "choices";
}

type SecuritySpecs = { readonly [Name in SecurityName]: SecuritySpec<SecuritySettings[Name]> };

export const securitySpecs: SecuritySpecs = {
  temporary: {
    choices: [false, true],
    means: "Show the temporary certificate even where there is an issued one.",
    alarm: {
      code: "security.temporary",
      text: "This server shows its temporary certificate: who validates refuses it.",
      remedy: "Run `gridward security set temporary=false`.",
    },
    copies: false,
  },
  validate_partner: {
    choices: [true, false],
    means: "Judge the certificates of other servers, not their keys alone.",
    alarm: {
      code: "security.validation-off",
      text: "This server does not judge the certificates of its partners.",
      remedy:
        "Give every server a certificate of the system's authority, then run " +
        "`gridward security set validate-partner=true`.",
    },
    copies: true,
  },
  client_certificate: {
    choices: ["automatic", "disabled"],
    others: { form: "FINGERPRINT, SUBJECT+ISSUER", parse: parseSelection },
    means:
      "Show this server's certificate when it dials another server: that of the link, none, or " +
      "the one of this fingerprint or of this subject and issuer.",
    alarm: null,
    copies: "choices",
  },
  partner_pin: {
    choices: ["none"],
    others: { form: "FINGERPRINT,…", parse: parsePins },
    means:
      "Take a partner's certificate of this fingerprint (SHA-256 of it or of its public key) " +
      "whoever issued it; all else is demanded of it as of any other.",
    alarm: null,
    copies: false,
  },
  require_client_certificates: {
    choices: ["link", true, false],
    means:
      "Who must show a certificate: servers on the link port (link), these and every client at " +
      "LDAPS and HTTPS (true), or nobody (false).",
    alarm: {
      at: false,
      code: "security.certificates-not-required",
      text: "On the link port a server without a certificate is taken, by its pairing key alone.",
      remedy: "Run `gridward security set require-client-certificates=link`.",
    },
    copies: false,
  },
  map_clients: {
    choices: [false, true],
    means:
      "Clients at LDAPS and HTTPS may sign in by certificate, and one whose certificate leads to " +
      "no account is declined.",
    alarm: null,
    copies: false,
  },
  legacy: {
    choices: [false, true],
    means:
      "Serve peers that cannot carry certificates: LDAP without TLS, and partners by their key alone. " +
      "HTTPS, enrolment, devices and joins never are.",
    alarm: {
      code: "security.legacy",
      text:
        "Legacy peers are served: they are exempt from certificate checks, and passwords of " +
        "accounts come in clear text where LDAP without TLS is used.",
      remedy:
        "See who needs it with `gridward security legacy list`, give them certificates or TLS, then " +
        "run `gridward security set legacy=false`.",
    },
    copies: true,
  },
  legacy_peers: {
    choices: ["listed", "any"],
    means:
      "Where legacy is set: serve the peers of `gridward security legacy list` (listed), or every " +
      "address (any).",
    alarm: {
      code: "security.legacy-any",
      text: "Where legacy is set, every address is served, and not only those that are listed.",
      remedy:
        "List the peers with `gridward security legacy allow`, then run " +
        "`gridward security set legacy-peers=listed`.",
    },
    copies: true,
  },
  check_names: {
    choices: [true, false],
    means: "A partner's certificate must name that very partner.",
    alarm: {
      code: "security.names-not-checked",
      text: "The names in the certificates of partners are not compared.",
      remedy: "Run `gridward security set check-names=true`.",
    },
    copies: true,
  },
  revocation: {
    choices: ["soft", "hard", "off"],
    means:
      "Of servers, devices and clients: who is revoked is refused (soft), also whose list is " +
      "missing or stale (hard); or lists are not looked at on the link (off; clients at HTTPS and " +
      "LDAPS are judged as with soft).",
    alarm: {
      at: "off",
      code: "security.revocation-off",
      text: "On the link revoked certificates are taken, as revocation lists are not looked at.",
      remedy: "Run `gridward security set revocation=soft`.",
    },
    copies: true,
  },
  tls_min: {
    choices: ["1.2", "1.3"],
    means: "The oldest TLS version that any port or dial of this server speaks.",
    alarm: null,
    copies: true,
  },
};

export const securityNames: readonly SecurityName[] = [
  "temporary",
  "validate_partner",
  "client_certificate",
  "partner_pin",
  "require_client_certificates",
  "map_clients",
  "legacy",
  "legacy_peers",
  "check_names",
  "tls_min",
  "revocation",
];

export const defaultSecurity: SecuritySettings = {
  temporary: securitySpecs.temporary.choices[0],
  validate_partner: securitySpecs.validate_partner.choices[0],
  client_certificate: securitySpecs.client_certificate.choices[0],
  partner_pin: securitySpecs.partner_pin.choices[0],
  require_client_certificates: securitySpecs.require_client_certificates.choices[0],
  map_clients: securitySpecs.map_clients.choices[0],
  legacy: securitySpecs.legacy.choices[0],
  legacy_peers: securitySpecs.legacy_peers.choices[0],
  check_names: securitySpecs.check_names.choices[0],
  tls_min: securitySpecs.tls_min.choices[0],
  revocation: securitySpecs.revocation.choices[0],
};

const pinsMost = 3;

/** As other tools print it, with colons and capitals. */
function parseFingerprint(text: string): string | undefined {
  const plain = text.replaceAll(/[\s:]/g, "").toLowerCase();
  return /^[0-9a-f]{64}$/.test(plain) ? plain : undefined;
}

function parsePins(text: string): string | undefined {
  const pins = text.split(",").map(parseFingerprint);
  const isGood = pins.length <= pinsMost && !pins.includes(undefined);
  return isGood ? pins.join(",") : undefined;
}

/** The certificates or keys that need no issuer (`partner-pin`). */
export function pinsOf({ partner_pin: pins }: SecuritySettings): readonly string[] {
  return pins === "none" ? [] : pins.split(",");
}

/** Which certificate is shown to partners that are dialled, where one is named. */
export type Selection =
  | { readonly fingerprint: string }
  | { readonly subject: string; readonly issuer: string };

const nameForm = /^[A-Za-z]+=[^+\p{Cc}]{1,110}$/u;

/** Null where none is named. Names are those of `security certificates list`. */
export function selectionOf(text: string): Selection | null {
  const fingerprint = parseFingerprint(text);
  if (fingerprint !== undefined) return { fingerprint };
  const [subject = "", issuer = "", ...more] = text.split("+").map((name) => name.trim());
  const isNamed = more.length === 0 && nameForm.test(subject) && nameForm.test(issuer);
  return isNamed ? { subject, issuer } : null;
}

function parseSelection(text: string): string | undefined {
  const selection = selectionOf(text);
  if (selection === null) return undefined;
  if ("fingerprint" in selection) return selection.fingerprint;
  return `${selection.subject}+${selection.issuer}`;
}

/** What it may be, for people. */
export function securityForms(name: SecurityName): readonly string[] {
  const { choices, others } = securitySpecs[name];
  return [...choices.map(String), ...(others === undefined ? [] : [others.form])];
}

/** As it is typed and shown. */
export function securityKey(name: SecurityName): string {
  return name.replaceAll("_", "-");
}

/** The settings that raise an alarm now. */
export function weakenedBy(settings: SecuritySettings): readonly SecurityName[] {
  return securityNames.filter((name) => {
    const { alarm } = securitySpecs[name];
    if (alarm === null) return false;
    const value = settings[name];
    return alarm.at === undefined ? value !== defaultSecurity[name] : value === alarm.at;
  });
}

/** One setting that a change makes another. */
export interface SecurityDifference {
  readonly name: SecurityName;
  readonly before: SecurityValue;
  readonly after: SecurityValue;
}

export function compareSecurity(
  before: SecuritySettings,
  after: SecuritySettings,
): readonly SecurityDifference[] {
  return securityNames
    .filter((name) => before[name] !== after[name])
    .map((name) => ({ name, before: before[name], after: after[name] }));
}

/** `temporary false -> true, tls-min 1.2 -> 1.3`. */
export function differenceText(differences: readonly SecurityDifference[]): string {
  return differences
    .map(({ name, before, after }) => `${securityKey(name)} ${before} -> ${after}`)
    .join(", ");
}

/** The settings that a change names, with what it makes of them. */
export function securityEntries(
  change: SecurityChange,
): readonly (readonly [SecurityName, SecurityValue])[] {
  return securityNames.flatMap((name) => {
    const value = change[name];
    return value === undefined ? [] : [[name, value] as const];
  });
}

/** The same as somebody would type it. */
export function securityText(change: SecurityChange): Readonly<Record<string, string>> {
  return Object.fromEntries(
    securityEntries(change).map(([name, value]) => [securityKey(name), String(value)] as const),
  );
}

/** The change that makes these settings of those. */
export function securityChange(from: SecuritySettings, to: SecuritySettings): SecurityChange {
  return compareSecurity(from, to).reduce<SecurityChange>(
    (change, { name, after }) => ({ ...change, [name]: after }),
    {},
  );
}
