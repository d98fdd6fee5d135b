import assert from "node:assert/strict";
import type { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { utf8 } from "@gridward/core/base/bytes";
import { nodeId } from "@gridward/core/base/identity";
import type { Result } from "@gridward/core/base/result";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { Actor } from "@gridward/core/domain/types";
import { freshId } from "@gridward/runtime/os/random";
import { freshSystemKey } from "@gridward/runtime/os/seal";
import { initServer, readServerDirectory } from "@gridward/runtime/trust/server-directory";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { buildCertificate } from "@gridward/runtime/trust/x509/certificate";
import { createSigningKey, keyToPem } from "@gridward/runtime/trust/x509/keys";
import { OwnIdentity } from "../own-identity.ts";
import { type AddOrder, openOwnCertificates, type OwnCertificates } from "./own-certificates.ts";
import type { SecurityUse } from "./security-use.ts";
import { SignInTrial } from "./sign-in-trial.ts";

/** For tests: a server with certificates that are handled, and a clock that is moved by hand. */

export const start = Date.UTC(2027, 0, 1);
const ports = { https: 8443, link: 5480, ldaps: 636 };
export const admin: Actor = {
  kind: "account",
  id: "1",
  name: "admin",
  door: "https",
  source: "10.0.0.9",
};
export const ours = testAuthority("Ours", start);
export const theirs = testAuthority("Theirs", start);

interface CertifiedServer {
  readonly directory: string;
  readonly identity: OwnIdentity;
  readonly trial: SignInTrial;
  readonly certificates: OwnCertificates;
  readonly world: { at: number; refreshed: number };
  readonly uses: readonly SecurityUse[];
  /** As after a start. */
  readonly open: () => OwnIdentity;
}

/** In a folder of its own below `place`. */
export function aServer(place: string): CertifiedServer {
  const directory = join(place, freshId());
  const order = { name: "A", listen: "127.0.0.1", ports, now: start };
  assert.ok(initServer(directory, order).ok);
  const world = { at: start, refreshed: 0 };
  const uses: SecurityUse[] = [];
  const open = () => {
    const found = readServerDirectory(directory);
    assert.ok(found.ok);
    return new OwnIdentity(directory, found.value, { now: () => world.at });
  };
  const identity = open();
  const clock = { now: () => world.at, monotonic: () => world.at, sleep: async () => undefined };
  const trial = new SignInTrial({ onChange: (use) => uses.push(use), clock });
  const certificates = openOwnCertificates({
    directory,
    identity,
    now: () => world.at,
    refresh: () => world.refreshed++,
    onChange: (use) => uses.push(use),
    trial,
  });
  return { directory, identity, trial, certificates, world, uses, open };
}

/** What makes it part of a system. */
export function adopt(
  { identity }: CertifiedServer,
  now = start,
  cross: X509Certificate | null = null,
): void {
  const name = { kind: "server", node: identity.node } as const;
  const shared = { subject: { commonName: "A" }, hosts: [], now } as const;
  const issue = (profile: "server" | "replica-signer", publicKey = identity.tlsKey) =>
    buildCertificate({ ...shared, profile, publicKey, name }, ours);
  identity.adopt(freshSystemKey(), {
    authority: ours.certificate,
    above: [],
    cross,
    certificate: issue("server"),
    signerCertificate: issue("replica-signer", createSigningKey()),
  });
}

export function fileOf(from: typeof ours, now: number, node = ""): Uint8Array {
  const made = from.issue({
    profile: "server",
    ...(node !== "" && { name: { kind: "server", node: nodeId(node) } }),
    hosts: ["127.0.0.1"],
    now,
  });
  return utf8(String(made.certificate) + keyToPem(made.key).reveal());
}

export function adding(file: Uint8Array, isTry = false): AddOrder {
  return { files: [file], passphrase: null, isTry, actor: admin, mustProve: false };
}

/** An administrator signs in under the change, and says that it stays. */
export function signIn({ trial }: CertifiedServer): Result<string | null, Refusal> {
  const proof = { session: "1", begunUnder: trial.count };
  trial.noteSignIn(proof);
  return trial.pass(proof, admin);
}

/** As over HTTPS. */
export const over = { isTry: false, actor: admin, mustProve: true };
