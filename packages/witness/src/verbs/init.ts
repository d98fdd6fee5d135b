import { utf8 } from "@gridward/core/base/bytes";
import { nodeId } from "@gridward/core/base/identity";
import { ok } from "@gridward/core/base/result";
import { rfc3339 } from "@gridward/core/base/time";
import { listDirectory, machineName } from "@gridward/runtime/os/directory";
import { makeDirectory, writeFileAtomic } from "@gridward/runtime/os/files";
import { freshId } from "@gridward/runtime/os/random";
import { createTemporary } from "@gridward/runtime/trust/temporary";
import { createSigningKey, createTlsKey, keyToPem } from "@gridward/runtime/trust/x509/keys";
import { issueCode } from "../one-time-code.ts";
import {
  checkConfig,
  readWitnessDirectory,
  witnessPaths,
  writeConfig,
  type WitnessConfig,
  type WitnessPaths,
} from "../witness-directory.ts";
import { refused } from "./failure.ts";
import type { Asked, VerbOutcome } from "./verb.ts";

/** witness init DIR: keys of its own, and the first code. Nothing is ever overwritten. */
export function init({ directory, clock, listen, port, address }: Asked): VerbOutcome {
  const isWildcard = listen === "0.0.0.0" || listen === "::";
  const named = address ?? (isWildcard ? machineName() : listen);
  const config = checkConfig({ id: nodeId(freshId()), listen, address: named, port });
  if (!config.ok) return refused(config.error);
  if (listDirectory(directory).length > 0) {
    return refused({ code: "config.already-initialised", detail: directory });
  }
  makeDirectory(directory);
  writeFiles(witnessPaths(directory), config.value, clock.now());
  return code({ directory, clock });
}

function writeFiles(paths: WitnessPaths, config: WitnessConfig, now: number): void {
  const key = createTlsKey();
  const { id: node, address } = config;
  const certificate = createTemporary({ key, node, name: "witness", hosts: [address], now });
  writeFileAtomic(paths.pairingKey, utf8(keyToPem(createSigningKey()).reveal()));
  writeFileAtomic(paths.tlsKey, utf8(keyToPem(key).reveal()));
  writeFileAtomic(paths.certificate, utf8(certificate.toString()));
  // Last: a directory without it is not initialised.
  writeConfig(paths, config);
}

/** witness code DIR: a new code; the one before is void. The running witness takes it up. */
export function code({ directory, clock }: Pick<Asked, "directory" | "clock">): VerbOutcome {
  const place = readWitnessDirectory(directory);
  if (!place.ok) return refused(place.error);
  const { id, address, port } = place.value.config;
  const issued = issueCode(place.value, clock.now());
  const shown = {
    directory,
    id,
    address,
    port,
    code: issued.code.reveal(),
    expires_at: rfc3339(issued.expiresAt),
  };
  return ok({ data: shown, warnings: [] });
}
