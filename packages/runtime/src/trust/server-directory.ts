import type { KeyObject, X509Certificate } from "node:crypto";
import { join } from "node:path";
import { parse as parseToml, TomlError } from "smol-toml";
import { decodeUtf8, utf8 } from "@gridward/core/base/bytes";
import { nodeId, type NodeId } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import type { Instant } from "@gridward/core/base/time";
import { decodeServerConfig, type ServerConfig } from "@gridward/core/codec/server-config";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import { listDirectory, machineName } from "../os/directory.ts";
import {
  makeDirectory,
  readFileBounded,
  removePath,
  syncDirectory,
  writeFileAtomic,
} from "../os/files.ts";
import { freshId } from "../os/random.ts";
import { readImported } from "./certificate-store.ts";
import type { Candidate } from "./choose-certificate.ts";
import { createTemporary } from "./temporary.ts";
import { createSigningKey, createTlsKey, keyFromPem, keyToPem } from "./x509/keys.ts";
import { cutPem } from "./x509/pem.ts";
import { readCertificate } from "./x509/read.ts";

/** Where everything of one server lies. Keys are readable by their owner only. */
export interface ServerPaths {
  readonly config: string;
  readonly node: string;
  readonly pairingKey: string;
  readonly tlsKey: string;
  readonly signerKey: string;
  readonly systemKey: string;
  readonly temporary: string;
  /** Leaf issued by the authority; absent until the server is part of a system. */
  readonly certificate: string;
  readonly signerCertificate: string;
  readonly authority: string;
  /** Absent unless the authority followed another. */
  readonly cross: string;
}

export function serverPaths(directory: string): ServerPaths {
  const keys = join(directory, "keys");
  const certificates = join(directory, "certificates");
  return {
    config: join(directory, "server.toml"),
    node: join(directory, "node-id"),
    pairingKey: join(keys, "pairing.pem"),
    tlsKey: join(keys, "tls.pem"),
    signerKey: join(keys, "replica-signer.pem"),
    systemKey: join(keys, "system.key"),
    temporary: join(certificates, "temporary.pem"),
    certificate: join(certificates, "server.pem"),
    signerCertificate: join(certificates, "replica-signer.pem"),
    authority: join(certificates, "authority.pem"),
    cross: join(certificates, "authority-cross.pem"),
  };
}

export interface InitOrder {
  readonly name: string;
  readonly listen: string;
  readonly ports: Omit<ServerConfig["ports"], "ldap"> &
    Partial<Pick<ServerConfig["ports"], "ldap">>;
  readonly now: Instant;
}

/** `gridward server init`: a directory that exists must be empty; nothing is ever overwritten. */
export function initServer(
  directory: string,
  order: InitOrder,
): Result<{ readonly node: NodeId }, Refusal> {
  const isWildcard = order.listen === "0.0.0.0" || order.listen === "::";
  const address = isWildcard ? machineName() : order.listen;
  const config = decodeServerConfig({
    name: order.name,
    listen: order.listen,
    address,
    ports: order.ports,
  });
  if (!config.ok) return config;
  if (listDirectory(directory).length > 0) {
    return refuse("config.already-initialised", directory);
  }
  const paths = serverPaths(directory);
  makeDirectory(join(directory, "keys"));
  makeDirectory(join(directory, "certificates"));
  const node = nodeId(freshId());
  const tlsKey = createTlsKey();
  const temporary = createTemporary({
    key: tlsKey,
    node,
    name: order.name,
    hosts: [address],
    now: order.now,
  });
  writeText(paths.pairingKey, keyToPem(createSigningKey()).reveal());
  writeText(paths.signerKey, keyToPem(createSigningKey()).reveal());
  writeText(paths.tlsKey, keyToPem(tlsKey).reveal());
  writeText(paths.temporary, temporary.toString());
  writeText(paths.node, `${node}\n`);
  // Last: a directory without it is not initialised.
  writeText(paths.config, configText(config.value));
  syncDirectory(directory);
  return ok({ node });
}

/** What a server is before it has a database. */
export interface ServerIdentity {
  readonly config: ServerConfig;
  readonly node: NodeId;
  readonly pairingKey: KeyObject;
  readonly tlsKey: KeyObject;
  readonly signerKey: KeyObject;
  readonly temporary: X509Certificate;
  /** The TLS key, until the temporary certificate was renewed: then one of its own. */
  readonly temporaryKey: KeyObject;
  /** What the authority issued, once there is one. */
  readonly issued: IssuedFiles | null;
  /** What people brought for it to show. */
  readonly imported: readonly Candidate[];
}

