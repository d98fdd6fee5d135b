import type { KeyObject, X509Certificate } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { decodeUtf8, utf8 } from "@gridward/core/base/bytes";
import { nodeId, type NodeId } from "@gridward/core/base/identity";
import { parseJsonText } from "@gridward/core/base/json";
import { ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import type { LinkIdentity } from "@gridward/runtime/link/identity";
import { readFileBounded, writeFileAtomic } from "@gridward/runtime/os/files";
import { keyFromPem } from "@gridward/runtime/trust/x509/keys";
import { readCertificate } from "@gridward/runtime/trust/x509/read";

/** Where everything of one witness lies, all of it readable by its owner only. */
export interface WitnessPaths {
  readonly directory: string;
  readonly config: string;
  readonly pairingKey: string;
  readonly tlsKey: string;
  readonly certificate: string;
  readonly servers: string;
  readonly code: string;
  readonly events: string;
}

export function witnessPaths(directory: string): WitnessPaths {
  return {
    directory,
    config: join(directory, "witness.json"),
    pairingKey: join(directory, "pairing.pem"),
    tlsKey: join(directory, "tls.pem"),
    certificate: join(directory, "certificate.pem"),
    servers: join(directory, "servers.json"),
    code: join(directory, "code.json"),
    events: join(directory, "events.jsonl"),
  };
}

const configShape = z.strictObject({
  version: z.literal(1),
  id: z
    .string()
    .regex(/^[0-9A-HJKMNP-TV-Z]{26}$/)
    .transform(nodeId),
  /** Address on which the port listens. */
  listen: z.string().min(1).max(253),
  /** Host or address under which the servers reach it. */
  address: z.string().regex(/^[A-Za-z0-9:][A-Za-z0-9.:-]{0,252}$/),
  port: z.int().min(1).max(65_535),
});

export type WitnessConfig = Readonly<z.infer<typeof configShape>>;

/** The configuration, or the name of the member that cannot be used. */
export function checkConfig(config: {
  readonly id: NodeId;
  readonly listen: string;
  readonly address: string;
  readonly port: number;
}): Result<WitnessConfig, Refusal> {
  const checked = configShape.safeParse({ version: 1, ...config });
  if (checked.success) return ok(checked.data);
  const member = checked.error.issues[0]?.path.join(".") ?? "";
  return refuse("config.bad-value", `${member}: not accepted`);
}

/** What `witness init` made. */
export interface WitnessPlace {
  readonly paths: WitnessPaths;
  readonly config: WitnessConfig;
  readonly pairingKey: KeyObject;
  readonly tlsKey: KeyObject;
  readonly certificate: X509Certificate;
}

/** Reads it again; whatever is missing or broken is named. */
export function readWitnessDirectory(directory: string): Result<WitnessPlace, Refusal> {
  const paths = witnessPaths(directory);
  const text = readText(paths.config);
  if (text === undefined) return refuse("config.not-initialised", directory);
  const config = configShape.safeParse(parseJsonText(text));
  if (!config.success) return refuse("config.unreadable", paths.config);
  const pairingKey = readKey(paths.pairingKey);
  if (pairingKey === undefined) return refuse("disk.unreadable", paths.pairingKey);
  const tlsKey = readKey(paths.tlsKey);
  if (tlsKey === undefined) return refuse("disk.unreadable", paths.tlsKey);
  const certificate = readCertificate(readText(paths.certificate) ?? "");
  if (certificate === undefined) return refuse("disk.unreadable", paths.certificate);
  return ok({ paths, config: config.data, pairingKey, tlsKey, certificate });
}

export function writeConfig({ config: path }: WitnessPaths, config: WitnessConfig): void {
  writeFileAtomic(path, utf8(`${JSON.stringify(config, null, 2)}\n`));
}

/** Who it is on the link: its key is what counts, the certificate only carries the TLS. */
export function linkIdentity({
  config,
  certificate,
  tlsKey,
  pairingKey,
}: WitnessPlace): LinkIdentity {
  const name = { kind: "witness", node: config.id } as const;
  return { name, certificate, issuers: [], key: tlsKey, anchors: [], lists: [], pairingKey };
}

const fileBytesMost = 64 * 1024;

/** Undefined where there is no such file, or none that can be read. */
export function readText(path: string): string | undefined {
  const bytes = readFileBounded(path, fileBytesMost);
  const text = bytes.ok ? decodeUtf8(bytes.value) : bytes;
  return text.ok ? text.value : undefined;
}

function readKey(path: string): KeyObject | undefined {
  const text = readText(path);
  if (text === undefined) return undefined;
  try {
    return keyFromPem(new Secret(text));
  } catch {
    return undefined;
  }
}
