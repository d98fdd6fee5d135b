/** One part of a PEM file (RFC 7468). */
export interface PemBlock {
  readonly label: string;
  /** With its first and last line. */
  readonly text: string;
  /** What stands between these lines. */
  readonly body: string;
}

export const pemBegin = "-----BEGIN ";
const dashes = "-----";
const labelMax = 64;

/**
 * The parts of a text, in its order; undefined if one of them has no end. In one pass: a file of
 * many beginnings must not cost their square.
 */
export function cutPem(text: string): readonly PemBlock[] | undefined {
  const blocks: PemBlock[] = [];
  let from = text.indexOf(pemBegin);
  while (from !== -1) {
    const labelEnd = text.indexOf(dashes, from + pemBegin.length);
    const label = labelEnd === -1 ? "" : text.slice(from + pemBegin.length, labelEnd);
    const end = `-----END ${label}-----`;
    const bodyEnd = labelEnd === -1 || label.length > labelMax ? -1 : text.indexOf(end, labelEnd);
    if (bodyEnd === -1) return undefined;
    const blockEnd = bodyEnd + end.length;
    const body = text.slice(labelEnd + dashes.length, bodyEnd);
    blocks.push({ label, text: text.slice(from, blockEnd), body });
    from = text.indexOf(pemBegin, blockEnd);
  }
  return blocks;
}

/** The certificates of a text, each with its first and last line; none where a part has no end. */
export function pemCertificates(text: string): readonly string[] {
  const blocks = cutPem(text) ?? [];
  return blocks.filter(({ label }) => label === "CERTIFICATE").map((block) => block.text);
}
