/** An IPv6 address stands in brackets in a URL (RFC 3986 §3.2.2). */
export function serverUrl(address: string, port: number): string {
  const host = address.includes(":") ? `[${address}]` : address;
  return `https://${host}:${port}`;
}