export interface IssuedFiles {
  readonly authority: X509Certificate;
  /** The authority as the one before it certified it. */
  readonly cross: X509Certificate | null;
  readonly certificate: X509Certificate;
  readonly signerCertificate: X509Certificate;
}

/** Reads the directory that `initServer` made; whatever is missing or broken is named. */
export function readServerDirectory(directory: string): Result<ServerIdentity, Refusal> {
  const paths = serverPaths(directory);
  const config = readServerConfig(directory);
  if (!config.ok) return config;
  const node = readText(paths.node);
  const pairingKey = readKey(paths.pairingKey);
  const tlsKey = readKey(paths.tlsKey);
  const signerKey = readKey(paths.signerKey);
  if (!node.ok) return node;
  if (!pairingKey.ok) return pairingKey;
  if (!tlsKey.ok) return tlsKey;
  if (!signerKey.ok) return signerKey;
  const temporary = readTemporary(paths.temporary, tlsKey.value);
  if (!temporary.ok) return temporary;
  const id = node.value.trim();
  if (!/^[0-9A-HJKMNP-TV-Z]{26}$/.test(id)) return refuse("disk.unreadable", paths.node);
  const issued = readIssued(paths);
  if (!issued.ok) return issued;
  const imported = readImported(directory, [tlsKey.value]);
  if (!imported.ok) return imported;
  return ok({
    config: config.value,
    node: nodeId(id),
    pairingKey: pairingKey.value,
    tlsKey: tlsKey.value,
    signerKey: signerKey.value,
    ...temporary.value,
    issued: issued.value,
    imported: imported.value,
  });
}

/** `DIR/server.toml`; `config.not-initialised` where there is none. */
export function readServerConfig(directory: string): Result<ServerConfig, Refusal> {
  const text = readConfigText(directory);
  return text.ok ? decodeConfig(directory, text.value) : text;
}

/** Writes `DIR/server.toml` anew, whole or not at all, where the change leads to what is meant. */
export function changeServerConfig(
  directory: string,
  change: (text: string) => string,
  isMeant: (config: ServerConfig) => boolean,
): Result<ServerConfig, Refusal> {
  const text = readConfigText(directory);
  if (!text.ok) return text;
  const changed = change(text.value);
  const config = decodeConfig(directory, changed);
  if (!config.ok) return config;
  if (!isMeant(config.value)) {
    return refuse("config.bad-value", "the file says it in a form that only a person can change");
  }
  writeText(serverPaths(directory).config, changed);
  return config;
}

function readConfigText(directory: string): Result<string, Refusal> {
  const { config } = serverPaths(directory);
  const file = readFileBounded(config, configBytesMax);
  if (!file.ok) {
    if (file.error === "absent") return refuse("config.not-initialised", directory);
    // No line of it can be corrected where none can be read.
    const code = file.error === "unreadable" ? "disk.unreadable" : "config.unreadable";
    return refuse(code, `${config}: ${file.error}`);
  }
  const text = decodeUtf8(file.value);
  return text.ok ? text : refuse("config.unreadable", `${config}: ${text.error}`);
}

function decodeConfig(directory: string, text: string): Result<ServerConfig, Refusal> {
  const { config } = serverPaths(directory);
  const table = parseConfigText(text);
  if (!table.ok) return refuse("config.unreadable", `${config}: ${table.error}`);
  const decoded = decodeServerConfig(table.value);
  if (decoded.ok) return decoded;
  return refuse(decoded.error.code, `${config}: ${decoded.error.detail}`);
}

/** Keeps what the authority issued. The leaf goes last: it is what makes the rest count. */
export function saveIssued(directory: string, issued: IssuedFiles): void {
  const paths = serverPaths(directory);
  writeText(paths.authority, issued.authority.toString());
  if (issued.cross === null) removePath(paths.cross);
  else writeText(paths.cross, issued.cross.toString());
  writeText(paths.signerCertificate, issued.signerCertificate.toString());
  writeText(paths.certificate, issued.certificate.toString());
}

/**
 * Takes the place of the one before, whole or not at all: a key of its own lies beside it in the
 * one file. Null: its key is the TLS key.
 */
export function saveTemporary(
  directory: string,
  temporary: X509Certificate,
  key: KeyObject | null,
): void {
  const beside = key === null ? "" : keyToPem(key).reveal();
  writeText(serverPaths(directory).temporary, `${temporary.toString()}${beside}`);
}

