import { ok } from "@gridward/core/base/result";
import { initServer, readServerDirectory } from "@gridward/runtime/trust/server-directory";
import { fingerprintOf } from "@gridward/runtime/trust/x509/read";
import type { Cli, Outcome } from "./cli.ts";
import { refusalFailure } from "./failure.ts";

export interface InitOptions {
  readonly name: string;
  readonly listen: string;
  readonly https: string;
  readonly link: string;
  readonly ldaps: string;
  readonly ldap: string;
}

/** gridward server init */
export function makeServer(cli: Cli, dir: string, options: InitOptions): Outcome {
  const { name, listen } = options;
  const ports = {
    https: Number(options.https),
    link: Number(options.link),
    ldaps: Number(options.ldaps),
    ldap: Number(options.ldap),
  };
  const made = initServer(dir, { name, listen, ports, now: cli.clock.now() });
  if (!made.ok) return { ok: false, error: refusalFailure(made.error) };
  const read = readServerDirectory(dir);
  if (!read.ok) return { ok: false, error: refusalFailure(read.error) };
  const { config, node, temporary } = read.value;
  const summary = {
    directory: dir,
    name: config.name,
    node_id: node,
    address: config.address,
    ports: config.ports,
    temporary_certificate: fingerprintOf(temporary),
  };
  return ok({ data: summary, meta: null });
}
