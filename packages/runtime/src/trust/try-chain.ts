import type { KeyObject, X509Certificate } from "node:crypto";
import { duplexPair } from "node:stream";
import { connect, createServer, type Server, type TLSSocket } from "node:tls";
import { chainPem } from "./authority-chain.ts";
import { tlsPolicy } from "./tls-policy.ts";
import { keyToPem } from "./x509/keys.ts";

/**
 * What OpenSSL says of a leaf under a chain, as server and as client, with a handshake in memory;
 * null if it is content. It knows what may be said in a chain that we do not read: constraints of
 * names, purposes of authorities, policies, extensions of later years.
 */
export async function tryChain(shown: {
  readonly key: KeyObject;
  /** Leaf first; what is not sent is the root. */
  readonly sent: readonly X509Certificate[];
  readonly root: X509Certificate;
}): Promise<string | null> {
  const asks = {
    ...tlsPolicy,
    key: keyToPem(shown.key).reveal(),
    cert: chainPem(shown.sent),
    ca: [shown.root.toString()],
  };
  const [here, there] = duplexPair();
  const server = createServer({ ...asks, requestCert: true, rejectUnauthorized: false });
  const atServer = outcomeOf(server);
  server.once("secureConnection", (met) => atServer.resolve(verdictOf(met)));
  server.emit("connection", here);
  // It is the chain that is tried, not a name. Who rejects says why in words, not in a code alone.
  const client = connect({ ...asks, socket: there, checkServerIdentity: () => undefined });
  const atClient = outcomeOf(client);
  client.once("secureConnect", () => atClient.resolve(verdictOf(client)));
  const verdict = (await atClient.promise) ?? (await atServer.promise);
  client.destroy();
  here.destroy();
  return verdict;
}

function verdictOf({ authorized, authorizationError }: TLSSocket): string | null {
  return authorized ? null : String(authorizationError);
}

/** Settled by whoever looks first: a handshake that fails has no verdict. */
function outcomeOf(end: Server | TLSSocket): PromiseWithResolvers<string | null> {
  const outcome = Promise.withResolvers<string | null>();
  const fail = (error: unknown): void =>
    outcome.resolve(error instanceof Error ? error.message : "the handshake broke off");
  for (const event of ["error", "tlsClientError", "close"]) end.once(event, fail);
  return outcome;
}
