import { isIPv6, SocketAddress } from "node:net";

/**
 * As a socket tells it: IPv6 in its shortest form with its zone (RFC 4007 §11), IPv4 as itself, also
 * where it is mapped into IPv6. What is no address stays as it is; a socket that is gone has none.
 */
export function plainAddress(text = ""): string {
  const typed = text.trim().toLowerCase();
  if (!isIPv6(typed)) return typed;
  const [zone = ""] = /%.*$/.exec(typed) ?? [];
  const { address } = new SocketAddress({ address: typed, family: "ipv6" });
  return address.replace(/^::ffff:/, "") + zone;
}
