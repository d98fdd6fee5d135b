import { encodeHex, type Bytes } from "../../base/bytes.ts";
import { refuseScl, type SclRefusal } from "./scl-refusal.ts";

/** The parser goes on to the end of a piece after a refusal: small pieces bound that work. */
const pieceBytes = 16 * 1024;

/** Portions of any size become pieces of one size, so the outcome does not depend on them. */
export function* sclPieces(chunks: Iterable<Bytes>): Generator<Bytes> {
  const piece = new Uint8Array(pieceBytes);
  let filled = 0;
  for (const chunk of chunks) {
    let offset = 0;
    while (offset < chunk.length) {
      const part = chunk.subarray(offset, offset + pieceBytes - filled);
      piece.set(part, filled);
      filled += part.length;
      offset += part.length;
      if (filled < pieceBytes) continue;
      yield piece;
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

/** XML 1.0 appendix F: the first bytes tell the family of the encoding. */
export function checkSclHead(head: Bytes): SclRefusal | undefined {
  const opening = encodeHex(head.subarray(0, 3));
  if (/^(fffe|feff|3c00|003c)/.test(opening)) {
    return refuseScl("encoding", "The file is UTF-16 text, not UTF-8");
  }
  const text = opening === "efbbbf" ? head.subarray(3) : head;
  const start = text.find((byte) => byte > 0x20);
  if (start === undefined || start === 0x3c) return undefined;
  return refuseScl("not-xml", 'The file is not XML: it does not begin with "<"');
}

export function decodeSclPiece(decoder: TextDecoder, piece?: Bytes): string | undefined {
  try {
    return decoder.decode(piece, { stream: piece !== undefined });
  } catch {
    return undefined;
  }
}
