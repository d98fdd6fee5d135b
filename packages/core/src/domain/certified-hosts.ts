import type { DirectoryState } from "./state.ts";
import type { DeviceRow, ServerRow } from "./types.ts";

/** Names and addresses under which a server is believed, each in the form in which it is compared. */
export function hostsOfServer({
  name,
  address,
  backup,
}: Pick<ServerRow, "name" | "address" | "backup">): readonly string[] {
  const isLoopback = address === "::1" || address.startsWith("127.");
  const all = [name, address, ...(backup === undefined ? [] : [backup])];
  return [...all, ...(isLoopback ? ["localhost"] : [])].map(sameHost);
}

/** As the certificate of a device names it: for both ends of TLS. */
export function hostsOfDevice({
  name,
  accessPoints,
}: Pick<DeviceRow, "name" | "accessPoints">): readonly string[] {
  return [name, ...accessPoints.flatMap(({ ip }) => ip ?? [])].map(sameHost);
}

/** The device that could be taken for a server of these hosts, by its own certificate. */
export function deviceUnder(
  { tables }: DirectoryState,
  hosts: readonly string[],
): DeviceRow | undefined {
  const sought = new Set(hosts);
  return tables.devices.find((row) => hostsOfDevice(row).some((host) => sought.has(host)));
}

/** Without case or final dot; IPv6 in full, an IPv4 address within it as that (RFC 4291 §2.2). */
function sameHost(text: string): string {
  const host = text
    .trim()
    .toLowerCase()
    .replace(/\.$/, "")
    .replace(/^::ffff:(?=\d+\.)/, "");
  if (!host.includes(":")) return host;
  const [left = "", right] = host.split("::");
  const [before, behind] = [partsOf(left), partsOf(right ?? "")];
  const missing = Math.max(0, 8 - before.length - behind.length);
  const between = right === undefined ? [] : Array.from({ length: missing }, () => "0");
  return [...before, ...between, ...behind].join(":");
}

function partsOf(text: string): readonly string[] {
  return text === "" ? [] : text.split(":").map((part) => part.replace(/^0+(?=.)/, ""));
}