const configBytesMax = 64 * 1024;
const pemBytesMax = 64 * 1024;

function readIssued(paths: ServerPaths): Result<IssuedFiles | null, Refusal> {
  if (!readFileBounded(paths.certificate, pemBytesMax).ok) return ok(null);
  const certificate = readCertificateFile(paths.certificate);
  const signerCertificate = readCertificateFile(paths.signerCertificate);
  const authority = readCertificateFile(paths.authority);
  const hasCross = readFileBounded(paths.cross, pemBytesMax).ok;
  const cross = hasCross ? readCertificateFile(paths.cross) : ok(null);
  if (!certificate.ok) return certificate;
  if (!signerCertificate.ok) return signerCertificate;
  if (!authority.ok) return authority;
  if (!cross.ok) return cross;
  return ok({
    certificate: certificate.value,
    signerCertificate: signerCertificate.value,
    authority: authority.value,
    cross: cross.value,
  });
}

function parseConfigText(text: string): Result<unknown, string> {
  try {
    return ok(parseToml(text));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return err(`line ${error.line}: ${error.message.split("\n")[0] ?? ""}`);
  }
}

function configText(config: ServerConfig): string {
  const { name, listen, address, ports } = config;
  return `# Gridward account server. Changes take effect at the next start.
# Connection Security is a table [security], best set with \`gridward security set\`: at once.

# Name of this server within its system.
name = ${JSON.stringify(name)}

# Address on which all ports listen.
listen = ${JSON.stringify(listen)}

# Host or address under which partner, devices and tools reach this server.
address = ${JSON.stringify(address)}

# 0 switches a listener off.
[ports]
https = ${ports.https}
link = ${ports.link}
ldaps = ${ports.ldaps}
ldap = ${ports.ldap}

# Bytes a second that a Standby's first pass may take of a slow line; 0 is no limit.
[pair]
first_pass_rate = ${config.pair.first_pass_rate}

# A Main that is silent for so many milliseconds is suspected by its Standby; it gives up on a silent
# Standby after two thirds of it. From 600, on a quick and quiet network, to 60000. Best the same on both;
# where it is not, a Main gives up before the quickest Standby would suspect it.
suspect_after_ms = ${config.pair.suspect_after_ms}

# A server whose process stands still for so many milliseconds, or whose disk takes half of that for
# each write, is slow: as Main it hands over to a valid Standby that is not. From 500 to 60000.
slow_after_ms = ${config.pair.slow_after_ms}

# Scheduled backups: take the marks of the next four lines away, and make a recovery key with
# \`gridward backup key create\`. The directory should lie on another disk.
# [backup]
# every = "24h"
# keep = 14
# directory = "backups"
`;
}

function writeText(path: string, text: string): void {
  writeFileAtomic(path, utf8(text));
}

function readText(path: string): Result<string, Refusal> {
  const file = readFileBounded(path, pemBytesMax);
  const text = file.ok ? decodeUtf8(file.value) : file;
  return text.ok ? text : refuse("disk.unreadable", `${path}: ${text.error}`);
}

/** Its key is the TLS key where none lies beside it. */
function readTemporary(
  path: string,
  tlsKey: KeyObject,
): Result<Pick<ServerIdentity, "temporary" | "temporaryKey">, Refusal> {
  const temporary = readCertificateFile(path);
  const text = readText(path);
  if (!temporary.ok) return temporary;
  if (!text.ok) return text;
  const isAlone = !(cutPem(text.value) ?? []).some(({ label }) => label === "PRIVATE KEY");
  const key = isAlone ? ok(tlsKey) : readKey(path);
  if (!key.ok) return key;
  if (!temporary.value.checkPrivateKey(key.value)) {
    return refuse("disk.unreadable", `${path}: no certificate with its key`);
  }
  return ok({ temporary: temporary.value, temporaryKey: key.value });
}

function readKey(path: string): Result<KeyObject, Refusal> {
  const text = readText(path);
  if (!text.ok) return text;
  try {
    const [block] = (cutPem(text.value) ?? []).filter(({ label }) => label === "PRIVATE KEY");
    return ok(keyFromPem(new Secret(block?.text ?? text.value)));
  } catch {
    return refuse("disk.unreadable", `${path}: no private key`);
  }
}

function readCertificateFile(path: string): Result<X509Certificate, Refusal> {
  const text = readText(path);
  if (!text.ok) return text;
  const certificate = readCertificate(text.value);
  if (certificate === undefined) return refuse("disk.unreadable", `${path}: no certificate`);
  return ok(certificate);
}
