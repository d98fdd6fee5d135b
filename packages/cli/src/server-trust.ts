import { connect, type TLSSocket } from "node:tls";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Millis } from "@gridward/core/base/time";
import { tlsPolicy } from "@gridward/runtime/trust/tls-policy";
import type { ClientIdentity } from "./client-identity.ts";
import { clientFailure, type CommandFailure } from "./failure.ts";

/** By what a server is recognised: a CA, the fingerprint of its certificate, or either. */
export interface ServerTrust {
  /** PEM. */
  readonly ca: string | null;
  /** SHA-256 of the leaf, lower-case hexadecimal. */
  readonly fingerprint: string | null;
}

/** Accepts the forms in which tools print it: colons, spaces, upper case. */
export function parseFingerprint(text: string): string | undefined {
  const plain = text.replaceAll(/[\s:]/g, "").toLowerCase();
  return /^[0-9a-f]{64}$/.test(plain) ? plain : undefined;
}

/** A connection to a server that proved itself; not a byte of ours leaves before that. */
export async function openTrusted(
  url: URL,
  { trust, identity }: { readonly trust: ServerTrust; readonly identity: ClientIdentity | null },
  timeout: Millis,
): Promise<Result<TLSSocket, CommandFailure>> {
  return new Promise((resolve) => {
    const host = url.hostname.replaceAll(/[[\]]/g, "");
    const socket = connect({
      ...tlsPolicy,
      host,
      port: Number(url.port === "" ? 443 : url.port),
      ...(isAddress(host) ? {} : { servername: host }),
      ALPNProtocols: ["http/1.1"],
      ...(trust.ca === null ? {} : { ca: trust.ca }),
      ...(identity === null ? {} : { cert: identity.chain, key: identity.key.reveal() }),
      // Judged below, by CA or fingerprint; Node alone knows only the first.
      rejectUnauthorized: false,
    });
    socket.setTimeout(timeout, () => socket.destroy(new Error("no answer in time")));
    socket.once("error", (error: Error) =>
      resolve(err(clientFailure("client.no-server", error.message))),
    );
    socket.once("secureConnect", () => {
      const judged = judge(socket, url, trust);
      if (!judged.ok) socket.destroy();
      resolve(judged);
    });
  });
}

function judge(socket: TLSSocket, url: URL, trust: ServerTrust): Result<TLSSocket, CommandFailure> {
  const presented = parseFingerprint(socket.getPeerX509Certificate()?.fingerprint256 ?? "") ?? "";
  if (trust.fingerprint !== null && presented === trust.fingerprint) return ok(socket);
  if (trust.ca !== null && socket.authorized) return ok(socket);
  const cause = trust.ca === null ? "" : `, ${String(socket.authorizationError)}`;
  const where = `${url.host} presents SHA-256 ${presented}${cause}`;
  return err(clientFailure("client.untrusted-server", where));
}

function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host) || host.includes(":");
}
