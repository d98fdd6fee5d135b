import { day, hour, minute, type Millis } from "../base/time.ts";
import { type SecurityName, securityNames, securitySpecs } from "../base/security-settings.ts";
import type { ServerConfig } from "./server-config.ts";

/** One setting of one server, as it stands in `server.toml`; null: it is not set. */
export interface Setting {
  readonly key: string;
  readonly value: SettingValue;
}

export type SettingValue = string | number | boolean | null;

interface SettingSpec {
  readonly read: (config: ServerConfig) => SettingValue;
  /** False for what is a server's own: its name, where it listens, its directories. */
  readonly copies: boolean;
  /** The only values that may be copied; absent: any. */
  readonly copiedValues?: readonly SettingValue[];
}

/** HS16: every key of `server.toml`, and whether a partner may be given the same value. */
export const serverSettings: Readonly<Record<string, SettingSpec>> = {
  name: { read: ({ name }) => name, copies: false },
  listen: { read: ({ listen }) => listen, copies: false },
  address: { read: ({ address }) => address, copies: false },
  "ports.https": { read: ({ ports }) => ports.https, copies: false },
  "ports.link": { read: ({ ports }) => ports.link, copies: false },
  "ports.ldaps": { read: ({ ports }) => ports.ldaps, copies: false },
  "ports.ldap": { read: ({ ports }) => ports.ldap, copies: false },
  "pair.first_pass_rate": { read: ({ pair }) => pair.first_pass_rate, copies: true },
  "pair.suspect_after_ms": { read: ({ pair }) => pair.suspect_after_ms, copies: true },
  "pair.slow_after_ms": { read: ({ pair }) => pair.slow_after_ms, copies: true },
  "backup.every": { read: ({ backup }) => timeText(backup.every), copies: true },
  "backup.keep": { read: ({ backup }) => backup.keep, copies: true },
  "backup.directory": { read: ({ backup }) => backup.directory, copies: false },
  ...Object.fromEntries(securityNames.map((name) => [settingKey(name), securitySetting(name)])),
};

/** The key of a security setting in `server.toml`. */
export function settingKey(name: SecurityName): string {
  return `security.${name}`;
}

/** In force at once, and not from the next start on. */
export function isSecuritySetting(key: string): boolean {
  return securityNames.some((name) => settingKey(name) === key);
}

function securitySetting(name: SecurityName): SettingSpec {
  const { copies, choices } = securitySpecs[name];
  const read: SettingSpec["read"] = ({ security }) => security[name];
  return copies === "choices" ? { read, copies: true, copiedValues: choices } : { read, copies };
}

export function settingsOf(config: ServerConfig): readonly Setting[] {
  return Object.entries(serverSettings).map(([key, { read }]) => ({ key, value: read(config) }));
}

/** May this setting be copied from one server to another? False also for what is no setting. */
export function isCopied(key: string): boolean {
  return Object.hasOwn(serverSettings, key) && serverSettings[key]?.copies === true;
}

/** Does it name what this server alone has, such as a certificate with its key? */
export function namesItsOwn({ key, value }: Setting): boolean {
  const most = isCopied(key) ? serverSettings[key]?.copiedValues : undefined;
  return most !== undefined && !most.includes(value);
}

/**
 * The text of a `server.toml` with one setting changed and all else, comments too, as it was. The
 * caller reads the outcome: a file that says it in another form than a line of its table is left to
 * a person.
 */
export function withSetting(text: string, { key, value }: Setting): string {
  const [table = "", name = ""] = key.split(".");
  const lines = text.split("\n");
  const line = value === null ? [] : [`${name} = ${JSON.stringify(value)}`];
  const start = lines.findIndex((each) => each.trim() === `[${table}]`);
  if (start < 0) {
    return value === null ? text : [text.trimEnd(), "", `[${table}]`, ...line, ""].join("\n");
  }
  const length = lines.slice(start + 1).findIndex((each) => each.startsWith("["));
  const end = length < 0 ? lines.length : start + 1 + length;
  const isIt = (each: string, at: number): boolean =>
    at > start && at < end && each.split("=")[0]?.trim() === name;
  const at = lines.findIndex(isIt);
  return at < 0
    ? lines.toSpliced(start + 1, 0, ...line).join("\n")
    : lines.toSpliced(at, 1, ...line).join("\n");
}

function timeText(time: Millis | null): string | null {
  if (time === null) return null;
  if (time % day === 0) return `${time / day}d`;
  return time % hour === 0 ? `${time / hour}h` : `${time / minute}m`;
}
