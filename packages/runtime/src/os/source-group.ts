/**
 * Who an address counts as where connections or tries are limited: an IPv4 address for itself, also
 * where it is mapped into IPv6; an IPv6 address as its /64, which one machine has whole (RFC 4291
 * §2.5.4). What is no address counts as it is written.
 */
export function sourceGroup(address: string): string {
  const [bare = ""] = address.split("%", 1);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  if (mapped !== undefined) return mapped;
  if (!bare.includes(":")) return bare;
  const [head = [], tail = []] = bare.split("::").map(groupsOf);
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => "0");
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(":")}::/64`;
}

/** A dotted end stands for two groups. */
function groupsOf(part: string): readonly string[] {
  if (part === "") return [];
  return part.split(":").flatMap((group) => (group.includes(".") ? ["0", "0"] : [group]));
}
