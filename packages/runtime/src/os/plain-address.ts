import { isIPv6, SocketAddress } from "node:net";

/** As a socket tells it: IPv6 in its shortest form, IPv4 as itself. What is no address stays as it is. */
export function plainAddress(text: string): string {
  const address = text.trim().toLowerCase();
  if (!isIPv6(address)) return address;
  return new SocketAddress({ address, family: "ipv6" }).address.replace(/^::ffff:/, "");
}
