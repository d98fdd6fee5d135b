import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";

/** Longest chain that is read; the judge refuses one of this length. */
const chainMax = 6;

/** What the other end of a connection presented, leaf first; nothing where it presented none. */
export function peerChain(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  let certificate = socket.getPeerX509Certificate();
  while (certificate !== undefined && chain.length < chainMax) {
    const current = certificate;
    chain.push(current);
    const issuer = current.issuerCertificate;
    certificate = issuer?.raw.equals(current.raw) === true ? undefined : issuer;
  }
  return chain;
}
