import * as z from "zod";
import { editDistance, nearestWord } from "../base/nearest.ts";
import { err, ok, type Result } from "../base/result.ts";
import { day, hour, minute, second, type Millis } from "../base/time.ts";
import {
  defaultSecurity,
  type SecuritySettings,
  securityForms,
  securitySpecs,
} from "../base/security-settings.ts";

/** What `DIR/server.toml` says: how this server is called and where it listens. */
export interface ServerConfig {
  readonly name: string;
  /** Address on which all ports listen. */
  readonly listen: string;
  /** Host or address under which partner, devices and tools reach this server. */
  readonly address: string;
  /** 0 switches a listener off. */
  readonly ports: {
    readonly https: number;
    readonly link: number;
    readonly ldaps: number;
    /** LDAP without TLS, for StartTLS and legacy peers. */
    readonly ldap: number;
  };
  readonly pair: {
    /** Bytes a second at most of a first pass that this server sends; 0 is no limit. */
    readonly first_pass_rate: number;
    /** A Main that is silent for so long is suspected; every other timer follows from it. */
    readonly suspect_after_ms: Millis;
    /** A server that stands still for so long gives the duty of Main away, if it can. */
    readonly slow_after_ms: Millis;
  };
  readonly backup: {
    /** Milliseconds from one scheduled backup to the next; null: none is scheduled. */
    readonly every: Millis | null;
    /** So many backups of this server are kept. */
    readonly keep: number;
    /** Relative to the data directory. */
    readonly directory: string;
  };
  /** In force from the start on; `security set` changes them at once. */
  readonly security: SecuritySettings;
}

export interface ConfigRefusal {
  readonly code: "config.unknown-key" | "config.bad-value";
  readonly detail: string;
}

/** Ports of design §10. */
export const defaultPorts = { https: 8443, link: 5480, ldaps: 636, ldap: 0 } as const;

/** A first pass takes what the network gives. */
const defaultPair = {
  first_pass_rate: 0,
  suspect_after_ms: 6 * second,
  slow_after_ms: 2 * second,
} as const;

/** Backups are made on order; where they go unless told otherwise. */
const defaultBackup = { every: null, keep: 14, directory: "backups" } as const;

const units: Readonly<Record<string, Millis>> = { m: minute, h: hour, d: day };

const every = z
  .string()
  .regex(/^[1-9][0-9]{0,3}[mhd]$/, 'is no time such as "30m", "24h" or "7d"')
  .transform((text) => Number.parseInt(text, 10) * (units[text.slice(-1)] ?? minute));

const portMax = 65_535;
const host = z.string().regex(/^[A-Za-z0-9:][A-Za-z0-9.:-]{0,252}$/, "is no host or address");
const port = z.int(`is no port from 0 to ${portMax}`).min(0).max(portMax);

function choice<Name extends keyof SecuritySettings>(name: Name) {
  const { choices } = securitySpecs[name];
  const wanted = choices.map((each) => JSON.stringify(each)).join(" nor ");
  return z.literal(choices, `is neither ${wanted}`).default(choices[0]);
}

/** One of the words, or what else it may be, in the form in which it is kept. */
function chosen(name: "client_certificate" | "partner_pin") {
  const { choices, others } = securitySpecs[name];
  return z
    .string()
    .max(256)
    .refine(
      (text) => choices.includes(text) || others?.parse(text) === text,
      `is not one of ${securityForms(name).join(", ")}`,
    )
    .default(choices[0]);
}

const schema = z.strictObject({
  name: z
    .string()
    .max(64)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "is no name of letters, digits, dot, hyphen"),
  listen: host,
  address: host,
  ports: z
    .strictObject({
      https: port.default(defaultPorts.https),
      link: port.default(defaultPorts.link),
      ldaps: port.default(defaultPorts.ldaps),
      ldap: port.default(defaultPorts.ldap),
    })
    .default(defaultPorts),
  pair: z
    .strictObject({
      first_pass_rate: z.int().min(0).default(0),
      suspect_after_ms: z.int().min(600).max(minute).default(defaultPair.suspect_after_ms),
      slow_after_ms: z.int().min(500).max(minute).default(defaultPair.slow_after_ms),
    })
    .default(defaultPair),
  backup: z
    .strictObject({
      every: every.nullable().default(null),
      keep: z.int().min(1).max(1_000).default(defaultBackup.keep),
      directory: z.string().min(1).max(1_024).default(defaultBackup.directory),
    })
    .default(defaultBackup),
  security: z
    .strictObject({
      temporary: choice("temporary"),
      validate_partner: choice("validate_partner"),
      client_certificate: chosen("client_certificate"),
      partner_pin: chosen("partner_pin"),
      require_client_certificates: choice("require_client_certificates"),
      map_clients: choice("map_clients"),
      legacy: choice("legacy"),
      legacy_peers: choice("legacy_peers"),
      check_names: choice("check_names"),
      tls_min: choice("tls_min"),
      revocation: choice("revocation"),
    })
    .default(defaultSecurity),
});

const knownKeys = [
  ...Object.keys(schema.shape),
  ...Object.keys(defaultPorts).map((key) => `ports.${key}`),
  ...Object.keys(defaultPair).map((key) => `pair.${key}`),
  ...Object.keys(defaultBackup).map((key) => `backup.${key}`),
  ...Object.keys(defaultSecurity).map((key) => `security.${key}`),
];

/** Reads what a TOML parser made of the file. A key that we do not know is refused by name. */
export function decodeServerConfig(value: unknown): Result<ServerConfig, ConfigRefusal> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  const place = issue?.path.join(".") ?? "";
  if (issue?.code === "unrecognized_keys") {
    const key = [...issue.path, issue.keys[0] ?? ""].join(".").slice(0, keyLengthMax);
    return err({
      code: "config.unknown-key",
      detail: `${key} (nearest: ${nearestWord(key, knownKeys, keyDistance)})`,
    });
  }
  return err({ code: "config.bad-value", detail: `${place}: ${issue?.message ?? "not a table"}` });
}

const keyLengthMax = 64;

/** A key in the wrong table is near to itself in the right one. */
function keyDistance(key: string, known: string): number {
  const [name = "", knownName = ""] = [key.split(".").at(-1), known.split(".").at(-1)];
  return Math.min(editDistance(key, known), editDistance(name, knownName));
}
